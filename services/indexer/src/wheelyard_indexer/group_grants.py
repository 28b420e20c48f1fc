"""What credentials may read below groups, as one process remembers it: equal sets are one set.

Whatever is sent as credentials where anybody may read makes an entry, so entries must weigh next to
nothing: a set of ten thousand projects takes 0.8 MB, and all of nobody's are the same.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.group_index import ReadableGroup

GrantKey: TypeAlias = tuple[str | None, ...]

_GRANTS: Final = 500
# In all sets together: about 80 bytes each.
MOST_PROJECTS: Final = 400_000


@dataclass(frozen=True, slots=True)
class GroupGrant:
    """A positive decision: what these credentials may read below a group."""

    group: ReadableGroup
    until: float
    actor: Actor | None = None


@dataclass(slots=True, eq=False)
class _Shared:
    project_ids: frozenset[int]
    holders: int = 0


class GroupGrants:
    """Decisions by key; the oldest make way. All but `get` needs the lock of whoever owns it."""

    def __init__(self) -> None:
        self._grants: OrderedDict[GrantKey, GroupGrant] = OrderedDict()
        self._sets: dict[frozenset[int], _Shared] = {}
        self._size = 0
        self.get = self._grants.get

    def put(self, key: GrantKey, grant: GroupGrant) -> None:
        """Keep a decision, with the set of projects that an equal one has already."""
        self._drop(key)
        group = replace(grant.group, project_ids=self._hold(grant.group.project_ids))
        self._grants[key] = replace(grant, group=group)
        # The newest stays, however large: asking anew for each request would cost more.
        while len(self._grants) > 1 and self._is_full():
            self._drop(next(iter(self._grants)))

    def clear(self) -> None:
        """Forget all decisions."""
        self._grants.clear()
        self._sets.clear()
        self._size = 0

    def _is_full(self) -> bool:
        return len(self._grants) > _GRANTS or self._size > MOST_PROJECTS

    def _hold(self, project_ids: frozenset[int]) -> frozenset[int]:
        shared = self._sets.get(project_ids)
        if shared is None:
            shared = self._sets[project_ids] = _Shared(project_ids)
            self._size += len(project_ids)
        shared.holders += 1
        return shared.project_ids

    def _drop(self, key: GrantKey) -> None:
        grant = self._grants.pop(key, None)
        if grant is None:
            return
        shared = self._sets[grant.group.project_ids]
        shared.holders -= 1
        if not shared.holders:
            del self._sets[shared.project_ids]
            self._size -= len(shared.project_ids)
