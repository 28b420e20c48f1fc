"""What a transaction knows of projects, their releases and their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.access import ProjectPolicy, Role
from wheelyard_core.domain.catalogue import NewFile, Package, Project, StoredFile, Yanked
from wheelyard_core.domain.metadata import CoreMetadata
from wheelyard_core.domain.releases import (
    Found,
    Release,
    ReleaseFile,
    ReleaseName,
    ReleaseQuery,
    Window,
)
from wheelyard_core.domain.standing import Standing


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

    def any_role_changes(self, user_id: int, now: datetime) -> datetime | None:
        """Return when the next of all the account's memberships expires, if any does."""
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

    def to_serve(
        self, project_ids: frozenset[int], sha256: str, filename: str
    ) -> StoredFile | None:
        """Return the oldest listed file in these projects whose digest and name both match."""
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


class Packages(Protocol):
    """The packages of a transaction: every name that a project ever had something under."""

    def get(self, project_id: int, normalized: str) -> Package | None:
        """Return a package by its normalized name."""
        ...

    def set_standing(self, project_id: int, normalized: str, standing: Standing) -> int:
        """Have a package that is there stand so; return its new serial."""
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

    def named(self, project_id: int, name: ReleaseName) -> Release | None:
        """Return a release of the project by its name."""
        ...

    def files(self, release_id: int, window: Window) -> Found[ReleaseFile]:
        """Return the files of a release, in the order in which they were published."""
        ...

    def file_named(self, release: Release, filename: str) -> ReleaseFile | None:
        """Return a file of the release by its name."""
        ...

    def yank(self, release: Release, filename: str | None, state: Yanked | None) -> int:
        """Yank or (None) un-yank one file, or the release with all its files.

        Return the new serial of its package.
        """
        ...

    def delete(self, release: Release, deleted_by: int | None) -> int:
        """Move a release and its files to the trash; return the new serial of its package."""
        ...

    def delete_file(
        self, release: Release, file_id: int, deleted_by: int | None
    ) -> tuple[ReleaseFile, int] | None:
        """Move a file of the release to the trash; return it and its package's new serial.

        None where the release has no such file.
        """
        ...
