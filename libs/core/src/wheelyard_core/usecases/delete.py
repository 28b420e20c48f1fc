"""Delete a release or a file: it moves to the trash, and its page forgets it.

What is deleted is gone for readers with the commit: the page is a copy, and the answer waits until
that copy was made anew.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, TypeAlias

from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.releases import Release
from wheelyard_core.domain.work import Task
from wheelyard_core.ports import Database, UnitOfWork, Verdicts

_LOOK_AGAIN: Final = 1.0

Confirm: TypeAlias = Callable[[UnitOfWork], object]


@dataclass(frozen=True, slots=True)
class Target:
    """What shall go: a release of a project, or one file of it."""

    project_id: int
    release_id: int
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went: its release, its package's serial since, and who is told of the new page."""

    release: Release
    serial: int
    announcement: str


@dataclass(frozen=True, slots=True)
class Deleter:
    """Moves things to the trash. Bytes stay in the store until the trash is emptied."""

    database: Database

    def __call__(
        self,
        target: Target,
        confirm: Confirm,
        deleted_by: int | None,
        request_id: str | None = None,
    ) -> Deleted:
        """Delete the target. Raises NotFound, and whatever *confirm* says no with."""
        with self.database.begin(request_id) as uow:
            confirm(uow)
            release = self._locked(uow, target)
            if target.file_id is None:
                serial: int | None = uow.releases.delete(release, deleted_by)
            else:
                serial = uow.releases.delete_file(release, target.file_id, deleted_by)
            if serial is None:
                raise NotFound("Package file not found")
            announcement = f"delete:{uuid.uuid4()}"
            uow.outbox.promise(
                Task.INDEX,
                project_id=release.project_id,
                package=release.normalized,
                upload_id=announcement,
            )
            uow.commit()
        return Deleted(release, serial, announcement)

    @staticmethod
    def _locked(uow: UnitOfWork, target: Target) -> Release:
        """Return the release as it is once nobody else can change its package."""
        release = uow.releases.get(target.project_id, target.release_id)
        if release is not None:
            uow.files.lock(release.project_id, release.normalized)
            release = uow.releases.get(target.project_id, target.release_id)
        if release is None:
            raise NotFound("Package not found")
        return release


def await_page(database: Database, verdicts: Verdicts, deleted: Deleted, seconds: float) -> bool:
    """Return when the page no longer shows what was deleted; False when *seconds* were too few."""
    deadline = monotonic() + seconds
    while True:
        with database.snapshot() as uow:
            if uow.releases.is_indexed(deleted.release, deleted.serial):
                return True
        left = deadline - monotonic()
        if left <= 0:
            return False
        verdicts.wait(deleted.announcement, min(left, _LOOK_AGAIN))
