"""The mint's address takes a bounded number of tokens of one issuer from one client address."""

import pytest
from tests.integration.trusted.conftest import Forge, mint, refusal
from tests.support.in_process import Yard
from tests.support.issuer import Issuer
from tests.support.seed import SeededProject

pytestmark = pytest.mark.integration

FEW = 3


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"WHEELYARD_MINTS_PER_MINUTE": str(FEW)}


def test_tokens_above_the_bound_are_not_looked_at(
    yard: Yard, github_forge: Forge, gitlab_forge: Forge, hub: Issuer, trusting: SeededProject
) -> None:
    assert trusting.id
    for _ in range(FEW):
        github_forge.minted()
    asked = len(hub.asked)

    answer = mint(yard, github_forge.token())

    assert refusal(answer, 429) == "too-many-requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert len(hub.asked) == asked
    # Another issuer's are counted apart, and so is another address.
    assert refusal(mint(yard, gitlab_forge.token())) == "invalid-publisher"
    elsewhere = yard.client.post(
        "/_/oidc/mint-token",
        json={"token": github_forge.token()},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert elsewhere.status_code == 200


def test_unknown_issuers_and_broken_tokens_share_what_they_may(yard: Yard, issuer: Issuer) -> None:
    answers = [mint(yard, text) for text in (issuer.token(), "nonsense", "a.b.c", "nonsense")]

    assert [one.status_code for one in answers] == [422] * FEW + [429]
