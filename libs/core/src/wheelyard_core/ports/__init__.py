"""What the use cases need from the world, as small protocols, and how it fails.

An adapter translates every error of its driver into the errors named here. Keys, sizes and
digests are plain values: no adapter is visible through a port.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from wheelyard_core.domain.access import (
    GroupProjects,
    ProjectPolicy,
    RegistryAccess,
    Role,
    Visibility,
)
from wheelyard_core.domain.catalogue import (
    NewFile,
    PackageListing,
    Project,
    RootListing,
    StoredFile,
    Upload,
    UploadStatus,
)
from wheelyard_core.domain.metadata import CoreMetadata
from wheelyard_core.domain.releases import Found, Release, ReleaseFile, ReleaseQuery, Window
from wheelyard_core.domain.tokens import NewToken, TokenRecord
from wheelyard_core.domain.work import Claim, Promise, Task
from wheelyard_core.ports import administration


class BlobNotFound(Exception):
    """The store answered, and it has no blob of that key."""


class StorageUnavailable(Exception):
    """The store could not be asked, or did not keep its word; trying again later may work."""


class BinaryReader(Protocol):
    """Anything bytes can be taken from: a file, a form part, a hashing wrapper."""

    def read(self, n: int, /) -> bytes:
        """Return up to *n* bytes, and none only at the end."""
        ...


class BlobReader(Protocol):
    """A blob, or a range of one, being read. Close it, or use it in a `with`."""

    @property
    def size(self) -> int:
        """Bytes in the whole blob, whatever range is being read."""
        ...

    def read(self, n: int = -1, /) -> bytes:
        """Return up to *n* bytes (all that is left if negative), and none only at the end.

        Raises StorageUnavailable when the store breaks off: an end is never a broken read.
        """
        ...

    def close(self) -> None:
        """Give back what reading holds; safe to repeat."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


class BlobStore(Protocol):
    """Immutable bytes under keys.

    A key is a relative path in POSIX form (`files/ab/cd/name+1.whl`), in any characters but
    control characters; another form is a ValueError. Every method but `presigned_url` may raise
    StorageUnavailable.
    """

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        """Store everything *content* gives, or nothing.

        An exception raised by the reader comes out unchanged and leaves no trace, and so does
        the ValueError for content that is not of the *size* promised (None: not known).
        """
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> BlobReader:
        """Return a reader of the blob from *start*, for *length* bytes or to the end.

        What lies outside of the blob is cut off, so a range past its end is empty. Raises
        BlobNotFound.
        """
        ...

    def size(self, key: str) -> int:
        """Return the bytes in the blob, or raise BlobNotFound."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob and whatever an interrupted put of it left; safe to repeat."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with *prefix* (any beginning), in no promised order."""
        ...

    def presigned_url(self, key: str, filename: str, seconds: int) -> str | None:
        """Return an address that gives the blob, as *filename*, to whoever has it for *seconds*.

        None where the store cannot. Asks the store nothing, so the blob may not exist.
        """
        ...

    def check(self) -> None:
        """Raise StorageUnavailable, saying why, unless the store answers and takes writes."""
        ...


class DatabaseUnavailable(Exception):
    """The database could not be asked, or gave up; trying again later may work."""


class Conflict(Exception):
    """Another transaction was first: look again at what is true now."""


@dataclass(frozen=True, slots=True)
class MetadataFile:
    """The metadata file that was stored beside a file."""

    sha256: str
    size: int


class Projects(Protocol):
    """The projects of a transaction."""

    def find(self, reference: str) -> Project | None:
        """Return the project of a number or a full path, in any case."""
        ...

    def role_in(self, user_id: int, policy: ProjectPolicy, now: datetime) -> Role:
        """Return the highest role that the account has in the project or a group above it."""
        ...

    def role_changes(self, user_id: int, policy: ProjectPolicy, now: datetime) -> datetime | None:
        """Return when the next of the account's memberships there expires, if any does."""
        ...


class Files(Protocol):
    """The files of a transaction."""

    def named(self, project_id: int, filename: str) -> StoredFile | None:
        """Return the file of this name that exists now."""
        ...

    def once_had(self, project_id: int, filename: str) -> Sequence[str]:
        """Return the sha256 of every deleted file of this name."""
        ...

    def get(self, file_id: int) -> StoredFile | None:
        """Return a file that is not deleted."""
        ...

    def to_serve(self, project_id: int, sha256: str, filename: str) -> StoredFile | None:
        """Return the listed file whose digest and name both match."""
        ...

    def lock(self, project_id: int, normalized: str) -> None:
        """Let this transaction alone decide about the package until it ends."""
        ...

    def add(self, new: NewFile) -> int:
        """Add a received file; return its id. Raises Conflict when the name is taken."""
        ...

    def publish(self, file_id: int, metadata: CoreMetadata, stored: MetadataFile | None) -> int:
        """List the file on its page; return the new serial of its package."""
        ...

    def remove_refused(self, file_id: int) -> None:
        """Drop the row of a file that was received and did not pass."""
        ...


