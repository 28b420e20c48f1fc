"""What of a group somebody may read: the ladder of each project below it, and the group's own."""

from collections.abc import Iterable
from dataclasses import dataclass

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    Permission,
    Person,
    ProjectPolicy,
    Role,
    Visibility,
    authentication_required,
    require,
)
from wheelyard_core.domain.errors import AuthenticationRequired, NotAllowed, NotFound
from wheelyard_core.domain.group_index import PackageOverlap


@dataclass(frozen=True, slots=True)
class GroupProjects:
    """A group, the actor's role in it, and everything below with the actor's role there."""

    group_id: int
    group_ids: tuple[int, ...]
    visibility: Visibility
    role: Role
    projects: tuple[tuple[ProjectPolicy, Role], ...]
    overlap: PackageOverlap = PackageOverlap.MERGE


def readable_below(actor: Actor, group: GroupProjects | None) -> tuple[int, ...]:
    """Return the ids of the projects below *group* whose packages *actor* may read there.

    Anonymous callers get everything or AuthenticationRequired, whether the group exists or not;
    anybody else gets NotFound for a group that shows nothing of itself.
    """
    if isinstance(actor, Anonymous):
        policies = [] if group is None else [policy for policy, _ in group.projects]
        everything = bool(policies) and all(policy.anybody_may_pull for policy in policies)
        if actor.insisted or not everything:
            raise authentication_required(actor)
        return tuple(policy.project_id for policy in policies)
    if group is None:
        raise NotFound("Group not found")
    readable = tuple(readable_among(actor, group.projects))
    if not readable and not _sees_group(actor, group):
        raise NotFound("Group not found")
    return readable


def readable_among(actor: Actor, projects: Iterable[tuple[ProjectPolicy, Role]]) -> frozenset[int]:
    """Return the ids of those of the projects whose packages *actor* may read."""
    return frozenset(
        policy.project_id for policy, role in projects if _may_pull(actor, policy, role)
    )


def _may_pull(actor: Actor, policy: ProjectPolicy, role: Role) -> bool:
    try:
        require(actor, policy, role, Permission.PULL)
    except (AuthenticationRequired, NotAllowed, NotFound):
        return False
    return True


def _sees_group(actor: Actor, group: GroupProjects) -> bool:
    match actor:
        case Person(is_admin=True):
            return True
        case Person():
            internal = group.visibility is Visibility.INTERNAL and not actor.is_bot
            return group.role > Role.NONE or internal or group.visibility is Visibility.PUBLIC
        case DeployToken():
            return actor.group_id in group.group_ids or group.visibility is Visibility.PUBLIC
        case _:
            return group.visibility is Visibility.PUBLIC
