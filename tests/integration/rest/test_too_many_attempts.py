"""Whoever fails too often from one address waits; whoever succeeds there is never hindered."""

from typing import Any

import pytest
from tests.integration.people.visiting import BROWSER, FROM_HERE
from tests.integration.rest.conftest import Town
from tests.support.distributions import ADistribution
from werkzeug.test import TestResponse

from wheelyard_core.domain.tokens import TokenKind, new_secret

pytestmark = pytest.mark.integration

FEW = 3
WHEEL = ADistribution().wheel()


@pytest.fixture
def settings() -> dict[str, str]:
    return {"WHEELYARD_FAILURES_PER_MINUTE": str(FEW)}


def knock(town: Town, secret: str | None, path: str = "/api/v4/user", **more: Any) -> TestResponse:
    headers = {} if secret is None else {"PRIVATE-TOKEN": secret}
    return town.yard.client.get(path, headers=headers, **more)


def wrong() -> str:
    return new_secret(TokenKind.PERSONAL)


def test_who_fails_too_often_is_told_when_to_try_again(town: Town) -> None:
    answers = [knock(town, wrong()) for _ in range(FEW + 2)]

    assert [one.status_code for one in answers] == [401] * FEW + [429] * 2
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "too many attempts from this address" in refused.get_json()["message"]
    assert "WWW-Authenticate" not in refused.headers


def test_who_has_the_right_token_is_never_hindered(town: Town) -> None:
    project = town.project()
    reader = town.member(20, project=project)
    for _ in range(FEW + 1):
        knock(town, wrong())

    assert knock(town, wrong()).status_code == 429
    assert knock(town, reader.secret).status_code == 200
    published = town.yard.publish(project["id"], WHEEL, str(town.admin.secret))
    assert published.status_code == 201
    simple = f"/api/v4/projects/{project['id']}/packages/pypi/simple/demo/"
    assert knock(town, reader.secret, simple).status_code == 200
    assert knock(town, wrong(), simple).status_code == 429
    # Who brings nothing has not failed: installers ask so before they look for credentials.
    assert [knock(town, None, simple).status_code for _ in range(FEW + 1)] == [401] * (FEW + 1)


def test_reading_what_is_public_with_a_token_that_has_ended_is_no_failure(town: Town) -> None:
    project = town.project(visibility="public")
    simple = f"/api/v4/projects/{project['id']}/packages/pypi/simple/"

    statuses = [knock(town, wrong(), simple).status_code for _ in range(FEW + 2)]

    assert statuses == [200] * (FEW + 2)
    assert knock(town, wrong()).status_code == 401


def test_each_address_is_counted_apart_and_a_site_of_ipv6_as_one(town: Town) -> None:
    def statuses(*addresses: str) -> list[int]:
        return [
            knock(town, wrong(), environ_overrides={"REMOTE_ADDR": one}).status_code
            for one in addresses
        ]

    assert statuses(*["192.0.2.1"] * (FEW + 1))[-1] == 429
    assert statuses("192.0.2.2") == [401]
    assert statuses(*(f"2001:db8::{number}" for number in range(1, FEW + 2)))[-1] == 429
    assert statuses("2001:db8:0:1::1") == [401]


def test_a_person_who_signs_in_wrongly_too_often_reads_so(town: Town) -> None:
    def sign_in() -> TestResponse:
        return town.yard.client.post(
            "/_/sign-in", data={"token": wrong()}, headers={"Accept": BROWSER, **FROM_HERE}
        )

    answers = [sign_in() for _ in range(FEW + 1)]

    assert [one.status_code for one in answers] == [401] * FEW + [429]
    assert "too many attempts" in answers[-1].text
    assert "<h1>Too Many Requests</h1>" in answers[-1].text
    assert answers[-1].headers["Retry-After"]