class Releases(Protocol):
    """The releases of a transaction that are not deleted."""

    def find(
        self, project_ids: Sequence[int], query: ReleaseQuery, window: Window
    ) -> Found[Release]:
        """Return the releases in these projects that a query asks for."""
        ...

    def get(self, project_id: int, release_id: int) -> Release | None:
        """Return a release of the project."""
        ...

    def files(self, release_id: int, window: Window) -> Found[ReleaseFile]:
        """Return the files of a release, in the order in which they were published."""
        ...

    def delete(self, release: Release, deleted_by: int | None) -> int:
        """Move a release and its files to the trash; return the new serial of its package."""
        ...

    def delete_file(self, release: Release, file_id: int, deleted_by: int | None) -> int | None:
        """Move a file of the release to the trash; return the new serial, None without a file."""
        ...

    def is_indexed(self, release: Release, serial: int) -> bool:
        """Tell whether the page in the cache is at *serial* or newer."""
        ...


class Uploads(Protocol):
    """The uploads of a transaction."""

    def add(self, upload: Upload) -> None:
        """Record the intent, so that a crash from here on leaves a trace to clean up by."""
        ...

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload."""
        ...

    def settle(self, upload_id: str, status: UploadStatus, errors: Sequence[str] = ()) -> None:
        """Move an upload on its way."""
        ...

    def forget(self, upload_id: str) -> None:
        """Drop an upload that came to nothing."""
        ...

    def is_visible(self, upload_id: str) -> bool:
        """Tell whether the upload's file is published and on its page in the cache."""
        ...

    def abandoned(self, before: datetime, limit: int) -> Sequence[Upload]:
        """Return uploads that began before *before* and never got a row of their own."""
        ...

    def forget_finished(self, before: datetime) -> int:
        """Drop verdicts older than *before*; return how many there were."""
        ...


class Pages(Protocol):
    """What simple pages are made of."""

    def package(self, project_ids: Sequence[int], normalized: str) -> PackageListing | None:
        """Return a package's listing over these projects; None where no project knows the name."""
        ...

    def root(self, project_ids: Sequence[int]) -> RootListing:
        """Return the names, as first published, that have something installable."""
        ...

    def serial_of(self, project_id: int, normalized: str) -> int:
        """Return the serial that the package's page has now."""
        ...

    def root_serial_of(self, project_id: int) -> int:
        """Return the serial that the project's root page has now."""
        ...

    def mark_indexed(self, project_id: int, normalized: str, serial: int) -> None:
        """Record that the page in the cache is at *serial* or newer."""
        ...

    def below(self, group: str, user_id: int | None) -> GroupProjects | None:
        """Return every project below a group with the role of an account in each."""
        ...


class Tokens(Protocol):
    """The tokens of a transaction, as authentication needs them."""

    def candidates(self, lookup: str) -> Sequence[TokenRecord]:
        """Return the tokens whose secrets begin so: one, but for a coincidence."""
        ...

    def touch(self, token_id: int, used_at: datetime) -> None:
        """Record the last use."""
        ...


