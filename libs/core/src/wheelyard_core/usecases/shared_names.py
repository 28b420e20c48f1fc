"""Names that several projects of a group have, for people: only what each of them may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.access import user_of
from wheelyard_core.domain.administration import Group
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.group_access import readable_among
from wheelyard_core.domain.group_index import SharedName
from wheelyard_core.usecases.acting import Acting

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class SharedNames:
    """The first of the names, by the alphabet, and how many there are in all."""

    items: Sequence[SharedName]
    total: int


def below_group(acting: Acting, group: Group) -> SharedNames:
    """Return the names that projects below a group share, as far as the actor may know."""
    shared = acting.uow.group_pages.shared(group.id)
    if not shared:
        return SharedNames((), 0)
    readable = _readable(acting, group.id)
    found = [
        name
        for package, holdings in shared.items()
        if (name := SharedName.among(package, holdings, readable)) is not None
    ]
    return SharedNames(found[:_MOST], len(found))


def of_package(
    acting: Acting, project: Project, normalized: str
) -> Sequence[tuple[Group, SharedName]]:
    """Return the groups where others have a project's name, too, the nearest one first."""
    above = project.policy.group_ids
    holdings = acting.uow.group_pages.shared(above[0], normalized).get(normalized, ())
    if not holdings:
        return ()
    readable = _readable(acting, above[0])
    found = []
    for group_id in reversed(above):
        below = [one for one in holdings if group_id in one.group_ids]
        shared = SharedName.among(normalized, below, readable)
        group = None if shared is None else acting.uow.groups.find(str(group_id))
        if shared is not None and group is not None:
            found.append((group, shared))
    return found


def _readable(acting: Acting, group_id: int) -> frozenset[int]:
    below = acting.uow.pages.below(str(group_id), user_of(acting.actor))
    return frozenset() if below is None else readable_among(acting.actor, below.projects)
