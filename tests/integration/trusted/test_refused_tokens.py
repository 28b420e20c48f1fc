"""ID tokens that are no reason to publish, and those that were."""

import time
from threading import Barrier, Thread

import pytest
from tests.integration.trusted.conftest import Forge, mint, refusal
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.issuer import Issuer, SigningKey, answering, github
from tests.support.seed import SeededProject, unique

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
OTHER = ADistribution().named("Demo.Pkg", "2.0").wheel()


NOW = int(time.time())


SAYS_SOMETHING_ELSE: list[tuple[dict[str, object], str]] = [
    ({"iss": "https://token.actions.githubusercontent.com"}, "invalid-issuer"),
    ({"iss": None}, "invalid-token"),
    ({"aud": "pypi"}, "invalid-audience"),
    ({"aud": ["wheelyard", "pypi"]}, "invalid-audience"),
    ({"aud": None}, "invalid-audience"),
    ({"exp": NOW - 3600}, "invalid-time"),
    ({"exp": None}, "invalid-time"),
    ({"iat": NOW + 3600}, "invalid-time"),
    ({"nbf": NOW + 3600}, "invalid-time"),
    ({"repository": "acme/other"}, "invalid-publisher"),
    ({"repository": "evil/acme/tools"}, "invalid-publisher"),
    ({"repository": None}, "invalid-publisher"),
    ({"repository": ["acme/tools"]}, "invalid-publisher"),
    ({"workflow_ref": github()["ref"]}, "invalid-publisher"),
    ({"workflow_ref": f"{github()['workflow_ref']}/more"}, "invalid-publisher"),
]


def test_a_token_that_says_something_else_gets_nothing(
    forge: Forge, trusting: SeededProject
) -> None:
    for changed, code in SAYS_SOMETHING_ELSE:
        assert refusal(mint(forge.yard, forge.token(**changed))) == code, changed

    # What those were is no reason to refuse the true one.
    forge.yard.must_publish(trusting.id, forge.minted(), WHEEL)


@pytest.mark.usefixtures("trusting")
def test_another_forge_does_not_vouch_for_this_one(forge: Forge, lab: Issuer) -> None:
    disguised = lab.token(github(), aud="https://yard.example")

    assert refusal(mint(forge.yard, disguised)) == "invalid-publisher"
    # Nor does a token that another issuer signed for our audience.
    claims = forge.issuer.claims(github())
    assert refusal(mint(forge.yard, lab.keys[0].sign(claims))) == "unknown-key"


@pytest.mark.usefixtures("trusting")
def test_forged_signatures_get_nothing(forge: Forge) -> None:
    claims = forge.issuer.claims(github())
    key = forge.issuer.keys[0]
    thief = SigningKey(key.name, key.algorithm, SigningKey.make().key)

    assert refusal(mint(forge.yard, thief.sign(claims))) == "invalid-signature"
    assert refusal(mint(forge.yard, key.sign(claims, alg="none"))) == "invalid-algorithm"
    assert refusal(mint(forge.yard, key.hmac_with_public_key(claims))) == "invalid-algorithm"
    unsigned = key.sign(claims, alg="none").rpartition(".")[0]
    assert refusal(mint(forge.yard, f"{unsigned}.")) == "invalid-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_is_used_once(forge: Forge) -> None:
    token = forge.token()
    assert mint(forge.yard, token).status_code == 200

    assert refusal(mint(forge.yard, token)) == "invalid-reuse-token"
    assert refusal(mint(forge.yard.another_replica(), token)) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_without_a_number_is_used_once_whatever_its_signature(forge: Forge) -> None:
    claims = forge.issuer.claims(github(), jti=None)
    # A signature of an elliptic curve is another one each time, and any is as good.
    one, again = (forge.issuer.keys[0].sign(claims) for _ in range(2))
    assert one != again
    assert mint(forge.yard, one).status_code == 200

    assert refusal(mint(forge.yard, again)) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_tokens_of_one_number_are_used_once(forge: Forge) -> None:
    number = unique("jti")
    assert mint(forge.yard, forge.token(jti=number)).status_code == 200

    assert refusal(mint(forge.yard, forge.token(jti=number, run_id="8"))) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_sent_sixteen_times_at_once_is_used_once(forge: Forge) -> None:
    token, barrier, statuses = forge.token(), Barrier(16), []

    def send() -> None:
        yard = forge.yard.another_client()
        barrier.wait(20)
        statuses.append(mint(yard, token).status_code)

    threads = [Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(statuses) == [200] + [422] * 15


def test_a_token_that_nobody_trusted_is_good_when_somebody_does(
    forge: Forge, project: SeededProject, maintainer: str
) -> None:
    token = forge.token()
    assert refusal(mint(forge.yard, token)) == "invalid-publisher"

    forge.trusted_by(project, maintainer)

    assert mint(forge.yard, token).status_code == 200


def test_an_issuer_may_change_its_keys(forge: Forge, trusting: SeededProject) -> None:
    forge.yard.must_publish(trusting.id, forge.minted(), WHEEL)
    stolen = forge.issuer.keys[0]

    forge.issuer.rotate("RS256")

    forge.yard.must_publish(trusting.id, forge.minted(), OTHER)
    assert refusal(mint(forge.yard, stolen.sign(forge.issuer.claims(github())))) == "unknown-key"


@pytest.mark.usefixtures("trusting")
def test_an_issuer_that_is_away_is_no_fault_of_the_client(forge: Forge) -> None:
    forge.issuer.instead[Issuer.JWKS] = answering(502)

    answer = mint(forge.yard, forge.token())

    assert refusal(answer, 503) == "issuer-unavailable"
    assert answer.headers["Retry-After"]
    # Other issuers have nothing to do with it.
    assert forge.yard.client.get("/_/oidc/audience").status_code == 200


NO_REQUESTS = (
    *(b"", b"{", b"[]", b"null", b'"wyt_x"', b"{}", b'{"token": null}', b'{"token": 7}'),
    *(b'{"token": ["x"]}', b"token=x", b"\xff", b"[" * 50_000),
)


@pytest.mark.parametrize("address", ["mint-token", "burn-token"])
def test_a_body_that_is_no_request_is_told_what_would_be(address: str, yard: Yard) -> None:
    for body in NO_REQUESTS:
        answer = yard.client.post(f"/_/oidc/{address}", data=body)

        assert refusal(answer) == "invalid-payload", body
        assert '{"token": ' in answer.get_json()["message"]


def test_a_text_that_is_no_token_is_refused(yard: Yard) -> None:
    for token in ("", "x", "a.b.c", "wyt_abc", "\x00", "\ud800", "é.é.é"):
        assert refusal(mint(yard, token)) == "invalid-token", token


def test_a_body_without_end_is_not_read(yard: Yard) -> None:
    answer = yard.client.post("/_/oidc/mint-token", data=b" " * 100_000)

    assert refusal(answer, 413) == "request-entity-too-large"


@pytest.mark.parametrize("settings", [{}])
def test_a_registry_without_issuers_says_so(
    settings: dict[str, str], yard: Yard, hub: Issuer
) -> None:
    assert settings == {}
    assert refusal(yard.client.get("/_/oidc/audience"), 403) == "forbidden"
    assert refusal(mint(yard, hub.token())) == "not-enabled"
