"""Set the status of a package (PEP 792): its page shows it, and uploads and downloads obey it."""

from dataclasses import dataclass

from wheelyard_core.domain.audit import Action, AuditEvent, agent_of
from wheelyard_core.domain.catalogue import Package
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.standing import Standing
from wheelyard_core.ports import Database, UnitOfWork
from wheelyard_core.usecases.authorise import Confirm
from wheelyard_core.usecases.page_changes import PageChange, present_page, promise_page


@dataclass(frozen=True, slots=True)
class StatusSetter:
    """Sets statuses. What is so already stays so, without a new page or an event."""

    database: Database

    def __call__(
        self,
        project_id: int,
        package: str,
        standing: Standing,
        confirm: Confirm,
        request_id: str | None = None,
    ) -> PageChange:
        """Have the package stand so. Raises NotFound, and whatever *confirm* says no with."""
        with self.database.begin(request_id) as uow:
            actor = confirm(uow)
            uow.files.lock(project_id, package)
            before = find_package(uow, project_id, package)
            if before.standing == standing:
                return present_page(uow, project_id, package)
            serial = uow.packages.set_standing(project_id, package, standing)
            uow.audit.record(
                AuditEvent(
                    Action.STATUS_CHANGED,
                    agent_of(actor),
                    project_id=project_id,
                    package=before.name,
                    reason=standing.reason,
                    details={
                        "changes": {
                            "status": {"from": before.standing.status, "to": standing.status}
                        }
                    },
                )
            )
            # Whoever remembers where the bytes are forgets it with the commit.
            uow.access_changed()
            change = promise_page(uow, project_id, package, serial)
            uow.commit()
        return change


def find_package(uow: UnitOfWork, project_id: int, package: str) -> Package:
    """Return a package of the project, or raise NotFound."""
    found = uow.packages.get(project_id, package)
    if found is None:
        raise NotFound(f"Package not found: {package}")
    return found
