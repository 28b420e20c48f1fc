"""Administer members of groups and projects. Nobody grants, or takes, a role above their own."""

from dataclasses import dataclass, replace
from datetime import datetime

from wheelyard_core.domain.access import Permission, Role, user_of
from wheelyard_core.domain.administering import GroupPermission, require_grantable
from wheelyard_core.domain.administration import Membership, Place
from wheelyard_core.domain.audit import Action
from wheelyard_core.domain.errors import AlreadyTaken, Duplicate, InvalidInput, NotAllowed, NotFound
from wheelyard_core.usecases.acting import (
    LAST_ID,
    Acting,
    place_of_group,
    place_of_project,
)
from wheelyard_core.usecases.administer_users import find_user


@dataclass(frozen=True, slots=True)
class Where:
    """Which group's or project's members: its number or path as it was given."""

    reference: str
    is_group: bool

    def read(self, acting: Acting) -> Place:
        """Return the place if the actor may see its members, with the groups above that it sees."""
        # A public project shows its packages to anybody, and its people to those it knows.
        acting.known()
        if self.is_group:
            group, role = acting.group(self.reference, GroupPermission.SEE)
            place = place_of_group(group)
        else:
            project, role = acting.project(self.reference, Permission.SEE)
            place = place_of_project(project)
        # Deploy and job tokens are for packages.
        acting.person(writes=False)
        # Whoever is a member sees the way up; what is public may be below what is hidden.
        if role > Role.NONE:
            return place
        return replace(place, above=tuple(one for one in place.above if _shows(acting, one)))

    def manage(self, acting: Acting) -> tuple[Place, Role]:
        """Return the place, and the actor's role there, if the actor may change its members."""
        if self.is_group:
            group, role = acting.group(self.reference, GroupPermission.ADMINISTER)
            return place_of_group(group), role
        project, role = acting.project(self.reference, Permission.ADMINISTER)
        return place_of_project(project), role


@dataclass(frozen=True, slots=True)
class NewRole:
    """The role that a member shall have, and until when."""

    role: Role
    expires_at: datetime | None = None


def add_member(acting: Acting, where: Where, user_id: int, new: NewRole) -> Membership:
    """Make an account a member. Raises Duplicate for one that is."""
    place, own = where.manage(acting)
    require_grantable(own, new.role)
    user = find_user(acting, user_id)
    if user.is_bot:
        raise InvalidInput("user_id is the bot of a project access token: change the token instead")
    # A membership that has ended is there and shows nowhere; the new one takes its place.
    if acting.uow.members.get(place, user.id, acting.now) is None:
        acting.uow.members.remove(place, user.id)
    try:
        acting.uow.accounts.add_member(
            user.id,
            new.role,
            group_id=place.group_id,
            project_id=place.project_id,
            expires_at=new.expires_at,
        )
    except AlreadyTaken as error:
        raise Duplicate("Member already exists") from error
    member = get_member(acting, place, user.id)
    _record(acting, Action.MEMBER_ADDED, place, None, member)
    acting.uow.access_changed()
    acting.uow.commit()
    return member


def change_member(acting: Acting, where: Where, user_id: int, new: NewRole) -> Membership:
    """Give a direct member another role or end."""
    place, own = where.manage(acting)
    present = get_member(acting, place, user_id)
    require_grantable(own, max(new.role, present.role))
    if new.role < Role.OWNER or new.expires_at is not None:
        _require_another_owner(acting, place, present)
    acting.uow.members.change(place, user_id, new.role, new.expires_at)
    member = get_member(acting, place, user_id)
    _record(acting, Action.MEMBER_CHANGED, place, present, member)
    acting.uow.access_changed()
    acting.uow.commit()
    return member


def remove_member(acting: Acting, where: Where, user_id: int, *, below: bool) -> None:
    """Remove a direct member, who may go by themselves, and (*below*) from all that is below."""
    if user_of(acting.actor) == user_id:
        acting.person(writes=True)
        place = where.read(acting)
        present = get_member(acting, place, user_id)
    else:
        place, own = where.manage(acting)
        present = get_member(acting, place, user_id)
        require_grantable(own, present.role)
    _require_another_owner(acting, place, present)
    acting.uow.members.remove(place, user_id, below=below)
    _record(acting, Action.MEMBER_REMOVED, place, present, None)
    acting.uow.access_changed()
    acting.uow.commit()


def get_member(
    acting: Acting, place: Place, user_id: int, *, inherited: bool = False
) -> Membership:
    """Return a member, or raise NotFound."""
    found = None
    if user_id <= LAST_ID:
        found = acting.uow.members.get(place, user_id, acting.now, inherited=inherited)
    if found is None:
        raise NotFound("Member not found")
    return found


def _shows(acting: Acting, namespace_id: int) -> bool:
    """Tell whether the actor may know a namespace, and so who is in it."""
    namespace = acting.uow.groups.namespace(namespace_id)
    if namespace is not None and namespace.owner_id is not None:
        # The path of what is in it names the one who is.
        return True
    try:
        acting.in_group(namespace, GroupPermission.SEE)
    except NotFound:
        return False
    return True


def _record(
    acting: Acting,
    action: Action,
    place: Place,
    before: Membership | None,
    after: Membership | None,
) -> None:
    membership = after or before
    if membership is None:
        return
    states = {"from": before, "to": after}
    acting.record(
        action,
        {
            "user_id": membership.user.id,
            "username": membership.user.username,
            "changes": {
                "access_level": {
                    word: None if state is None else state.role.value
                    for word, state in states.items()
                }
            },
        },
        project_id=place.project_id,
        group_id=place.group_id,
    )


def _require_another_owner(acting: Acting, place: Place, present: Membership) -> None:
    """Refuse to leave a group without anybody who may administer it."""
    if place.group_id is None or present.role is not Role.OWNER:
        return
    if not acting.uow.members.has_other_owner(place, present.user.id, acting.now):
        raise NotAllowed("A group keeps its last owner: make somebody else an owner first")
