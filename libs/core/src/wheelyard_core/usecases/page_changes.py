"""A change of what a package's page shows: promised with it, awaited before the answer.

What changed is so for readers with the commit: the page is a copy, and the answer waits until that
copy was made anew.
"""

import uuid
from dataclasses import dataclass
from time import monotonic
from typing import Final

from wheelyard_core.domain.work import Task
from wheelyard_core.ports import Database, UnitOfWork, Verdicts

_LOOK_AGAIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class PageChange:
    """Which package's page has which serial now, and who is told when the cache has it."""

    project_id: int
    package: str
    serial: int
    announcement: str


def present_page(uow: UnitOfWork, project_id: int, package: str) -> PageChange:
    """Return the page as it must be by now, where nothing was left to change.

    Whoever made the change has promised the page; its promise rings no bell here.
    """
    serial = uow.pages.serial_of(project_id, package)
    return PageChange(project_id, package, serial, f"page:{uuid.uuid4()}")


def promise_page(uow: UnitOfWork, project_id: int, package: str, serial: int) -> PageChange:
    """Promise that the package's page is made anew; the caller commits."""
    announcement = f"page:{uuid.uuid4()}"
    uow.outbox.promise(Task.INDEX, project_id=project_id, package=package, upload_id=announcement)
    return PageChange(project_id, package, serial, announcement)


def await_page(database: Database, verdicts: Verdicts, change: PageChange, seconds: float) -> bool:
    """Return when the page shows the change; False when *seconds* were too few."""
    deadline = monotonic() + seconds
    while True:
        with database.snapshot() as uow:
            if uow.pages.is_indexed(change.project_id, change.package, change.serial):
                return True
        left = deadline - monotonic()
        if left <= 0:
            return False
        verdicts.wait(change.announcement, min(left, _LOOK_AGAIN))
