"""Who may administer: the rules beside those of projects (domain/access.py), which are GitLab's.

As there, existence never leaks: a group that the actor may not see is a group that is not there.
"""

from enum import StrEnum
from typing import Final

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Person,
    Role,
    Scope,
    TrustedPublisher,
    Visibility,
    authentication_required,
)
from wheelyard_core.domain.administration import Group, Reach
from wheelyard_core.domain.errors import InvalidInput, NotAllowed, NotFound

_READS: Final = frozenset({Scope.API, Scope.READ_API})
_WRITES: Final = frozenset({Scope.API})


class GroupPermission(StrEnum):
    """What an actor asks to do with a group."""

    SEE = "see"
    ADD = "add a project or a group"
    READ_TOKENS = "read deploy tokens"
    READ_AUDIT = "read audit events"
    ADMINISTER = "administer"

    @property
    def role(self) -> Role:
        """The least role that may."""
        return _ROLE_FOR[self]

    @property
    def scopes(self) -> frozenset[Scope]:
        """The scopes of which one is needed."""
        writes = {GroupPermission.ADD, GroupPermission.ADMINISTER}
        return _WRITES if self in writes else _READS


_ROLE_FOR: Final = {
    GroupPermission.SEE: Role.NONE,
    GroupPermission.ADD: Role.MAINTAINER,
    GroupPermission.READ_TOKENS: Role.MAINTAINER,
    GroupPermission.READ_AUDIT: Role.OWNER,
    GroupPermission.ADMINISTER: Role.OWNER,
}


def require_person(actor: Actor, *, writes: bool) -> Person:
    """Return the account that acts, a bot's included. Raises the ladder's refusal for others."""
    if isinstance(actor, Anonymous):
        raise authentication_required(actor)
    if not isinstance(actor, Person):
        raise NotAllowed("This needs a personal access token")
    _require_scope(actor, _WRITES if writes else _READS)
    return actor


def require_admin(actor: Actor, *, writes: bool) -> Person:
    """Return the administrator who acts, or raise the ladder's refusal."""
    person = require_person(actor, writes=writes)
    if not person.is_admin:
        raise NotAllowed("This needs an administrator")
    return person


def require_in_group(
    actor: Actor,
    group: Group | None,
    role: Role,
    permission: GroupPermission,
    *,
    member_below: bool = False,
) -> Group:
    """Return the group if *actor* may; else raise the refusal that the ladder prescribes.

    *role* is that of the actor's account in the group; *member_below* that it has one in
    something below, which lets it see the way there.
    """
    if isinstance(actor, Anonymous):
        public = group is not None and group.visibility is Visibility.PUBLIC
        open_to_all = public and permission is GroupPermission.SEE and not actor.insisted
        if group is None or not open_to_all:
            raise authentication_required(actor)
        return group
    if group is None or not _sees(actor, group, role, member_below=member_below):
        raise NotFound("Group not found")
    if not isinstance(actor, Person):
        if permission is GroupPermission.SEE:
            return group
        raise NotAllowed("This needs a personal access token")
    _require_scope(actor, permission.scopes)
    if role < permission.role:
        raise NotAllowed(f"This needs the role {permission.role.name.lower()} in the group")
    return group


def require_grantable(own: Role, granted: Role) -> None:
    """Raise NotAllowed for a role above the one of who grants it."""
    if granted > own:
        raise NotAllowed("Nobody grants a role above their own")


def parse_role(level: int) -> Role:
    """Return the role of an access level. Raises InvalidInput."""
    if level == Role.NONE or level not in set(Role):
        allowed = ", ".join(f"{role.value} ({role.name.lower()})" for role in Role if role)
        raise InvalidInput(f"access_level does not have a valid value: it is one of {allowed}")
    return Role(level)


def parse_scopes(words: tuple[str, ...], allowed: tuple[Scope, ...]) -> frozenset[Scope]:
    """Return the scopes of a new token. Raises InvalidInput."""
    names = [scope.value for scope in allowed]
    if not words or any(word not in names for word in words):
        raise InvalidInput(
            f"scopes does not have a valid value: it is a list of {' and '.join(names)}"
        )
    return frozenset(Scope(word) for word in words)


def reach_of(actor: Actor) -> Reach:
    """Return what lists show to *actor*. Raises AuthenticationRequired for bad credentials."""
    match actor:
        case Anonymous(refused=None):
            return Reach()
        case Anonymous():
            raise authentication_required(actor)
        case Person():
            _require_scope(actor, _READS)
            return Reach(actor.is_admin, not actor.is_bot, actor.user_id)
        case DeployToken():
            return Reach(project_id=actor.project_id, group_id=actor.group_id)
        case JobToken():
            return Reach(project_id=actor.project_id)
        case TrustedPublisher():
            return Reach()


def _require_scope(actor: Person, needed: frozenset[Scope]) -> None:
    if not actor.scopes & needed:
        names = " or ".join(sorted(needed, key=lambda scope: scope is Scope.API))
        raise NotAllowed(f"This token may not do that: it needs the scope {names}")


def _sees(actor: Actor, group: Group, role: Role, *, member_below: bool) -> bool:
    if group.visibility is Visibility.PUBLIC:
        return True
    match actor:
        case Person():
            internal = group.visibility is Visibility.INTERNAL and not actor.is_bot
            return role > Role.NONE or internal or member_below
        case DeployToken():
            return actor.group_id is not None and actor.group_id in group.group_ids
        case _:
            return False
