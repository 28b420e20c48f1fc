"""Personal, project, deploy and job tokens: shown once, rotated, and gone at once."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.distributions import ADistribution

from wheelyard_core.domain.tokens import is_well_formed

if TYPE_CHECKING:
    from tests.integration.rest.conftest import Someone, Town

pytestmark = pytest.mark.integration

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


def only(found: Any) -> Any:
    assert isinstance(found, list)
    assert len(found) == 1, found
    return found[0]


def refusal(somebody: "Someone", path: str = "/user") -> str:
    """Return the message of the 401 that somebody gets."""
    answer = somebody.ask("GET", path)
    assert answer.status_code == 401, answer.text
    message = answer.get_json()["message"]
    assert isinstance(message, str)
    return message


def test_a_secret_is_in_the_answer_of_its_creation_only(town: "Town") -> None:
    ada = town.person()

    answer = ada.ask(
        "POST",
        "/user/personal_access_tokens",
        json={"name": "ci", "scopes": ["read_api"], "expires_at": TOMORROW},
    )

    made = answer.get_json()
    secret = made.pop("token")
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_well_formed(secret)
    assert made | {"created_at": None} == {
        "id": made["id"],
        "name": "ci",
        "description": None,
        "revoked": False,
        "active": True,
        "scopes": ["read_api"],
        "user_id": ada.id,
        "created_at": None,
        "last_used_at": None,
        "expires_at": TOMORROW,
    }
    assert ada.get(f"/personal_access_tokens/{made['id']}") == made
    for path in ("/personal_access_tokens", f"/personal_access_tokens/{made['id']}"):
        assert secret not in ada.ask("GET", path).text
    town.holder(secret).get("/user")
    assert ada.get(f"/personal_access_tokens/{made['id']}")["last_used_at"] is not None


MALFORMED_TOKENS: list[tuple[dict[str, object], str]] = [
    ({"scopes": ["api"]}, "name is missing"),
    ({"name": "x"}, "scopes is missing"),
    ({"name": "x", "scopes": []}, "api and read_api"),
    ({"name": "x", "scopes": ["sudo"]}, "api and read_api"),
    ({"name": "x", "scopes": {"api": 1}}, "list of words"),
    ({"name": "x", "scopes": ["api"], "expires_at": "2020-01-01"}, "in the future"),
    ({"name": "x", "scopes": ["api"], "expires_at": "soon"}, "must be a date like"),
]


def test_malformed_tokens_are_refused_by_a_sentence(town: "Town") -> None:
    for fields, word in MALFORMED_TOKENS:
        town.admin.refused("/user/personal_access_tokens", word, **fields)


def test_everybody_sees_their_own_tokens_and_administrators_all(town: "Town") -> None:
    ada, bob = town.person(), town.person()
    hers = only(ada.get("/personal_access_tokens"))

    assert only(ada.get(f"/personal_access_tokens?user_id={ada.id}"))["id"] == hers["id"]
    assert ada.status("GET", f"/personal_access_tokens?user_id={bob.id}") == 403
    assert bob.status("GET", f"/personal_access_tokens/{hers['id']}") == 404
    assert bob.status("DELETE", f"/personal_access_tokens/{hers['id']}") == 404
    assert bob.status("POST", f"/personal_access_tokens/{hers['id']}/rotate") == 404
    assert bob.status("POST", f"/users/{ada.id}/personal_access_tokens") == 403
    everything = town.admin.get("/personal_access_tokens")
    assert {token["user_id"] for token in everything} == {town.admin.id, ada.id, bob.id}
    assert only(town.admin.get(f"/personal_access_tokens?user_id={ada.id}"))["id"] == hers["id"]


def test_a_revoked_token_stops_at_once_and_says_so(town: "Town") -> None:
    ada = town.person()
    other = ada.post("/user/personal_access_tokens", name="other", scopes=["read_api"])
    holder = town.holder(other["token"])
    assert holder.get("/personal_access_tokens/self")["id"] == other["id"]

    ada.delete(f"/personal_access_tokens/{other['id']}")

    assert "revoked" in refusal(holder)
    shown = ada.get(f"/personal_access_tokens/{other['id']}")
    assert (shown["revoked"], shown["active"]) == (True, False)
    assert only(ada.get("/personal_access_tokens?revoked=true"))["id"] == other["id"]
    assert only(ada.get("/personal_access_tokens?state=active"))["name"] == "test"
    ada.delete("/personal_access_tokens/self")
    assert "revoked" in refusal(ada)


def test_any_token_may_revoke_itself(town: "Town") -> None:
    ada = town.person("read_api")

    ada.delete("/personal_access_tokens/self")

    assert "revoked" in refusal(ada)


def test_a_rotated_token_hands_over_to_its_successor(town: "Town") -> None:
    ada = town.person()
    old = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"], expires_at=TOMORROW)

    new = ada.post(f"/personal_access_tokens/{old['id']}/rotate", status=200)

    assert (new["name"], new["scopes"], new["revoked"]) == ("ci", ["api"], False)
    # GitLab's: a week, where nothing else was asked for.
    assert new["expires_at"] > TOMORROW
    assert new["id"] != old["id"]
    assert "revoked" in refusal(town.holder(old["token"]))
    third = town.holder(new["token"]).post(
        "/personal_access_tokens/self/rotate", status=200, expires_at=TOMORROW
    )
    assert third["expires_at"] == TOMORROW
    town.holder(third["token"]).get("/user")


def test_a_token_without_end_is_rotated_into_one_without_end(town: "Town") -> None:
    ada = town.person()

    assert ada.post("/personal_access_tokens/self/rotate", status=200)["expires_at"] is None


def test_rotating_a_rotated_id_again_revokes_the_family(town: "Town") -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    second = ada.post(f"/personal_access_tokens/{first['id']}/rotate", status=200)

    again = ada.ask("POST", f"/personal_access_tokens/{first['id']}/rotate")

    assert again.status_code == 400
    assert "revoked now" in again.get_json()["message"]
    assert "revoked" in refusal(town.holder(second["token"]))
    ada.get("/user")


def test_rotating_by_a_rotated_secret_revokes_the_family(town: "Town") -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    thief = town.holder(first["token"])
    second = thief.post("/personal_access_tokens/self/rotate", status=200)
    third = town.holder(second["token"]).post("/personal_access_tokens/self/rotate", status=200)
    # To read with a rotated secret is refused, and no more.
    assert "revoked" in refusal(thief)
    town.holder(third["token"]).get("/user")

    again = thief.ask("POST", "/personal_access_tokens/self/rotate")

    assert again.status_code == 401
    assert "revoked now" in again.get_json()["message"]
    assert "revoked" in refusal(town.holder(third["token"]))
    ada.get("/user")


def test_a_token_that_was_revoked_but_not_rotated_is_only_refused(town: "Town") -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    second = ada.post(f"/personal_access_tokens/{first['id']}/rotate", status=200)
    ada.delete(f"/personal_access_tokens/{second['id']}")

    answer = ada.ask("POST", f"/personal_access_tokens/{second['id']}/rotate")

    assert answer.status_code == 400
    assert "cannot be rotated" in answer.get_json()["message"]


def test_a_reading_token_does_not_rotate_itself(town: "Town") -> None:
    reader = town.person("read_api")

    assert reader.status("POST", "/personal_access_tokens/self/rotate") == 403


def test_a_project_access_token_acts_as_a_bot_member(town: "Town") -> None:
    project = town.project()
    keeper = town.member(40, project)
    path = f"/projects/{project['id']}/access_tokens"

    made = keeper.post(path, name="ci", scopes=["api"], expires_at=TOMORROW)

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
    assert "revoked" in refusal(bot)
    keeper.get(f"/projects/{project['id']}/members/{me['id']}", status=404)
    revoked = keeper.get(f"{path}/{made['id']}")
    assert (revoked["active"], revoked["access_level"]) == (False, None)


def test_a_project_access_token_rotates_with_its_bot(town: "Town") -> None:
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
    assert "revoked" in refusal(bot)
    keeper.get(f"/projects/{project['id']}/members/{first['user_id']}", status=404)


def test_nobody_gets_a_token_above_their_own_role(town: "Town") -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    owner, keeper = town.member(50, group=group), town.member(40, project)
    path = f"/projects/{project['id']}/access_tokens"
    above = owner.post(path, name="owner", scopes=["api"], access_level=50)

    assert keeper.status("POST", path, name="x", scopes=["api"], access_level=50) == 403
    assert keeper.status("POST", f"{path}/{above['id']}/rotate") == 403
    # Taking it away is no way to get it.
    keeper.delete(f"{path}/{above['id']}")


def test_project_tokens_are_found_in_their_own_project_only(town: "Town") -> None:
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


def test_deploy_tokens_have_a_name_without_a_plus(town: "Town") -> None:
    project = town.project()
    keeper = town.member(40, project)
    path = f"/projects/{project['id']}/deploy_tokens"

    made = keeper.post(path, name="pip", scopes=["read_package_registry"], expires_at=TOMORROW)

    secret = made.pop("token")
    assert made == {
        "id": made["id"],
        "name": "pip",
        "username": f"wheelyard-deploy-token-{made['id']}",
        "expires_at": f"{TOMORROW}T00:00:00.000Z",
        "revoked": False,
        "expired": False,
        "scopes": ["read_package_registry"],
    }
    assert secret.startswith("wyd_")
    assert keeper.get(path) == [made]
    assert keeper.get(f"{path}/{made['id']}") == made
    named = keeper.post(path, name="x", username="ci-bot", scopes=["write_package_registry"])
    assert named["username"] == "ci-bot"
    assert keeper.status("POST", path, name="x", scopes=["api"]) == 400
    assert keeper.status("POST", path, name="x", scopes=["read_registry"]) == 400
    colon = {"name": "x", "scopes": ["read_package_registry"], "username": "a:b"}
    assert keeper.status("POST", path, **colon) == 400
    assert len(town.admin.get("/deploy_tokens")) == 2
    assert keeper.status("GET", "/deploy_tokens") == 403


def test_a_deleted_deploy_token_reads_no_more(town: "Town") -> None:
    project = town.project()
    path = f"/projects/{project['id']}/deploy_tokens"
    made = town.admin.post(path, name="pip", scopes=["read_package_registry"])
    page = f"/api/v4/projects/{project['id']}/packages/pypi/simple"
    headers = {"DEPLOY-TOKEN": made["token"]}
    assert town.yard.client.get(page, headers=headers).status_code == 200

    town.admin.delete(f"{path}/{made['id']}")

    answer = town.yard.client.get(page, headers=headers)
    assert answer.status_code == 401
    assert "revoked" in answer.text
    town.admin.get(f"{path}/{made['id']}", status=404)
    town.admin.delete(f"{path}/{made['id']}", status=404)
    assert town.admin.get(path) == []


def test_a_groups_deploy_token_is_its_owners_matter(town: "Town") -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    owner, keeper, developer = (town.member(level, group=group) for level in (50, 40, 30))
    path = f"/groups/{group['id']}/deploy_tokens"

    made = owner.post(path, name="all", scopes=["read_package_registry"])

    assert [token["id"] for token in keeper.get(path)] == [made["id"]]
    assert keeper.status("POST", path, name="x", scopes=["read_package_registry"]) == 403
    assert developer.status("GET", path) == 403
    page = f"/api/v4/projects/{project['id']}/packages/pypi/simple"
    headers = {"DEPLOY-TOKEN": made["token"]}
    assert town.yard.client.get(page, headers=headers).status_code == 200
    owner.delete(f"{path}/{made['id']}")
    assert town.yard.client.get(page, headers=headers).status_code == 401


def test_deploy_and_job_tokens_administer_nothing(town: "Town") -> None:
    project = town.project()
    path = f"/projects/{project['id']}"
    deploy = town.admin.post(
        f"{path}/deploy_tokens",
        name="d",
        scopes=["read_package_registry", "write_package_registry"],
    )["token"]
    job = town.admin.post(f"{path}/job_tokens")["token"]

    for secret in (deploy, job):
        headers = {"Authorization": f"Bearer {secret}"}
        for method, address in (
            ("GET", "/user"),
            ("GET", "/personal_access_tokens/self"),
            ("POST", "/user/personal_access_tokens"),
            ("POST", "/projects"),
            ("POST", f"{path}/job_tokens"),
            ("POST", f"{path}/members"),
            ("GET", f"{path}/deploy_tokens"),
            ("PUT", path),
            ("DELETE", path),
        ):
            answer = town.yard.client.open(f"/api/v4{address}", method=method, headers=headers)
            assert answer.status_code == 403, (method, address, answer.text)


def test_an_upload_records_the_job_of_its_token(town: "Town") -> None:
    project = town.project()
    developer = town.member(30, project)
    job: dict[str, Any] = {"ref": "main", "sha": "a" * 40, "pipeline_url": "https://ci.example/7"}

    made = developer.post(f"/projects/{project['id']}/job_tokens", expires_in=60, **job)

    assert made["token"].startswith("wyj_")
    ends = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert timedelta(seconds=58) < ends < timedelta(seconds=62)
    built = ADistribution().named("demo", "1.0").wheel()
    sent = town.yard.publish(project["id"], built, made["token"], user="gitlab-ci-token")
    assert sent.status_code == 201, sent.text
    package = only(developer.get(f"/projects/{project['id']}/packages"))
    pipeline = package["pipeline"]
    assert (pipeline["ref"], pipeline["sha"]) == ("main", "a" * 40)
    assert pipeline["web_url"] == "https://ci.example/7"
    assert pipeline["id"] == made["id"]


MALFORMED_JOBS: list[tuple[dict[str, object], str]] = [
    ({"expires_in": 0}, "from 1 to 86400"),
    ({"expires_in": 86401}, "from 1 to 86400"),
    ({"expires_in": "an hour"}, "whole number"),
    ({"expires_in": -1}, "negative"),
    ({"expires_in": 10**30}, "too large"),
    ({"expires_in": True}, "whole number"),
    ({"pipeline_url": "javascript:alert(1)"}, "http or https"),
    ({"pipeline_url": "https://[x"}, "http or https"),
    ({"ref": "x" * 300}, "too long"),
]


def test_malformed_jobs_are_refused_by_a_sentence(town: "Town") -> None:
    project = town.project()

    for fields, word in MALFORMED_JOBS:
        town.admin.refused(f"/projects/{project['id']}/job_tokens", word, **fields)


def test_job_tokens_are_for_developers_with_the_api_scope(town: "Town") -> None:
    project = town.project()
    path = f"/projects/{project['id']}/job_tokens"
    reporter, stranger = town.member(20, project), town.person()
    developer = town.member(30, project)
    reading = developer.post("/user/personal_access_tokens", name="r", scopes=["read_api"])

    assert reporter.status("POST", path) == 403
    assert stranger.status("POST", path) == 404
    assert town.nobody.status("POST", path) == 401
    assert town.holder(reading["token"]).status("POST", path) == 403
    town.admin.post(f"/projects/{project['id']}/access_tokens", name="b", scopes=["api"])
    developer.post(path)
