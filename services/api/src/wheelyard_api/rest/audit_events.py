"""Audit events of projects, groups and the whole registry, in GitLab's shape."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.audit import AuditFilter, Entity, RecordedEvent
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.usecases import read_audit
from wheelyard_core.usecases.acting import Acting

blueprint = Blueprint("audit_events", __name__, url_prefix="/api/v4")

_ORDERS: Final = ("id", "created_at")
# What GitLab calls the authors that are no accounts.
_NOBODY: Final = -1


@blueprint.get("/projects/<reference>/audit_events")
def of_project(reference: str) -> Response:
    """List what was done in a project."""
    return _list(lambda who: read_audit.in_project(who, reference))


@blueprint.get("/projects/<reference>/audit_events/<number:event_id>")
def one_of_project(reference: str, event_id: int) -> Response:
    """Show one of a project's events."""
    return _show(lambda who: read_audit.in_project(who, reference), event_id)


@blueprint.get("/groups/<reference>/audit_events")
def of_group(reference: str) -> Response:
    """List what was done to a group."""
    return _list(lambda who: read_audit.in_group(who, reference))


@blueprint.get("/groups/<reference>/audit_events/<number:event_id>")
def one_of_group(reference: str, event_id: int) -> Response:
    """Show one of a group's events."""
    return _show(lambda who: read_audit.in_group(who, reference), event_id)


@blueprint.get("/audit_events")
def everywhere() -> Response:
    """List what was done anywhere, to an administrator."""
    return _list(_everywhere)


@blueprint.get("/audit_events/<number:event_id>")
def one_of_all(event_id: int) -> Response:
    """Show one of all events."""
    return _show(read_audit.everywhere, event_id)


def _everywhere(who: Acting) -> AuditFilter:
    read_audit.everywhere(who)
    params = Params.of_request()
    kind, number = params.choice("entity_type", Entity), params.number("entity_id")
    if kind is None and number is not None:
        raise InvalidInput("entity_type is missing: it is Project, Group or User")
    return AuditFilter(kind, number)


def _list(place: Callable[[Acting], AuditFilter]) -> Response:
    with acting(writes=False) as who:
        here = place(who)
        params = Params.of_request()
        stretch, page = read_stretch(params, _ORDERS, "id_desc")
        wanted = AuditFilter(
            here.entity,
            here.entity_id,
            params.moment("created_after"),
            params.moment("created_before"),
        )
        listed = who.uow.audit_trail.listed(wanted, stretch)
    return answer_list(listed, stretch, page, _shown)


def _show(place: Callable[[Acting], AuditFilter], event_id: int) -> Response:
    with acting(writes=False) as who:
        return jsonify(_shown(read_audit.one(who, place(who), event_id)))


def _shown(recorded: RecordedEvent) -> shown.Shown:
    event = recorded.event
    entity_type, entity_id = _entity(recorded)
    details: shown.Shown = {
        "author_name": event.agent.name,
        "author_class": event.agent.kind.value,
        "event_name": event.action.value,
        "target_details": _target(recorded),
        "package": event.package,
        "version": event.version,
        "file_name": event.filename,
        "reason": event.reason,
        "token_id": event.agent.token_id,
        "token_name": recorded.token_name,
        "request_id": recorded.request_id,
    }
    return {
        "id": recorded.id,
        "author_id": _NOBODY if event.agent.user_id is None else event.agent.user_id,
        "entity_id": entity_id,
        "entity_type": entity_type,
        "event_name": event.action.value,
        "details": details | dict(event.details),
        "created_at": shown.moment(recorded.created_at),
    }


def _entity(recorded: RecordedEvent) -> tuple[str, int]:
    event = recorded.event
    if event.project_id is not None:
        return Entity.PROJECT, event.project_id
    if event.group_id is not None:
        return Entity.GROUP, event.group_id
    if recorded.user_id is not None:
        return Entity.USER, recorded.user_id
    return "Gitlab::Audit::InstanceScope", 1


def _target(recorded: RecordedEvent) -> str | None:
    event = recorded.event
    if event.filename is not None:
        return event.filename
    return " ".join(word for word in (event.package, event.version) if word) or None
