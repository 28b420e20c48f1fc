"""Delete a release or a file: it moves to the trash, and its page forgets it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.audit import Action, AuditEvent, agent_of
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.protection import Act
from wheelyard_core.domain.releases import Release, ReleaseName
from wheelyard_core.ports import Database, UnitOfWork
from wheelyard_core.usecases.authorise import Confirm
from wheelyard_core.usecases.page_changes import PageChange, promise_page
from wheelyard_core.usecases.protect import require_unprotected


@dataclass(frozen=True, slots=True)
class Target:
    """What shall go: a release of a project, or one file of it."""

    project_id: int
    release_id: int
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Deleter:
    """Moves things to the trash. Bytes stay in the store until the trash is emptied."""

    database: Database
    now: Callable[[], datetime]

    def __call__(
        self,
        target: Target,
        confirm: Confirm,
        *,
        reason: str | None = None,
        request_id: str | None = None,
    ) -> PageChange:
        """Delete the target. Raises NotFound, and whatever *confirm* says no with."""
        with self.database.begin(request_id) as uow:
            actor = confirm(uow)
            release = locked_release(uow, target.project_id, target.release_id)
            self._require_unprotected(uow, release, actor)
            if target.file_id is None:
                serial = self._release(uow, release, actor, reason)
            else:
                serial = self._file(uow, release, target.file_id, actor, reason)
            # Whoever remembers where the bytes are forgets it with the commit.
            uow.access_changed()
            change = promise_page(uow, release.project_id, release.normalized, serial)
            uow.commit()
        return change

    def _require_unprotected(self, uow: UnitOfWork, release: Release, actor: Actor) -> None:
        project = uow.projects.find(str(release.project_id))
        if project is None:
            raise NotFound("Project not found")
        require_unprotected(uow, actor, project.policy, release.normalized, Act.DELETE, self.now())

    @staticmethod
    def _release(uow: UnitOfWork, release: Release, actor: Actor, reason: str | None) -> int:
        agent = agent_of(actor)
        uow.audit.record(
            AuditEvent(
                Action.RELEASE_DELETED,
                agent,
                project_id=release.project_id,
                package=release.name,
                version=release.version,
                reason=reason,
            )
        )
        return uow.releases.delete(release, agent.user_id)

    @staticmethod
    def _file(
        uow: UnitOfWork, release: Release, file_id: int, actor: Actor, reason: str | None
    ) -> int:
        agent = agent_of(actor)
        deleted = uow.releases.delete_file(release, file_id, agent.user_id)
        if deleted is None:
            raise NotFound("Package file not found")
        file, serial = deleted
        uow.audit.record(
            AuditEvent(
                Action.FILE_DELETED,
                agent,
                project_id=release.project_id,
                package=release.name,
                version=release.version,
                filename=file.filename,
                reason=reason,
                details={"sha256": file.digests.sha256},
            )
        )
        return serial


def find_target(
    uow: UnitOfWork, project_id: int, name: ReleaseName, filename: str | None
) -> Target:
    """Return the target that a release's name, and maybe a file's, stands for. Raises NotFound."""
    release = uow.releases.named(project_id, name)
    if release is None:
        raise NotFound("Package not found")
    if filename is None:
        return Target(project_id, release.id)
    file = uow.releases.file_named(release, filename)
    if file is None:
        raise NotFound("Package file not found")
    return Target(project_id, release.id, file.id)


def locked_release(uow: UnitOfWork, project_id: int, release_id: int) -> Release:
    """Return a release as it is once nobody else can change its package, or raise NotFound."""
    release = uow.releases.get(project_id, release_id)
    if release is not None:
        uow.files.lock(release.project_id, release.normalized)
        release = uow.releases.get(project_id, release_id)
    if release is None:
        raise NotFound("Package not found")
    return release
