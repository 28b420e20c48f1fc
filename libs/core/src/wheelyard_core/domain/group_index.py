"""The index of a group: the packages of every project below it, as far as one actor may read."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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
