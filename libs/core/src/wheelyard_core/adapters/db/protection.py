"""Protection rules of projects."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.listing import part_of
from wheelyard_core.adapters.db.models import ProtectionRuleRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.errors import RuleExists
from wheelyard_core.domain.protection import Level, Levels, Pattern, Rule

_ORDERS: Final = {"id": ProtectionRuleRow.id}
_OF_PROJECT: Final = select(ProtectionRuleRow).where(
    ProtectionRuleRow.project_id == bindparam("project")
)


class SqlRules:
    """The protection rules of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_project(self, project_id: int) -> Sequence[Rule]:
        """Return all rules of a project."""
        rows = self._session.scalars(_OF_PROJECT, {"project": project_id})
        return [_rule(row) for row in rows]

    def listed(self, project_id: int, stretch: Stretch) -> Listed[Rule]:
        """Return a part of the list of a project's rules."""
        query = select(ProtectionRuleRow).where(ProtectionRuleRow.project_id == project_id)
        return part_of(self._session, query, stretch, _ORDERS, _rule)

    def get(self, project_id: int, rule_id: int) -> Rule | None:
        """Return a rule of the project."""
        row = self._session.get(ProtectionRuleRow, rule_id)
        return None if row is None or row.project_id != project_id else _rule(row)

    def add(self, project_id: int, pattern: Pattern, levels: Levels) -> Rule:
        """Add a rule. Raises RuleExists where the project has one of this pattern."""
        row = ProtectionRuleRow(
            project_id=project_id,
            pattern=pattern.text,
            pattern_key=pattern.key,
            push_level=_number(levels.push),
            delete_level=_number(levels.delete),
            created_at=database_time(self._session),
        )
        self._session.add(row)
        self._flush()
        return _rule(row)

    def change(self, rule: Rule) -> None:
        """Have a rule be as given. Raises RuleExists."""
        row = self._session.get_one(ProtectionRuleRow, rule.id)
        row.pattern, row.pattern_key = rule.pattern.text, rule.pattern.key
        row.push_level = _number(rule.levels.push)
        row.delete_level = _number(rule.levels.delete)
        self._flush()

    def remove(self, rule: Rule) -> None:
        """Remove a rule."""
        self._session.execute(delete(ProtectionRuleRow).where(ProtectionRuleRow.id == rule.id))

    def _flush(self) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            raise RuleExists("Package name pattern has already been taken") from error


def _number(level: Level | None) -> int | None:
    return None if level is None else int(level)


def _rule(row: ProtectionRuleRow) -> Rule:
    push = None if row.push_level is None else Level(row.push_level)
    delete_ = None if row.delete_level is None else Level(row.delete_level)
    return Rule(row.id, row.project_id, Pattern(row.pattern), Levels(push, delete_))
