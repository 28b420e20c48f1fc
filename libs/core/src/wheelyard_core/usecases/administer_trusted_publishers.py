"""Trusted publishers of a project: add, find, remove."""

from wheelyard_core.domain.audit import Action
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.trusted import Rule, TrustedPublisherRule
from wheelyard_core.usecases.acting import Acting


def add_trusted_publisher(acting: Acting, project_id: int, rule: Rule) -> TrustedPublisherRule:
    """Let whoever a rule describes publish into the project."""
    added = acting.uow.trusted.add(project_id, rule)
    _record(acting, Action.TRUSTED_PUBLISHER_ADDED, added)
    acting.uow.commit()
    return added


def trusted_publisher(acting: Acting, project_id: int, rule_id: int) -> TrustedPublisherRule:
    """Return a rule of the project, or raise NotFound."""
    found = acting.uow.trusted.get(project_id, rule_id)
    if found is None:
        raise NotFound("Trusted publisher not found")
    return found


def remove_trusted_publisher(acting: Acting, project_id: int, rule_id: int) -> None:
    """Remove a rule, at once also for tokens that were minted by it."""
    found = trusted_publisher(acting, project_id, rule_id)
    acting.uow.trusted.delete(found.id)
    _record(acting, Action.TRUSTED_PUBLISHER_REMOVED, found)
    acting.uow.access_changed()
    acting.uow.commit()


def _record(acting: Acting, action: Action, found: TrustedPublisherRule) -> None:
    details = {"id": found.id, "issuer": found.rule.issuer, "claims": dict(found.rule.claims)}
    acting.record(action, details, project_id=found.project_id)
