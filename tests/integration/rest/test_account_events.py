"""Audit events of accounts and of their tokens, and the count of all events."""

from typing import Any

import pytest
from tests.integration.rest.conftest import Town

from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.audit import SYSTEM, Action, AuditEvent
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics

pytestmark = pytest.mark.integration


def about(town: Town, user_id: int) -> list[Any]:
    """Return what was done to an account, the first first."""
    found = town.admin.get(f"/audit_events?entity_type=User&entity_id={user_id}")
    assert isinstance(found, list)
    return found[::-1]


def acts(found: list[Any]) -> list[str]:
    return [event["event_name"] for event in found]


def test_every_change_of_an_account_is_told_of_with_who_made_it(town: Town) -> None:
    user = town.admin.post("/users", username="Eve", name="Eve", email="eve@example.com")
    path = f"/users/{user['id']}"
    town.admin.put(path, name="Eva", admin=True)
    town.admin.put(path, name="Eva")
    town.admin.post(f"{path}/block")
    town.admin.post(f"{path}/unblock")
    town.admin.delete(path)

    found = about(town, user["id"])

    assert acts(found) == [
        "user_created",
        "user_changed",
        "user_blocked",
        "user_unblocked",
        "user_deleted",
    ]
    for event in found:
        assert (event["entity_type"], event["entity_id"]) == ("User", user["id"])
        assert event["details"]["username"] == "Eve"
        assert event["author_id"] == town.admin.id
        assert event["details"]["token_id"] is not None
    assert found[1]["details"]["changes"] == {
        "name": {"from": "Eve", "to": "Eva"},
        "is_admin": {"from": False, "to": True},
    }


def test_personal_tokens_are_told_of_with_their_account_and_without_their_secret(
    town: Town,
) -> None:
    eve = town.person()
    made = eve.post("/user/personal_access_tokens", name="laptop", scopes=["read_api"])
    rotated = eve.post(f"/personal_access_tokens/{made['id']}/rotate", 200)
    eve.delete(f"/personal_access_tokens/{rotated['id']}")

    found = [event for event in about(town, eve.id) if "token" in event["details"]][1:]

    assert acts(found) == ["token_created", "token_created", "token_rotated", "token_revoked"]
    assert [event["details"]["token"]["token_id"] for event in found] == [
        made["id"],
        rotated["id"],
        made["id"],
        rotated["id"],
    ]
    assert found[0]["details"]["token"]["scopes"] == ["read_api"]
    for secret in (made["token"], rotated["token"]):
        assert secret not in str(found)


def test_events_are_found_by_what_they_are_about(town: Town) -> None:
    project, group, eve = town.project(), town.group(), town.person()
    town.admin.post(f"/users/{eve.id}/block")
    town.admin.post(f"/groups/{group['id']}/members", user_id=eve.id, access_level=30)

    kinds = {
        kind: town.admin.get(f"/audit_events?entity_type={kind}&per_page=100")
        for kind in ("Project", "Group", "User")
    }

    for kind, found in kinds.items():
        assert {event["entity_type"] for event in found} == {kind}
    assert project["id"] in {event["entity_id"] for event in kinds["Project"]}
    # That somebody became a member is told of the place alone.
    assert acts(about(town, eve.id))[-1] == "user_blocked"
    assert about(town, 987_654_321) == []


def test_only_administrators_read_of_accounts(town: Town) -> None:
    eve = town.person()
    address = f"/audit_events?entity_type=User&entity_id={eve.id}"

    assert eve.status("GET", address) == 403
    assert town.nobody.status("GET", address) == 401


def test_events_are_counted_by_action_once_they_are_true(town: Town) -> None:
    metrics = Metrics("test", (Part.AUDITED,))
    registry = make_registry(town.yard.registry.settings, "test", metrics=metrics)

    def counted() -> dict[str, float]:
        lines = [line for line in metrics.exposition().decode().splitlines() if "{action=" in line]
        return {line.split('"')[1]: float(line.split()[-1]) for line in lines}

    assert counted() == {}
    with registry.database.begin() as uow:
        uow.audit.record(AuditEvent(Action.USER_DELETED, SYSTEM))
    with registry.database.begin() as uow:
        uow.audit.record(AuditEvent(Action.USER_CREATED, SYSTEM))
        uow.audit.record(AuditEvent(Action.GROUP_CREATED, SYSTEM))
        uow.commit()
        uow.commit()
    registry.close()

    assert counted() == {Action.USER_CREATED: 1, Action.GROUP_CREATED: 1}
