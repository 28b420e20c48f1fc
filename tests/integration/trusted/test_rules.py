"""The rules of projects, by the REST API."""

from typing import Any

import pytest
from tests.integration.trusted.conftest import GITHUB_RULE, GITLAB_RULE
from tests.support.in_process import Yard
from tests.support.issuer import Issuer
from tests.support.seed import SeededProject

from wheelyard_core.domain.access import Role, Scope

pytestmark = pytest.mark.integration


def address(project: SeededProject, rule: object = "") -> str:
    return f"/api/v4/projects/{project.id}/trusted_publishers/{rule}".rstrip("/")


def add(yard: Yard, project: SeededProject, secret: str | None, **fields: Any) -> Any:
    return yard.ask("POST", address(project), secret, json=fields)


def test_a_maintainer_says_whom_a_project_trusts(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    answer = add(yard, project, maintainer, issuer=hub.url, claims=GITHUB_RULE)

    assert answer.status_code == 201, answer.text
    added = answer.get_json()
    assert added | {"id": 0, "created_at": ""} == {
        "id": 0,
        "issuer": hub.url,
        "preset": "github",
        "claims": GITHUB_RULE,
        "created_at": "",
        "last_used_at": None,
    }
    assert yard.ask("GET", address(project, added["id"]), maintainer).get_json() == added
    assert yard.ask("GET", address(project), maintainer).get_json() == [added]
    assert yard.ask("DELETE", address(project, added["id"]), maintainer).status_code == 204
    assert yard.ask("GET", address(project, added["id"]), maintainer).status_code == 404
    assert yard.ask("DELETE", address(project, added["id"]), maintainer).status_code == 404


def test_rules_are_listed_by_page(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    for number in range(3):
        claims = {**GITHUB_RULE, "repository": f"acme/tools{number}"}
        assert add(yard, project, maintainer, issuer=hub.url, claims=claims).status_code == 201

    answer = yard.ask("GET", f"{address(project)}?per_page=2&page=2", maintainer)

    assert answer.headers["X-Total"] == "3"
    assert [one["claims"]["repository"] for one in answer.get_json()] == ["acme/tools2"]


def test_the_same_rule_is_there_once(
    yard: Yard, hub: Issuer, lab: Issuer, project: SeededProject, maintainer: str
) -> None:
    statuses = [
        add(yard, project, maintainer, issuer=issuer, claims=claims).status_code
        for issuer, claims in (
            (hub.url, GITHUB_RULE),
            (hub.url, dict(reversed(GITHUB_RULE.items()))),
            (hub.url, {**GITHUB_RULE, "environment": "x"}),
            (lab.url, GITLAB_RULE),
        )
    ]

    assert statuses == [201, 409, 201, 201]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "issuer is missing"),
    ({"issuer": "https://evil.example", "claims": GITHUB_RULE}, "the issuers of this registry"),
    ({"issuer": "HUB"}, "claims is missing"),
    ({"issuer": "HUB", "claims": "x"}, "object of texts"),
    ({"issuer": "HUB", "claims": ["repository"]}, "object of texts"),
    ({"issuer": "HUB", "claims": {"repository": 7}}, "object of texts"),
    ({"issuer": "HUB", "claims": {"repository": None}}, "object of texts"),
    ({"issuer": "HUB", "claims": {}}, "must have repository"),
    ({"issuer": "HUB", "claims": {"repository": "acme/tools"}}, "whatever runs there"),
    ({"issuer": "HUB", "claims": {**GITHUB_RULE, "repository": "**"}}, "too wide"),
    ({"issuer": "HUB", "claims": {**GITHUB_RULE, "x": "\x00"}}, "can be shown"),
    ({"issuer": "HUB", "claims": {**GITHUB_RULE, "\ud800": "x"}}, "can be shown"),
    ({"issuer": "HUB", "claims": {**GITHUB_RULE, "x" * 256: "x"}}, "too long"),
]


def test_a_rule_that_is_wrong_is_refused_by_a_sentence(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    for fields, sentence in WRONG:
        issuer = {"issuer": hub.url} if fields.get("issuer") == "HUB" else {}

        answer = add(yard, project, maintainer, **(fields | issuer))

        assert answer.status_code == 400, fields
        assert sentence in answer.get_json()["message"]
    assert yard.ask("GET", address(project), maintainer).get_json() == []


def test_trust_is_for_maintainers_to_give(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str, developer: str
) -> None:
    stranger = yard.seed.personal_token(yard.seed.user())
    rule = add(yard, project, maintainer, issuer=hub.url, claims=GITHUB_RULE).get_json()["id"]

    for secret, status in ((None, 401), (stranger, 404), (developer, 403)):
        assert add(yard, project, secret, issuer=hub.url, claims=GITHUB_RULE).status_code == status
        assert yard.ask("GET", address(project), secret).status_code == status
        assert yard.ask("GET", address(project, rule), secret).status_code == status
        assert yard.ask("DELETE", address(project, rule), secret).status_code == status


def test_a_token_that_only_reads_gives_no_trust(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    rule = add(yard, project, maintainer, issuer=hub.url, claims=GITHUB_RULE).get_json()["id"]
    user = yard.seed.member(Role.MAINTAINER, project=project)
    reading = yard.seed.personal_token(user, Scope.READ_API)

    assert yard.ask("GET", address(project, rule), reading).status_code == 200
    assert add(yard, project, reading, issuer=hub.url, claims=GITHUB_RULE).status_code == 403
    assert yard.ask("DELETE", address(project, rule), reading).status_code == 403


def test_a_rule_of_another_project_is_not_there(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    rule = add(yard, project, maintainer, issuer=hub.url, claims=GITHUB_RULE).get_json()["id"]
    another = yard.seed.project()
    other = yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=another))

    assert yard.ask("GET", address(another, rule), other).status_code == 404
    assert yard.ask("DELETE", address(another, rule), other).status_code == 404
    assert yard.ask("DELETE", address(another, 10**17), other).status_code == 404
    assert yard.ask("DELETE", address(another, 10**30), other).status_code == 404
    assert yard.ask("GET", address(project, rule), maintainer).status_code == 200


def test_people_see_when_a_rule_was_last_used(
    yard: Yard, hub: Issuer, project: SeededProject, maintainer: str
) -> None:
    rule = add(yard, project, maintainer, issuer=hub.url, claims=GITHUB_RULE).get_json()["id"]
    other = {**GITHUB_RULE, "environment": "production"}
    unused = add(yard, project, maintainer, issuer=hub.url, claims=other).get_json()["id"]

    yard.client.post("/_/oidc/mint-token", json={"token": hub.token()})

    assert yard.ask("GET", address(project, rule), maintainer).get_json()["last_used_at"]
    assert not yard.ask("GET", address(project, unused), maintainer).get_json()["last_used_at"]
