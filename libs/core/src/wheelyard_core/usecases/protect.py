"""Protection rules: make them, and hold pushes and deletions to them."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from wheelyard_core.domain.access import Actor, Permission, ProjectPolicy, Role, user_of
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.audit import Action, AuditEvent
from wheelyard_core.domain.errors import InvalidInput, NotFound
from wheelyard_core.domain.protection import (
    Act,
    Levels,
    Pattern,
    Rule,
    needed_level,
    require_level,
)
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import LAST_ID, Acting

# Every upload reads them all.
_MOST: Final = 1000


def require_unprotected(
    uow: UnitOfWork, actor: Actor, policy: ProjectPolicy, package: str, act: Act, now: datetime
) -> None:
    """Raise NotAllowed where a rule of the project protects the package from the actor."""
    needed = needed_level(uow.rules.of_project(policy.project_id), package, act)
    if needed is None:
        return
    user_id = user_of(actor)
    role = Role.NONE if user_id is None else uow.projects.role_in(user_id, policy, now)
    require_level(actor, role, needed, act)


def list_rules(acting: Acting, reference: str, stretch: Stretch) -> Listed[Rule]:
    """Return a part of the list of a project's rules."""
    project, _ = acting.project_settings(reference, writes=False)
    return acting.uow.rules.listed(project.id, stretch)


def add_rule(acting: Acting, reference: str, pattern: Pattern, levels: Levels) -> Rule:
    """Add a rule to a project. Raises RuleExists."""
    project, _ = acting.project(reference, Permission.ADMINISTER)
    _require_some(levels)
    if len(acting.uow.rules.of_project(project.id)) >= _MOST:
        raise InvalidInput(f"A project has at most {_MOST} protection rules: remove one first")
    rule = acting.uow.rules.add(project.id, pattern, levels)
    _record(acting, Action.PROTECTION_ADDED, None, rule)
    acting.uow.commit()
    return rule


def change_rule(
    acting: Acting, reference: str, rule_id: int, pattern: Pattern | None, levels: Levels
) -> Rule:
    """Change a rule, its pattern if there is one. Raises RuleExists."""
    before = find_rule(acting, reference, rule_id)
    _require_some(levels)
    rule = replace(before, pattern=pattern or before.pattern, levels=levels)
    if rule != before:
        acting.uow.rules.change(rule)
        _record(acting, Action.PROTECTION_CHANGED, before, rule)
        acting.uow.commit()
    return rule


def remove_rule(acting: Acting, reference: str, rule_id: int) -> None:
    """Remove a rule from a project."""
    rule = find_rule(acting, reference, rule_id)
    acting.uow.rules.remove(rule)
    _record(acting, Action.PROTECTION_REMOVED, rule, None)
    acting.uow.commit()


def find_rule(acting: Acting, reference: str, rule_id: int) -> Rule:
    """Return a rule of a project that the actor may change, or raise NotFound."""
    project, _ = acting.project(reference, Permission.ADMINISTER)
    found = acting.uow.rules.get(project.id, rule_id) if rule_id <= LAST_ID else None
    if found is None:
        raise NotFound("Package protection rule not found")
    return found


def _require_some(levels: Levels) -> None:
    if levels == Levels():
        raise InvalidInput(
            "minimum_access_level_for_push and minimum_access_level_for_delete cannot both be empty"
        )


def _record(acting: Acting, action: Action, before: Rule | None, after: Rule | None) -> None:
    rule = after or before
    if rule is None:
        return
    old, new = _shown(before), _shown(after)
    acting.uow.audit.record(
        AuditEvent(
            action,
            acting.agent,
            project_id=rule.project_id,
            details={
                "rule_id": rule.id,
                "changes": {
                    name: {"from": old[name], "to": new[name]}
                    for name in new
                    if old[name] != new[name]
                },
            },
        )
    )


def _shown(rule: Rule | None) -> dict[str, str | None]:
    levels = Levels() if rule is None else rule.levels
    return {
        "package_name_pattern": None if rule is None else rule.pattern.text,
        "minimum_access_level_for_push": None if levels.push is None else levels.push.word,
        "minimum_access_level_for_delete": None if levels.delete is None else levels.delete.word,
    }
