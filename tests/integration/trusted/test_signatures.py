"""Which signatures are an issuer's, whose keys change now and then."""

import base64
import json

import pytest
from tests.integration.trusted.checking import DISCOVERY, KEYS, outage, refusal_of, verifier
from tests.support.issuer import Issuer, SigningKey, answering, encoded

from wheelyard_core.adapters.oidc.keyring import Patience


@pytest.mark.parametrize(
    "algorithm",
    [
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    ],
)
def test_a_token_that_the_issuer_signed_is_good(algorithm: str, issuer: Issuer) -> None:
    issuer.rotate(algorithm)

    verifier(issuer)(issuer.token())


def test_keys_are_asked_for_once_and_kept(issuer: Issuer) -> None:
    verify = verifier(issuer)

    for _ in range(3):
        verify(issuer.token())

    assert issuer.asked == [DISCOVERY, KEYS]


def test_an_address_of_the_keys_needs_no_discovery(issuer: Issuer) -> None:
    verifier(issuer, jwks_url=issuer.url + KEYS)(issuer.token())

    assert issuer.asked == [KEYS]


def test_another_key_of_the_same_name_does_not_sign_for_the_issuer(issuer: Issuer) -> None:
    thief = SigningKey(issuer.keys[0].name, "ES256", SigningKey.make().key)

    assert refusal_of(verifier(issuer), thief.sign(issuer.claims({}))) == "invalid-signature"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(part: int, issuer: Issuer) -> None:
    parts = issuer.token().split(".")
    if part < 2:
        document = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
        parts[part] = encoded({**document, "more": 1})
    else:
        parts[part] = parts[part][:-8] + "AAAAAAAA"

    assert refusal_of(verifier(issuer), ".".join(parts)) == "invalid-signature"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "ES256K", "dir"]
)
def test_algorithms_that_prove_nothing_are_refused(algorithm: str, issuer: Issuer) -> None:
    text = issuer.keys[0].sign(issuer.claims({}), alg=algorithm)

    assert refusal_of(verifier(issuer), text) == "invalid-algorithm"


def test_the_public_key_is_no_shared_secret(issuer: Issuer) -> None:
    text = issuer.keys[0].hmac_with_public_key(issuer.claims({}))

    assert refusal_of(verifier(issuer), text) == "invalid-algorithm"


def test_a_key_is_used_by_the_algorithm_it_is_for(issuer: Issuer) -> None:
    key = issuer.rotate("RS256")
    by_another = SigningKey(key.name, "PS256", key.key).sign(issuer.claims({}))

    assert refusal_of(verifier(issuer), by_another) == "unknown-key"


@pytest.mark.parametrize(("algorithm", "claimed"), [("ES256", "ES384"), ("RS256", "ES256")])
def test_a_key_of_another_kind_checks_nothing(algorithm: str, claimed: str, issuer: Issuer) -> None:
    issuer.rotate(algorithm)
    text = issuer.keys[0].sign(issuer.claims({}), alg=claimed)

    assert refusal_of(verifier(issuer), text) == "unknown-key"


def test_keys_in_the_token_itself_are_not_believed(issuer: Issuer) -> None:
    thief = SigningKey.make()
    text = thief.sign(
        issuer.claims({}), jwk=thief.public(), jku=issuer.url + KEYS, kid=issuer.keys[0].name
    )

    assert refusal_of(verifier(issuer), text) == "invalid-signature"


def test_a_token_without_the_name_of_its_key_is_of_the_only_one(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.keys[0].sign(issuer.claims({}), kid=None))

    issuer.keys.append(SigningKey.make())
    fresh = verifier(issuer)

    assert refusal_of(fresh, issuer.keys[0].sign(issuer.claims({}), kid=None)) == "unknown-key"
    fresh(issuer.keys[1].sign(issuer.claims({})))


def test_a_new_key_is_asked_for_when_it_is_first_seen(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.token())

    old = issuer.keys[0]
    issuer.rotate()
    verify(issuer.token())

    assert issuer.asked == [DISCOVERY, KEYS] * 2
    assert refusal_of(verify, old.sign(issuer.claims({}))) == "unknown-key"


def test_made_up_names_of_keys_do_not_have_the_issuer_asked_each_time(issuer: Issuer) -> None:
    verify = verifier(issuer)
    for _ in range(5):
        assert refusal_of(verify, SigningKey.make().sign(issuer.claims({}))) == "unknown-key"

    assert issuer.asked == [DISCOVERY, KEYS] * 2
    verify(issuer.token())


def test_old_keys_are_asked_for_again(issuer: Issuer) -> None:
    verify = verifier(issuer, Patience(fresh=0))
    old = issuer.keys[0]
    verify(issuer.token())

    issuer.rotate()

    assert refusal_of(verify, old.sign(issuer.claims({}))) == "unknown-key"


def test_known_keys_are_good_while_the_issuer_is_away(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.token())
    issuer.instead[DISCOVERY] = answering(503)

    assert "answers 503" in outage(verify, SigningKey.make().sign(issuer.claims({})))
    verify(issuer.token())
