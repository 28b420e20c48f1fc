"""Yank releases and files, and take it back: installers pass over what is yanked (PEP 592).

A yank belongs to a file. A release that is yanked as a whole gives its state to files that are
published into it later: else a wheel that arrives late would bring the release back.
"""

from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.audit import Action, AuditEvent, agent_of
from wheelyard_core.domain.catalogue import Yanked
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.releases import Release, ReleaseFile, ReleaseName, Window
from wheelyard_core.ports import Database, UnitOfWork
from wheelyard_core.usecases.authorise import Confirm
from wheelyard_core.usecases.page_changes import PageChange, present_page, promise_page

# More than any release has: wheels for every platform there is are some hundreds.
_ALL_FILES: Final = Window(0, 10_000)
_ACTIONS: Final = {
    # (a file alone, yanked)
    (False, True): Action.RELEASE_YANKED,
    (False, False): Action.RELEASE_UNYANKED,
    (True, True): Action.FILE_YANKED,
    (True, False): Action.FILE_UNYANKED,
}


@dataclass(frozen=True, slots=True)
class Yank:
    """What shall be yanked or (no *state*) un-yanked: a release, or one file of it, and why."""

    project_id: int
    name: ReleaseName
    filename: str | None
    state: Yanked | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A release and its files as they are now, and the page that shows it."""

    release: Release
    files: tuple[ReleaseFile, ...]
    change: PageChange


@dataclass(frozen=True, slots=True)
class Yanker:
    """Yanks and un-yanks. What is so already stays so, without a new page or an event."""

    database: Database

    def __call__(self, yank: Yank, confirm: Confirm, request_id: str | None = None) -> Shown:
        """Do it. Raises NotFound, and whatever *confirm* says no with."""
        with self.database.begin(request_id) as uow:
            actor = confirm(uow)
            uow.files.lock(yank.project_id, yank.name.package)
            release = _release(uow, yank)
            if _is_so(uow, yank, release):
                change = present_page(uow, yank.project_id, release.normalized)
            else:
                serial = uow.releases.yank(release, yank.filename, yank.state)
                uow.audit.record(_event(yank, release, actor))
                change = promise_page(uow, yank.project_id, release.normalized, serial)
            shown = Shown(
                _release(uow, yank), uow.releases.files(release.id, _ALL_FILES).items, change
            )
            uow.commit()
        return shown


def _release(uow: UnitOfWork, yank: Yank) -> Release:
    release = uow.releases.named(yank.project_id, yank.name)
    if release is None:
        raise NotFound("Package not found")
    return release


def _is_so(uow: UnitOfWork, yank: Yank, release: Release) -> bool:
    if yank.filename is not None:
        file = uow.releases.file_named(release, yank.filename)
        if file is None:
            raise NotFound("Package file not found")
        return file.yanked == yank.state
    files = uow.releases.files(release.id, _ALL_FILES).items
    return release.yanked == yank.state and all(file.yanked == yank.state for file in files)


def _event(yank: Yank, release: Release, actor: Actor) -> AuditEvent:
    return AuditEvent(
        _ACTIONS[yank.filename is not None, yank.state is not None],
        agent_of(actor),
        project_id=yank.project_id,
        package=release.name,
        version=release.version,
        filename=yank.filename,
        reason=yank.reason,
    )
