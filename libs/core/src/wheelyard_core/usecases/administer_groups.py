"""Administer groups: create, change, delete with everything below."""

from dataclasses import dataclass, fields

from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administering import GroupPermission
from wheelyard_core.domain.administration import Group, GroupChanges
from wheelyard_core.domain.audit import Action, differences
from wheelyard_core.domain.errors import InvalidInput, NotFound
from wheelyard_core.domain.group_index import PackageOverlap
from wheelyard_core.domain.places import DEEPEST
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import LAST_ID, Acting
from wheelyard_core.usecases.administer_projects import remove_project


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group about to be made."""

    name: str
    path: str
    parent_id: int | None = None
    visibility: Visibility = Visibility.PRIVATE
    description: str = ""
    burn_filenames: bool = False
    package_overlap: PackageOverlap = PackageOverlap.MERGE


def create_group(acting: Acting, new: NewGroup) -> Group:
    """Create a group, owned by whoever asks. Raises AlreadyTaken."""
    person = acting.human()
    if new.parent_id is not None:
        found = acting.uow.groups.namespace(new.parent_id) if new.parent_id <= LAST_ID else None
        if found is None or found.owner_id is not None:
            raise NotFound("Group not found")
        parent, _ = acting.in_group(found, GroupPermission.ADD)
        if len(parent.group_ids) >= DEEPEST:
            raise InvalidInput(f"parent_id: groups are nested {DEEPEST} deep at most")
    group_id = acting.uow.accounts.add_group(new.path, new.name, new.parent_id, new.visibility)
    acting.uow.accounts.add_member(person.user_id, Role.OWNER, group_id=group_id)
    group = acting.uow.groups.change(
        group_id,
        GroupChanges(
            description=new.description,
            burn_filenames=new.burn_filenames,
            package_overlap=new.package_overlap,
        ),
    )
    acting.record(
        Action.GROUP_CREATED,
        {"path": group.full_path, "visibility": group.visibility},
        group_id=group.id,
    )
    acting.uow.access_changed()
    acting.uow.commit()
    return group


def change_group(acting: Acting, reference: str, changes: GroupChanges) -> Group:
    """Change a group. Raises AlreadyTaken."""
    group, _ = acting.group(reference, GroupPermission.ADMINISTER)
    changed = acting.uow.groups.change(group.id, changes)
    different = differences(group, changed, (field.name for field in fields(changes)))
    if different:
        acting.record(Action.GROUP_CHANGED, {"changes": different}, group_id=group.id)
    acting.uow.access_changed()
    acting.uow.commit()
    return changed


def delete_group(acting: Acting, reference: str) -> None:
    """Delete a group with everything below it."""
    group, _ = acting.group(reference, GroupPermission.ADMINISTER)
    remove_namespace(acting.uow, group.id)
    # As with a project: the event belongs to whoever is left to read it.
    acting.record(
        Action.GROUP_DELETED,
        {"group_id": group.id, "path": group.full_path},
        group_id=group.parent_id,
    )
    acting.uow.access_changed()
    acting.uow.commit()


def remove_namespace(uow: UnitOfWork, namespace_id: int) -> None:
    """Remove a namespace with the projects and groups below it; the caller commits."""
    for project_id in uow.directory.below(namespace_id):
        remove_project(uow, project_id)
    uow.groups.delete(namespace_id)
