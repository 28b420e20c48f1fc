"""Personal tokens: shown once, rotated, and gone at once."""

import pytest
from tests.integration.rest.conftest import SOME_DAY, Town, only

from wheelyard_core.domain.tokens import is_well_formed

pytestmark = pytest.mark.integration


def test_a_secret_is_in_the_answer_of_its_creation_only(town: Town) -> None:
    ada = town.person()

    answer = ada.ask(
        "POST",
        "/user/personal_access_tokens",
        json={"name": "ci", "scopes": ["read_api"], "expires_at": SOME_DAY},
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
        "expires_at": SOME_DAY,
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


def test_malformed_tokens_are_refused_by_a_sentence(town: Town) -> None:
    for fields, word in MALFORMED_TOKENS:
        town.admin.refused("/user/personal_access_tokens", word, **fields)


@pytest.mark.own_registry
def test_everybody_sees_their_own_tokens_and_administrators_all(town: Town) -> None:
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


def test_a_revoked_token_stops_at_once_and_says_so(town: Town) -> None:
    ada = town.person()
    other = ada.post("/user/personal_access_tokens", name="other", scopes=["read_api"])
    holder = town.holder(other["token"])
    assert holder.get("/personal_access_tokens/self")["id"] == other["id"]

    ada.delete(f"/personal_access_tokens/{other['id']}")

    assert "revoked" in holder.refusal()
    shown = ada.get(f"/personal_access_tokens/{other['id']}")
    assert (shown["revoked"], shown["active"]) == (True, False)
    assert only(ada.get("/personal_access_tokens?revoked=true"))["id"] == other["id"]
    assert only(ada.get("/personal_access_tokens?state=active"))["name"] == "test"
    ada.delete("/personal_access_tokens/self")
    assert "revoked" in ada.refusal()


def test_any_token_may_revoke_itself(town: Town) -> None:
    ada = town.person("read_api")

    ada.delete("/personal_access_tokens/self")

    assert "revoked" in ada.refusal()


def test_a_rotated_token_hands_over_to_its_successor(town: Town) -> None:
    ada = town.person()
    old = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"], expires_at=SOME_DAY)

    new = ada.post(f"/personal_access_tokens/{old['id']}/rotate", status=200)

    assert (new["name"], new["scopes"], new["revoked"]) == ("ci", ["api"], False)
    # GitLab's: a week, where nothing else was asked for.
    assert new["expires_at"] > SOME_DAY
    assert new["id"] != old["id"]
    assert "revoked" in town.holder(old["token"]).refusal()
    third = town.holder(new["token"]).post(
        "/personal_access_tokens/self/rotate", status=200, expires_at=SOME_DAY
    )
    assert third["expires_at"] == SOME_DAY
    town.holder(third["token"]).get("/user")


def test_a_token_without_end_is_rotated_into_one_without_end(town: Town) -> None:
    ada = town.person()

    assert ada.post("/personal_access_tokens/self/rotate", status=200)["expires_at"] is None


def test_rotating_a_rotated_id_again_revokes_the_family(town: Town) -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    second = ada.post(f"/personal_access_tokens/{first['id']}/rotate", status=200)

    again = ada.ask("POST", f"/personal_access_tokens/{first['id']}/rotate")

    assert again.status_code == 400
    assert "revoked now" in again.get_json()["message"]
    assert "revoked" in town.holder(second["token"]).refusal()
    ada.get("/user")


def test_rotating_by_a_rotated_secret_revokes_the_family(town: Town) -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    thief = town.holder(first["token"])
    second = thief.post("/personal_access_tokens/self/rotate", status=200)
    third = town.holder(second["token"]).post("/personal_access_tokens/self/rotate", status=200)
    # To read with a rotated secret is refused, and no more.
    assert "revoked" in thief.refusal()
    town.holder(third["token"]).get("/user")

    again = thief.ask("POST", "/personal_access_tokens/self/rotate")

    assert again.status_code == 401
    assert "revoked now" in again.get_json()["message"]
    assert "revoked" in town.holder(third["token"]).refusal()
    ada.get("/user")


def test_a_token_that_was_revoked_but_not_rotated_is_only_refused(town: Town) -> None:
    ada = town.person()
    first = ada.post("/user/personal_access_tokens", name="ci", scopes=["api"])
    second = ada.post(f"/personal_access_tokens/{first['id']}/rotate", status=200)
    ada.delete(f"/personal_access_tokens/{second['id']}")

    answer = ada.ask("POST", f"/personal_access_tokens/{second['id']}/rotate")

    assert answer.status_code == 400
    assert "cannot be rotated" in answer.get_json()["message"]


def test_a_reading_token_does_not_rotate_itself(town: Town) -> None:
    reader = town.person("read_api")

    assert reader.status("POST", "/personal_access_tokens/self/rotate") == 403
