"""Administer projects: create, change, delete with all their files."""

from dataclasses import dataclass, fields

from wheelyard_core.domain.access import Permission, RegistryAccess, Visibility
from wheelyard_core.domain.administering import GroupPermission
from wheelyard_core.domain.administration import Group, ProjectChanges, ProjectDetails
from wheelyard_core.domain.attestations import AttestationPolicy
from wheelyard_core.domain.audit import Action, differences
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.work import Task
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import LAST_ID, Acting


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project about to be made; without a namespace in the personal one of whoever asks."""

    name: str
    path: str
    namespace_id: int | None = None
    visibility: Visibility = Visibility.PRIVATE
    registry_access: RegistryAccess = RegistryAccess.ENABLED
    description: str = ""
    burn_filenames: bool = False
    release_open_hours: int = 0
    attestation_policy: AttestationPolicy = AttestationPolicy.OFF


def create_project(acting: Acting, new: NewProject) -> ProjectDetails:
    """Create a project. Raises AlreadyTaken."""
    person = acting.person(writes=True)
    namespace = _namespace(acting, new.namespace_id)
    project_id = acting.uow.accounts.add_project(
        new.path, new.name, namespace.id, new.visibility, new.registry_access
    )
    acting.uow.directory.change(
        project_id,
        ProjectChanges(
            description=new.description,
            burn_filenames=new.burn_filenames,
            release_open_hours=new.release_open_hours,
            attestation_policy=new.attestation_policy,
            creator_id=person.user_id,
        ),
    )
    project = acting.uow.directory.details(project_id)
    acting.record(
        Action.PROJECT_CREATED,
        {"path": project.full_path, "visibility": project.visibility},
        project_id=project.id,
    )
    acting.uow.access_changed()
    acting.uow.commit()
    return project


def change_project(acting: Acting, reference: str, changes: ProjectChanges) -> ProjectDetails:
    """Change a project's settings. Raises AlreadyTaken."""
    project, _ = acting.project(reference, Permission.ADMINISTER)
    before = acting.uow.directory.details(project.id)
    acting.uow.directory.change(project.id, changes)
    changed = acting.uow.directory.details(project.id)
    different = differences(before, changed, (field.name for field in fields(changes)))
    if different:
        acting.record(Action.PROJECT_CHANGED, {"changes": different}, project_id=project.id)
    acting.uow.access_changed()
    acting.uow.commit()
    return changed


def delete_project(acting: Acting, reference: str) -> None:
    """Delete a project with all its packages."""
    project, _ = acting.project(reference, Permission.DESTROY)
    remove_project(acting.uow, project.id)
    # Its own events have nobody left who may read them: this one is the group's.
    acting.record(
        Action.PROJECT_DELETED,
        {"project_id": project.id, "path": project.full_path},
        group_id=project.policy.group_ids[-1],
    )
    acting.uow.access_changed()
    acting.uow.commit()


def remove_project(uow: UnitOfWork, project_id: int) -> None:
    """Remove a project's rows and promise that its blobs go; the caller commits."""
    for blob_key in uow.directory.delete(project_id):
        uow.outbox.promise(Task.DISCARD, blob_key=blob_key)


def _namespace(acting: Acting, namespace_id: int | None) -> Group:
    if namespace_id is None:
        found = acting.uow.groups.personal(acting.human().user_id, make=True)
    else:
        found = acting.uow.groups.namespace(namespace_id) if namespace_id <= LAST_ID else None
    if found is None or found.owner_id is None:
        group, _ = acting.in_group(found, GroupPermission.ADD)
        return group
    person = acting.person(writes=True)
    if person.is_bot or not (person.is_admin or person.user_id == found.owner_id):
        # Somebody else's is like a group that is not there.
        raise NotFound("Group not found")
    return found
