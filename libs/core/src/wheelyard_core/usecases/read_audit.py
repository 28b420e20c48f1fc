"""Read audit events: who answers for a place reads what was done there."""

from wheelyard_core.domain.administering import GroupPermission
from wheelyard_core.domain.audit import AuditFilter, Entity, RecordedEvent
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.usecases.acting import Acting


def in_project(acting: Acting, reference: str) -> AuditFilter:
    """Return what finds a project's events, for its maintainers."""
    project, _ = acting.project_settings(reference, writes=False)
    return AuditFilter(Entity.PROJECT, project.id)


def in_group(acting: Acting, reference: str) -> AuditFilter:
    """Return what finds a group's own events, for its owners."""
    group, _ = acting.group(reference, GroupPermission.READ_AUDIT)
    return AuditFilter(Entity.GROUP, group.id)


def everywhere(acting: Acting) -> AuditFilter:
    """Return what finds all events, for administrators."""
    acting.admin(writes=False)
    return AuditFilter()


def one(acting: Acting, here: AuditFilter, event_id: int) -> RecordedEvent:
    """Return an event of a place, or raise NotFound."""
    found = acting.uow.audit_trail.get(here, event_id)
    if found is None:
        raise NotFound("Audit event not found")
    return found
