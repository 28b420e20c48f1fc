"""The index of a group: the packages of every project below it, as far as one actor may read."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class PackageOverlap(StrEnum):
    """What a group shows of a name that several projects below it have.

    Silent mixing is how dependency confusion starts, so its owner chooses, and is told.
    """

    # The files of all of them, as in GitLab; the older file where two have one file name.
    MERGE = "merge"
    # Those of the project that had the name first.
    FIRST_PROJECT = "first_project"
    # The same, and no other project may begin to use the name.
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Holder:
    """A project that has a package of some name, and the serial of its page."""

    project_id: int
    serial: int


@dataclass(frozen=True, slots=True)
class ReadableGroup:
    """A group, the projects below it that an actor may read, and whether anybody may."""

    group_id: int
    project_ids: frozenset[int]
    public: bool
    overlap: PackageOverlap = PackageOverlap.MERGE

    def shown(self, holders: Iterable[Holder]) -> tuple[Holder, ...]:
        """Return whose files the page of a name shows; *holders* come in the order of age.

        A name belongs to its first project for everybody: whoever may not read that one does not
        get another's files under it.
        """
        if self.overlap is not PackageOverlap.MERGE:
            holders = tuple(holders)[:1]
        return tuple(holder for holder in holders if holder.project_id in self.project_ids)


@dataclass(frozen=True, slots=True)
class Overlap:
    """A name of one project that others below the same group have, too; by their paths."""

    group_id: int
    group: str
    policy: PackageOverlap
    package: str
    project: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A project that has a name, and the groups above it."""

    project_id: int
    path: str
    group_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SharedName:
    """A name that several projects below a group have, as far as somebody may know.

    *first* is the project that had it first, where that is one of them.
    """

    package: str
    holdings: tuple[Holding, ...]
    first: Holding | None

    @classmethod
    def among(
        cls, package: str, holdings: Iterable[Holding], readable: Container[int]
    ) -> Self | None:
        """Return it where two *readable* projects have it; *holdings* come in the order of age."""
        everyone = tuple(holdings)
        known = tuple(one for one in everyone if one.project_id in readable)
        if len(known) <= 1:
            return None
        return cls(package, known, known[0] if known[0] == everyone[0] else None)
