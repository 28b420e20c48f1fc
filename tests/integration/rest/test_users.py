"""Accounts: GitLab's addresses, fields and status codes."""

import pytest
from tests.integration.rest.conftest import Town

from wheelyard_core.domain.tokens import is_well_formed

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]


def test_an_account_is_made_found_changed_and_deleted(town: Town) -> None:
    made = town.admin.post("/users", username="Ada", name="Ada L", email="ada@example.com")

    assert made | {"created_at": "", "web_url": ""} == {
        "id": made["id"],
        "username": "Ada",
        "name": "Ada L",
        "email": "ada@example.com",
        "state": "active",
        "locked": False,
        "is_admin": False,
        "bot": False,
        "web_url": "",
        "created_at": "",
    }
    assert made["created_at"].endswith("Z")
    assert town.admin.get("/users?username=ada")[0]["id"] == made["id"]
    assert [user["id"] for user in town.admin.get("/users?search=DA@EX")] == [made["id"]]
    changed = town.admin.put(f"/users/{made['id']}", name="Ada Lovelace", admin=True)
    assert (changed["name"], changed["is_admin"]) == ("Ada Lovelace", True)
    patched = town.admin.ask("PATCH", f"/users/{made['id']}", json={"username": "lovelace"})
    assert patched.get_json()["username"] == "lovelace"
    town.admin.delete(f"/users/{made['id']}")
    town.admin.get(f"/users/{made['id']}", status=404)


def test_whoever_asks_is_shown_to_themselves(town: Town) -> None:
    somebody = town.person()

    assert somebody.get("/user")["username"] == somebody.name
    assert somebody.get(f"/users/{somebody.id}")["id"] == somebody.id


def test_accounts_are_for_administrators(town: Town) -> None:
    somebody, other, reader = town.person(), town.person(), town.person("read_api")

    assert somebody.status("GET", "/users") == 403
    assert somebody.status("GET", f"/users/{other.id}") == 403
    assert somebody.status("POST", "/users", username="eve") == 403
    assert somebody.status("PUT", f"/users/{somebody.id}", admin=True) == 403
    assert somebody.status("DELETE", f"/users/{other.id}") == 403
    assert somebody.status("POST", f"/users/{other.id}/block") == 403
    assert reader.status("POST", "/user/personal_access_tokens", name="x", scopes=["api"]) == 403
    for path in ("/user", "/users", f"/users/{other.id}", "/personal_access_tokens"):
        answer = town.nobody.ask("GET", path)
        assert (answer.status_code, "Basic" in answer.headers["WWW-Authenticate"]) == (401, True)


def test_a_taken_name_or_address_is_409_as_in_gitlab(town: Town) -> None:
    town.admin.post("/users", username="ada", email="ada@example.com")
    group = town.group()

    again = town.admin.ask("POST", "/users", json={"username": "ADA"})
    assert again.status_code == 409
    assert "Username has already been taken" in again.get_json()["message"]
    mail = town.admin.ask("POST", "/users", json={"username": "bob", "email": "Ada@example.com"})
    assert mail.status_code == 409
    assert "Email has already been taken" in mail.get_json()["message"]
    assert town.admin.status("POST", "/users", username=group["path"]) == 409
    bob = town.admin.post("/users", username="bob", email="bob@example.com")
    for fields in ({"username": "Ada"}, {"username": group["path"]}, {"email": "ADA@example.com"}):
        assert town.admin.status("PUT", f"/users/{bob['id']}", **fields) == 409
    town.admin.put(f"/users/{bob['id']}", username="Bob", email="bob@example.com")
    assert town.admin.status("POST", "/groups", name="ada") == 400


def test_a_blocked_account_can_do_nothing_until_unblocked(town: Town) -> None:
    somebody = town.person()

    assert town.admin.post(f"/users/{somebody.id}/block") is True
    refused = somebody.ask("GET", "/user")
    assert refused.status_code == 401
    assert "blocked" in refused.get_json()["message"]
    assert town.admin.get(f"/users/{somebody.id}")["state"] == "blocked"
    assert [user["id"] for user in town.admin.get("/users?blocked=true")] == [somebody.id]
    assert town.admin.post(f"/users/{somebody.id}/unblock") is True
    somebody.get("/user")


def test_administrators_cannot_lock_themselves_out(town: Town) -> None:
    assert town.admin.status("POST", f"/users/{town.admin.id}/block") == 403
    assert town.admin.status("DELETE", f"/users/{town.admin.id}") == 403
    assert town.admin.status("PUT", f"/users/{town.admin.id}", admin=False) == 400


