"""Protection rules: who may push to, and delete of, the packages whose names a pattern covers.

The rules, their levels and their words are GitLab's. A pattern covers normalized names, and is read
normalized itself: `My.Lib*` covers `my-lib`, `my_lib_core` and `MY-LIBRARY`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Self

from wheelyard_core.domain.access import Actor, JobToken, Person, Role
from wheelyard_core.domain.errors import InvalidInput, NotAllowed
from wheelyard_core.domain.wording import quoted

_PATTERN: Final = re.compile(r"[A-Za-z0-9._*-]+")
_LONGEST: Final = 255


class Level(IntEnum):
    """What a rule asks for at least: a role, or (above all roles) to be an administrator."""

    MAINTAINER = 40
    OWNER = 50
    ADMIN = 60

    @property
    def word(self) -> str:
        """The level as GitLab's API has it."""
        return self.name.lower()


class Act(StrEnum):
    """What a rule protects from."""

    PUSH = "push"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it was given; `key` is its identity, in which every `*` stands for any text."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pattern, or raise InvalidInput."""
        if len(text) > _LONGEST or not _PATTERN.fullmatch(text):
            raise InvalidInput(
                f"package_name_pattern does not have a valid value: {quoted(text)} must have up to "
                f"{_LONGEST} ASCII letters, digits, '.', '_', '-', and '*' for any text"
            )
        return cls(text)

    @property
    def key(self) -> str:
        """The pattern as names are compared with it."""
        return re.sub(r"\*+", "*", re.sub(r"[-_.]+", "-", self.text).lower())

    def covers(self, normalized: str) -> bool:
        """Tell whether a normalized name is meant, in time that is linear whatever the pattern."""
        first, *others = self.key.split("*")
        if not others:
            return normalized == first
        *middle, last = others
        end = len(normalized) - len(last)
        if not normalized.startswith(first) or not normalized.endswith(last):
            return False
        at = len(first)
        for part in middle:
            found = normalized.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end


@dataclass(frozen=True, slots=True)
class Levels:
    """The least levels that a rule asks for; None asks for nothing beside the right to do it."""

    push: Level | None = None
    delete: Level | None = None

    def of(self, act: Act) -> Level | None:
        """Return the level that an act needs."""
        return self.push if act is Act.PUSH else self.delete


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a project."""

    id: int
    project_id: int
    pattern: Pattern
    levels: Levels


def needed_level(rules: Iterable[Rule], normalized: str, act: Act) -> Level | None:
    """Return the highest level that the rules ask for, if any does."""
    levels = (rule.levels.of(act) for rule in rules if rule.pattern.covers(normalized))
    return max((level for level in levels if level is not None), default=None)


def require_level(actor: Actor, role: Role, needed: Level | None, act: Act) -> None:
    """Raise NotAllowed unless *actor*, of this *role* in the project, has the level.

    Only accounts have one: a deploy token and a trusted publisher never reach what is protected,
    and a job acts as developer at most.
    """
    if needed is None:
        return
    match actor:
        case Person():
            level = int(Level.ADMIN if actor.is_admin else role)
        case JobToken():
            level = min(role, Role.DEVELOPER)
        case _:
            level = Role.NONE
    if level >= needed:
        return
    # Word for word GitLab's.
    if act is Act.PUSH:
        raise NotAllowed("Package protected.")
    raise NotAllowed("Package is deletion protected.")
