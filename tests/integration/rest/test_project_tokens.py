"""Project access tokens: a bot's, never above their maker, and of one project."""

import pytest
from tests.integration.rest.conftest import SOME_DAY, Town, only

pytestmark = pytest.mark.integration


def test_a_project_access_token_acts_as_a_bot_member(town: Town) -> None:
    project = town.project()
    keeper = town.member(40, project)
    path = f"/projects/{project['id']}/access_tokens"

    made = keeper.post(path, name="ci", scopes=["api"], expires_at=SOME_DAY)

    assert (made["access_level"], made["resource_id"]) == (40, project["id"])
    bot = town.holder(made["token"])
    me = bot.get("/user")
    assert (me["bot"], me["name"], me["id"]) == (True, "ci", made["user_id"])
    assert keeper.get(f"/projects/{project['id']}/members/{me['id']}")["access_level"] == 40
    shown = only(keeper.get(path))
    assert "token" not in shown
    assert keeper.get(f"{path}/{made['id']}")["id"] == shown["id"]
    # A bot makes, and is given, nothing that would outlive it.
    town.admin.refused(f"/users/{me['id']}/personal_access_tokens", "bot", name="x", scopes=["api"])
    assert bot.status("POST", path, name="x", scopes=["api"]) == 403
    assert bot.status("POST", "/user/personal_access_tokens", name="x", scopes=["api"]) == 403
    assert bot.status("POST", "/groups", name="botgroup") == 403
    assert bot.status("POST", "/projects", name="botproject") == 403
    keeper.delete(f"{path}/{made['id']}")
    assert "revoked" in bot.refusal()
    keeper.get(f"/projects/{project['id']}/members/{me['id']}", status=404)
    revoked = keeper.get(f"{path}/{made['id']}")
    assert (revoked["active"], revoked["access_level"]) == (False, None)


def test_a_project_access_token_rotates_with_its_bot(town: Town) -> None:
    project = town.project()
    keeper = town.member(40, project)
    path = f"/projects/{project['id']}/access_tokens"
    first = keeper.post(path, name="ci", scopes=["api"], access_level=30)

    second = keeper.post(f"{path}/{first['id']}/rotate", status=200)
    third = town.holder(second["token"]).post(f"{path}/self/rotate", status=200)

    assert third["user_id"] == first["user_id"]
    assert third["access_level"] == 30
    bot = town.holder(third["token"])
    bot.get(f"/projects/{project['id']}")
    again = keeper.ask("POST", f"{path}/{second['id']}/rotate")
    assert again.status_code == 400
    assert "revoked" in bot.refusal()
    keeper.get(f"/projects/{project['id']}/members/{first['user_id']}", status=404)


def test_nobody_gets_a_token_above_their_own_role(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    owner, keeper = town.member(50, group=group), town.member(40, project)
    path = f"/projects/{project['id']}/access_tokens"
    above = owner.post(path, name="owner", scopes=["api"], access_level=50)

    assert keeper.status("POST", path, name="x", scopes=["api"], access_level=50) == 403
    assert keeper.status("POST", f"{path}/{above['id']}/rotate") == 403
    # Taking it away is no way to get it.
    keeper.delete(f"{path}/{above['id']}")


def test_project_tokens_are_found_in_their_own_project_only(town: Town) -> None:
    one, other = town.project(), town.project()
    keeper = town.member(40, one)
    town.admin.post(f"/projects/{other['id']}/members", user_id=keeper.id, access_level=40)
    token = keeper.post(f"/projects/{one['id']}/access_tokens", name="ci", scopes=["api"])
    deploy = keeper.post(
        f"/projects/{one['id']}/deploy_tokens", name="d", scopes=["read_package_registry"]
    )

    for path in (f"access_tokens/{token['id']}", f"deploy_tokens/{deploy['id']}"):
        assert keeper.status("GET", f"/projects/{other['id']}/{path}") == 404
        assert keeper.status("DELETE", f"/projects/{other['id']}/{path}") == 404
    bot = town.holder(token["token"])
    assert bot.status("POST", f"/projects/{other['id']}/access_tokens/self/rotate") == 404
    bot.get("/user")