class Accounts(Protocol):
    """What administration creates. Every `add_` raises AlreadyTaken and returns an id."""

    def add_user(
        self, username: str, name: str, *, is_admin: bool = False, is_bot: bool = False
    ) -> int:
        """Add an account."""
        ...

    def add_group(
        self,
        path: str,
        name: str,
        parent_id: int | None = None,
        visibility: Visibility = Visibility.PRIVATE,
    ) -> int:
        """Add a group below *parent_id*."""
        ...

    def add_project(
        self,
        path: str,
        name: str,
        namespace_id: int,
        visibility: Visibility = Visibility.PRIVATE,
        registry_access: RegistryAccess = RegistryAccess.ENABLED,
    ) -> int:
        """Add a project to a group."""
        ...

    def add_member(
        self,
        user_id: int,
        role: Role,
        *,
        group_id: int | None = None,
        project_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Give an account a role in a group or a project."""
        ...

    def add_token(self, new: NewToken) -> int:
        """Add a token."""
        ...


class Outbox(Protocol):
    """Work that a transaction promises, or does."""

    def promise(self, task: Task, **arguments: str | int) -> None:
        """Have *task* done once this transaction has committed, and not before."""
        ...

    def claim(self, message_id: int) -> Claim | None:
        """Lease a row, or return None where it is done, leased by another, or set aside."""
        ...

    def renew(self, message_id: int, attempt: int) -> bool:
        """Prolong the lease of *attempt*; False when somebody else has the row by now."""
        ...

    def done(self, message_id: int) -> None:
        """Forget a row, in the transaction of its effect."""
        ...

    def release(self, claim: Claim, error: str, wait: timedelta, *, forgive: bool) -> None:
        """Give a row back after a failure, due again after *wait*; *forgive* uncounts it."""
        ...

    def set_aside(self, message_id: int, error: str) -> None:
        """Take a poison row out of the way."""
        ...

    def due(self, limit: int, pause: timedelta) -> Sequence[Promise]:
        """Return rows that nobody works on, and do not offer them again before *pause* is over."""
        ...


class UnitOfWork(Protocol):
    """One transaction: rolled back unless committed. Outages come out as DatabaseUnavailable."""

    @property
    def projects(self) -> Projects:
        """The projects of this transaction."""
        ...

    @property
    def files(self) -> Files:
        """The files of this transaction."""
        ...

    @property
    def releases(self) -> Releases:
        """The releases of this transaction."""
        ...

    @property
    def uploads(self) -> Uploads:
        """The uploads of this transaction."""
        ...

    @property
    def pages(self) -> Pages:
        """The pages of this transaction."""
        ...

    @property
    def tokens(self) -> Tokens:
        """The tokens of this transaction."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The outbox of this transaction."""
        ...

    @property
    def accounts(self) -> Accounts:
        """The accounts, for administration, of this transaction."""
        ...

    @property
    def users(self) -> administration.Users:
        """The accounts of this transaction, for administration."""
        ...

    @property
    def groups(self) -> administration.Groups:
        """The groups of this transaction."""
        ...

    @property
    def directory(self) -> administration.ProjectDirectory:
        """The projects of this transaction, with their settings."""
        ...

    @property
    def members(self) -> administration.Members:
        """The members of this transaction's groups and projects."""
        ...

    @property
    def outbox_admin(self) -> administration.OutboxAdmin:
        """The outbox of this transaction, for people."""
        ...

    @property
    def token_admin(self) -> administration.TokenAdmin:
        """The tokens of this transaction, for administration."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def access_changed(self) -> None:
        """Have it told after the commit that somebody may do less, or other things, than before.

        Every change of accounts, members, tokens, groups and projects that can take something
        away calls it: whoever remembers grants forgets them then.
        """
        ...

    def commit(self) -> None:
        """Make it true, then say so. Raises Conflict when another transaction was first."""
        ...


class Database(Protocol):
    """Hands out transactions."""

    def begin(self, request_id: str | None = None) -> UnitOfWork:
        """Return a transaction that may write."""
        ...

    def snapshot(self) -> UnitOfWork:
        """Return a transaction that only reads, all of it at one moment."""
        ...

    def check(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        ...


class CacheUnavailable(Exception):
    """The cache could not be asked. Whoever wants something of it asks the database instead."""


class PageCache(Protocol):
    """Rendered simple pages in their stored form, by key; each has a serial."""

    def get(self, key: str) -> bytes | None:
        """Return a page, or None."""
        ...

    def put(self, key: str, page: bytes) -> bytes:
        """Store the page unless a newer one is there; return the one that is there afterwards."""
        ...

    def head(self, key: str, length: int) -> bytes:
        """Return the first bytes of a page, which say its serial; none where there is no page."""
        ...

    def drop(self, key: str) -> None:
        """Forget a page."""
        ...


class Verdicts(Protocol):
    """Wakes the upload that waits for its verdict. A lost call costs time, never truth."""

    def announce(self, upload_id: str) -> None:
        """Wake whoever waits for this upload; failing is silent."""
        ...

    def wait(self, upload_id: str, seconds: float) -> None:
        """Return when announced, or after *seconds* at the latest."""
        ...


class Queue(Protocol):
    """Tells workers that promised work is due. A lost call is repeated by the sweep."""

    def send(self, promised: Sequence[Promise]) -> bool:
        """Send the hints; False, soon, when the broker does not take them."""
        ...
