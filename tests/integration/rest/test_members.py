"""Members: who manages them, what they may grant, and that rights end at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.rest.conftest import SOME_DAY, Town

from wheelyard_core.adapters.db.models import Member

pytestmark = pytest.mark.integration


def ids(found: Any) -> list[int]:
    return [one["id"] for one in found]


def test_members_come_change_and_go(town: Town) -> None:
    for kind, place in (("projects", town.project()), ("groups", town.group())):
        path = f"/{kind}/{place['id']}/members"
        ada = town.person()

        made = town.admin.post(path, user_id=ada.id, access_level=30, expires_at=SOME_DAY)

        assert made | {"created_at": "", "web_url": ""} == {
            "id": ada.id,
            "username": ada.name,
            "name": "A Person",
            "state": "active",
            "locked": False,
            "web_url": "",
            "access_level": 30,
            "expires_at": SOME_DAY,
            "created_at": "",
        }
        assert ada.get(f"{path}/{ada.id}") == made
        changed = town.admin.put(f"{path}/{ada.id}", access_level=20)
        assert (changed["access_level"], changed["expires_at"]) == (20, SOME_DAY)
        endless = town.admin.put(f"{path}/{ada.id}", access_level=20, expires_at="")
        assert endless["expires_at"] is None
        assert ada.id in ids(town.admin.get(f"{path}?query={ada.name}"))
        again = town.admin.ask("POST", path, json={"user_id": ada.id, "access_level": 30})
        assert again.status_code == 409
        assert "Member already exists" in again.get_json()["message"]
        town.admin.delete(f"{path}/{ada.id}")
        town.admin.delete(f"{path}/{ada.id}", status=404)
        ada.get(f"/{kind}/{place['id']}", status=404)
        named = town.admin.post(path, username=ada.name, access_level=10)
        assert named["id"] == ada.id


def test_a_role_is_inherited_and_the_highest_counts(town: Town) -> None:
    group = town.group()
    cell = town.group(parent_id=group["id"])
    project = town.project(namespace_id=cell["id"])
    ada = town.member(20, group=group)
    town.admin.post(f"/projects/{project['id']}/members", user_id=ada.id, access_level=40)
    path = f"/projects/{project['id']}/members"

    everybody = ada.get(f"{path}/all")

    roles = {one["id"]: one["access_level"] for one in everybody}
    assert roles == {ada.id: 40, town.admin.id: 50}
    assert ids(ada.get(path)) == [ada.id]
    assert ada.get(f"{path}/all/{town.admin.id}")["access_level"] == 50
    ada.get(f"{path}/{town.admin.id}", status=404)
    assert ada.get(f"/groups/{cell['id']}/members/all/{ada.id}")["access_level"] == 20
    ada.put(f"/projects/{project['id']}", description="as maintainer")


def test_members_of_a_hidden_group_are_shown_to_no_stranger_of_what_is_below(town: Town) -> None:
    hidden = town.group()
    shown = town.group(parent_id=hidden["id"], visibility="public")
    project = town.project(namespace_id=shown["id"], visibility="public")
    above, between = town.member(40, group=hidden), town.member(30, group=shown)
    direct = town.member(20, project)
    town.admin.post(f"/groups/{hidden['id']}/members", user_id=direct.id, access_level=50)
    stranger = town.person()
    path, of_group = f"/projects/{project['id']}/members/all", f"/groups/{shown['id']}/members/all"

    roles = {one["id"]: one["access_level"] for one in stranger.get(path)}

    # Whoever makes a group owns it: the administrator.
    assert roles == {town.admin.id: 50, between.id: 30, direct.id: 20}
    assert set(ids(stranger.get(of_group))) == {town.admin.id, between.id}
    for place in (path, of_group):
        stranger.get(f"{place}/{above.id}", status=404)
    assert stranger.get(f"{path}/{direct.id}")["access_level"] == 20
    everybody = {town.admin.id: 50, above.id: 40, between.id: 30, direct.id: 50}
    for who in (direct, between, above, town.admin):
        assert {one["id"]: one["access_level"] for one in who.get(path)} == everybody


def test_the_owner_of_a_personal_project_is_shown_to_who_sees_it(town: Town) -> None:
    ada = town.person()
    mine = ada.post("/projects", name="mine", visibility="public")

    assert ids(town.person().get(f"/projects/{mine['id']}/members/all")) == [ada.id]


def test_nobody_grants_or_takes_a_role_above_their_own(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/members"
    keeper, owner = town.member(40, project), town.member(50, project)
    developer, stranger = town.member(30, project), town.person()

    assert keeper.status("POST", path, user_id=stranger.id, access_level=50) == 403
    assert keeper.status("PUT", f"{path}/{keeper.id}", access_level=50) == 403
    assert keeper.status("PUT", f"{path}/{owner.id}", access_level=10) == 403
    assert keeper.status("DELETE", f"{path}/{owner.id}") == 403
    assert developer.status("POST", path, user_id=stranger.id, access_level=10) == 403
    assert developer.status("DELETE", f"{path}/{keeper.id}") == 403
    assert stranger.status("POST", path, user_id=stranger.id, access_level=50) == 404
    assert town.nobody.status("POST", path, user_id=stranger.id, access_level=50) == 401
    keeper.post(path, user_id=stranger.id, access_level=40)
    owner.put(f"{path}/{stranger.id}", access_level=50)
    # Whoever wants to may go.
    developer.delete(f"{path}/{developer.id}")
    developer.get(f"/projects/{project['id']}", status=404)


def test_malformed_members_are_refused_by_a_sentence(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/members"
    ada = town.person()
    bot = town.admin.post(f"/projects/{project['id']}/access_tokens", name="b", scopes=["api"])
    cases: list[tuple[dict[str, object], str]] = [
        ({"user_id": ada.id}, "access_level is missing"),
        ({"access_level": 30}, "user_id is missing"),
        ({"user_id": ada.id, "access_level": 35}, "10 (guest)"),
        ({"user_id": ada.id, "access_level": 0}, "10 (guest)"),
        ({"user_id": ada.id, "access_level": "high"}, "whole number"),
        ({"user_id": ada.id, "access_level": 30, "expires_at": "2020-01-01"}, "in the future"),
        ({"user_id": bot["user_id"], "access_level": 30}, "bot"),
    ]
    for fields, word in cases:
        town.admin.refused(path, word, **fields)
    assert town.admin.status("POST", path, user_id=999, access_level=30) == 404
    assert town.admin.status("POST", path, username="nobody", access_level=30) == 404


def test_a_group_keeps_its_last_owner(town: Town) -> None:
    ada, bob = town.person(), town.person()
    group = ada.post("/groups", name="theirs")
    path = f"/groups/{group['id']}/members"

    assert ada.status("DELETE", f"{path}/{ada.id}") == 403
    assert ada.status("PUT", f"{path}/{ada.id}", access_level=40) == 403
    assert ada.status("PUT", f"{path}/{ada.id}", access_level=50, expires_at=SOME_DAY) == 403
    ada.post(path, user_id=bob.id, access_level=50)
    ada.delete(f"{path}/{ada.id}")
    assert ids(bob.get(path)) == [bob.id]


def test_leaving_a_group_is_leaving_what_is_below(town: Town) -> None:
    group = town.group()
    cell = town.group(parent_id=group["id"])
    project = town.project(namespace_id=cell["id"])
    ada, bob = town.member(20, group=group), town.member(20, group=group)
    for person in (ada, bob):
        town.admin.post(f"/projects/{project['id']}/members", user_id=person.id, access_level=30)

    town.admin.delete(f"/groups/{group['id']}/members/{ada.id}")
    town.admin.delete(f"/groups/{group['id']}/members/{bob.id}?skip_subresources=true")

    ada.get(f"/projects/{project['id']}", status=404)
    bob.get(f"/projects/{project['id']}")


def test_a_membership_ends_by_itself_and_can_begin_again(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/members"
    ada = town.person()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    town.admin.post(path, user_id=ada.id, access_level=30, expires_at=tomorrow.isoformat())
    ada.get(f"/projects/{project['id']}")

    # A day passes, for this row.
    with town.yard.kept.session() as session:
        its = select(Member).where(Member.user_id == ada.id)
        session.scalars(its).one().expires_at = tomorrow - timedelta(days=1)

    ada.get(f"/projects/{project['id']}", status=404)
    assert town.admin.get(path) == []
    town.admin.post(path, user_id=ada.id, access_level=20)
    ada.get(f"/projects/{project['id']}")