def test_tokens_of_a_deleted_account_say_revoked(town: Town) -> None:
    project = town.project()
    somebody = town.member(30, project)
    job = somebody.post(f"/projects/{project['id']}/job_tokens")["token"]
    personal = somebody.post("/projects", name="mine")

    town.admin.delete(f"/users/{somebody.id}")

    for secret in (somebody.secret, job):
        refused = town.yard.client.get(
            "/api/v4/user", headers={"Authorization": f"Bearer {secret}"}
        )
        assert refused.status_code == 401
        assert "revoked" in refused.get_json()["message"]
    town.admin.get(f"/projects/{personal['id']}", status=404)
    assert town.admin.get(f"/projects/{project['id']}/members?per_page=100") == []


def test_the_only_owner_of_a_group_is_not_deleted_by_accident(town: Town) -> None:
    somebody = town.person()
    group = somebody.post("/groups", name="theirs")

    refused = town.admin.ask("DELETE", f"/users/{somebody.id}")
    assert refused.status_code == 409
    town.admin.delete(f"/users/{somebody.id}?hard_delete=true")
    town.admin.get(f"/groups/{group['id']}", status=404)


MALFORMED: list[tuple[dict[str, object], str]] = [
    ({}, "username is missing"),
    ({"username": "  "}, "username can't be blank"),
    ({"username": "-x"}, "cannot start with '-'"),
    ({"username": "x.git"}, "cannot end in"),
    ({"username": "api"}, "reserved"),
    ({"username": "x" * 256}, "too long"),
    ({"username": "x\x00y"}, "characters that cannot be shown"),
    ({"username": "x\ud800"}, "characters that cannot be shown"),
    ({"username": ["x"]}, "must be a text"),
    ({"username": "x", "admin": "perhaps"}, "true or false"),
    ({"username": "x", "email": "nowhere"}, "email is invalid"),
    ({"username": "x", "email": f"{'ä' * 200}@a.test"}, "email is too long"),
    ({"username": "x", "name": " "}, "name can't be blank"),
]


def test_malformed_accounts_are_refused_by_a_sentence(town: Town) -> None:
    for fields, word in MALFORMED:
        town.admin.refused("/users", word, **fields)


def test_no_account_is_given_an_empty_name(town: Town) -> None:
    ada = town.admin.post("/users", username="ada")

    refused = town.admin.ask("PUT", f"/users/{ada['id']}", json={"username": ""})

    assert refused.status_code == 400
    assert "username can't be blank" in refused.get_json()["message"]
    assert town.admin.get(f"/users/{ada['id']}")["username"] == "ada"


def test_bodies_may_be_forms_and_queries(town: Town) -> None:
    urlencoded = town.admin.ask("POST", "/users", data={"username": "form", "admin": "true"})
    multipart = town.admin.ask(
        "POST", "/users", data={"username": "parts"}, content_type="multipart/form-data"
    )
    query = town.admin.ask("POST", "/users?username=query")

    assert urlencoded.get_json()["is_admin"] is True
    assert multipart.status_code == query.status_code == 201
    token = town.admin.ask(
        "POST",
        "/user/personal_access_tokens",
        data={"name": "ci", "scopes[]": ["api", "read_api"]},
    ).get_json()
    assert token["scopes"] == ["api", "read_api"]
    assert is_well_formed(token["token"])


def test_bodies_that_are_no_object_are_refused(town: Town) -> None:
    for body in (b"{", b"[]", b'"x"', b"9" * 5000, b"[" * 100_000, b"\xff"):
        answer = town.admin.ask("POST", "/users", data=body, content_type="application/json")

        assert answer.status_code == 400
        assert "The body must be" in answer.get_json()["message"]
    long = town.admin.ask("POST", "/users", data=b" " * (2 << 20), content_type="application/json")
    assert long.status_code == 413


def test_numbers_that_no_row_has_are_not_found(town: Town) -> None:
    for number in ("0", "999999", "9" * 19, "9" * 40):
        assert town.admin.status("GET", f"/users/{number}") == 404
        assert town.admin.status("GET", f"/personal_access_tokens/{number}") == 404
        assert town.admin.status("GET", f"/projects/{number}") == 404
        assert town.admin.status("GET", f"/groups/{number}") == 404
        assert town.admin.status("POST", "/projects", name="x", namespace_id=int(number)) in {
            400,
            404,
        }
    for path in ("%ff%fe", "a%2F%2Fb", "%2F"):
        assert town.admin.status("GET", f"/projects/{path}") == 404
        assert town.admin.status("GET", f"/groups/{path}") == 404
    for address in ("/projects/a%00b", "/groups/a%00b", "/users?search=%00"):
        assert town.admin.status("GET", address) == 400
