"""Transactions: everything of one hangs on its unit of work."""

from types import TracebackType
from typing import Protocol, Self

from wheelyard_core.ports.accounts import Accounts, Tokens
from wheelyard_core.ports.administration import (
    Groups,
    Members,
    OutboxAdmin,
    ProjectDirectory,
    TokenAdmin,
    Users,
)
from wheelyard_core.ports.attesting import Attestations
from wheelyard_core.ports.auditing import AuditLog, AuditTrail
from wheelyard_core.ports.browsing import Browsing
from wheelyard_core.ports.catalogue import Files, Packages, Projects, Releases
from wheelyard_core.ports.operating import Backups, Jobs, Operating
from wheelyard_core.ports.pages import GroupPages, Pages
from wheelyard_core.ports.protection import Rules
from wheelyard_core.ports.trusted import TrustedPublishers
from wheelyard_core.ports.upkeep import Collecting, Reconciling
from wheelyard_core.ports.uploads import Uploads
from wheelyard_core.ports.work import Outbox


class DatabaseUnavailable(Exception):
    """The database could not be asked, or gave up; trying again later may work."""


class Conflict(Exception):
    """Another transaction was first: look again at what is true now."""


class DatabaseRefused(Exception):
    """The database refuses: rights are missing, a statement is wrong, or its file is damaged."""


class SchemaTooLate(Exception):
    """A later release has changed the database so that this code must not run on it."""


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
    def packages(self) -> Packages:
        """The packages of this transaction."""
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
    def group_pages(self) -> GroupPages:
        """The pages of groups of this transaction."""
        ...

    @property
    def attestations(self) -> Attestations:
        """The attestations of this transaction's files."""
        ...

    @property
    def browsing(self) -> Browsing:
        """The packages of this transaction, as people look at them."""
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
    def users(self) -> Users:
        """The accounts of this transaction, for administration."""
        ...

    @property
    def groups(self) -> Groups:
        """The groups of this transaction."""
        ...

    @property
    def directory(self) -> ProjectDirectory:
        """The projects of this transaction, with their settings."""
        ...

    @property
    def members(self) -> Members:
        """The members of this transaction's groups and projects."""
        ...

    @property
    def outbox_admin(self) -> OutboxAdmin:
        """The outbox of this transaction, for people."""
        ...

    @property
    def token_admin(self) -> TokenAdmin:
        """The tokens of this transaction, for administration."""
        ...

    @property
    def trusted(self) -> TrustedPublishers:
        """The trusted publishers of this transaction's projects."""
        ...

    @property
    def rules(self) -> Rules:
        """The protection rules of this transaction."""
        ...

    @property
    def operating(self) -> Operating:
        """How the registry is operated, as this transaction sees it."""
        ...

    @property
    def jobs(self) -> Jobs:
        """The scheduled jobs of this transaction."""
        ...

    @property
    def backups(self) -> Backups:
        """What this transaction knows of backups."""
        ...

    @property
    def reconciling(self) -> Reconciling:
        """What this transaction knows of blobs, and where the store disagrees."""
        ...

    @property
    def collecting(self) -> Collecting:
        """What may be thrown away, as this transaction sees it."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Where this transaction records its acts."""
        ...

    @property
    def audit_trail(self) -> AuditTrail:
        """What was recorded of acts."""
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

        Every change of accounts, members, tokens, groups, projects and files that can take
        something away calls it: whoever remembers grants and files forgets them then.
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
