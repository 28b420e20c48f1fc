"""Protection rules of projects."""

from collections.abc import Sequence
from typing import Protocol

from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.protection import Levels, Pattern, Rule


class Rules(Protocol):
    """The protection rules of a transaction."""

    def of_project(self, project_id: int) -> Sequence[Rule]:
        """Return all rules of a project."""
        ...

    def listed(self, project_id: int, stretch: Stretch) -> Listed[Rule]:
        """Return a part of the list of a project's rules."""
        ...

    def get(self, project_id: int, rule_id: int) -> Rule | None:
        """Return a rule of the project."""
        ...

    def add(self, project_id: int, pattern: Pattern, levels: Levels) -> Rule:
        """Add a rule. Raises RuleExists where the project has one of this pattern."""
        ...

    def change(self, rule: Rule) -> None:
        """Have a rule be as given. Raises RuleExists."""
        ...

    def remove(self, rule: Rule) -> None:
        """Remove a rule."""
        ...
