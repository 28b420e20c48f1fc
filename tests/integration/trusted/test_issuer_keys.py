"""What is believed of an issuer, which is a real server here."""

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from threading import Thread
from time import monotonic

import pytest
from tests.support.issuer import Issuer, SigningKey, answering, encoded, github, running_issuer

from wheelyard_core.adapters.oidc.keyring import Patience
from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys
from wheelyard_core.domain import issuers
from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.ports import IssuerUnavailable

BRIEF = Patience(wait=1)
KEYS, DISCOVERY = Issuer.JWKS, Issuer.DISCOVERY
Verify = Callable[[str], None]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def verifier(
    running: Issuer, patience: Patience = BRIEF, *, jwks_url: str | None = None, path: str = ""
) -> Verify:
    """Return what checks tokens of this issuer, with keys of its own."""
    known = issuers.Issuer(running.url + path, Preset.GITHUB, "wheelyard", jwks_url)
    keys = HttpIssuerKeys([known], None, patience)
    return lambda text: keys.verify(known, IdToken.parse(text))


def refusal(verify: Verify, text: str) -> str:
    with pytest.raises(NotMinted) as refused:
        verify(text)
    return refused.value.reason


def outage(verify: Verify, text: str) -> str:
    began = monotonic()
    with pytest.raises(IssuerUnavailable) as away:
        verify(text)
    # Far from it: what is held here is that nobody waits for ever.
    assert monotonic() - began < 30
    return str(away.value)


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

    assert refusal(verifier(issuer), thief.sign(issuer.claims({}))) == "invalid-signature"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(part: int, issuer: Issuer) -> None:
    parts = issuer.token().split(".")
    if part < 2:
        document = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
        parts[part] = encoded({**document, "more": 1})
    else:
        parts[part] = parts[part][:-8] + "AAAAAAAA"

    assert refusal(verifier(issuer), ".".join(parts)) == "invalid-signature"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "ES256K", "dir"]
)
def test_algorithms_that_prove_nothing_are_refused(algorithm: str, issuer: Issuer) -> None:
    text = issuer.keys[0].sign(issuer.claims({}), alg=algorithm)

    assert refusal(verifier(issuer), text) == "invalid-algorithm"


def test_the_public_key_is_no_shared_secret(issuer: Issuer) -> None:
    text = issuer.keys[0].hmac_with_public_key(issuer.claims({}))

    assert refusal(verifier(issuer), text) == "invalid-algorithm"


def test_a_key_is_used_by_the_algorithm_it_is_for(issuer: Issuer) -> None:
    key = issuer.rotate("RS256")
    by_another = SigningKey(key.name, "PS256", key.key).sign(issuer.claims({}))

    assert refusal(verifier(issuer), by_another) == "unknown-key"


@pytest.mark.parametrize(("algorithm", "claimed"), [("ES256", "ES384"), ("RS256", "ES256")])
def test_a_key_of_another_kind_checks_nothing(algorithm: str, claimed: str, issuer: Issuer) -> None:
    issuer.rotate(algorithm)
    text = issuer.keys[0].sign(issuer.claims({}), alg=claimed)

    assert refusal(verifier(issuer), text) == "unknown-key"


def test_keys_in_the_token_itself_are_not_believed(issuer: Issuer) -> None:
    thief = SigningKey.make()
    text = thief.sign(
        issuer.claims({}), jwk=thief.public(), jku=issuer.url + KEYS, kid=issuer.keys[0].name
    )

    assert refusal(verifier(issuer), text) == "invalid-signature"


def test_a_token_without_the_name_of_its_key_is_of_the_only_one(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.keys[0].sign(issuer.claims({}), kid=None))

    issuer.keys.append(SigningKey.make())
    fresh = verifier(issuer)

    assert refusal(fresh, issuer.keys[0].sign(issuer.claims({}), kid=None)) == "unknown-key"
    fresh(issuer.keys[1].sign(issuer.claims({})))


def test_a_new_key_is_asked_for_when_it_is_first_seen(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.token())

    old = issuer.keys[0]
    issuer.rotate()
    verify(issuer.token())

    assert issuer.asked == [DISCOVERY, KEYS] * 2
    assert refusal(verify, old.sign(issuer.claims({}))) == "unknown-key"


def test_made_up_names_of_keys_do_not_have_the_issuer_asked_each_time(issuer: Issuer) -> None:
    verify = verifier(issuer)
    for _ in range(5):
        assert refusal(verify, SigningKey.make().sign(issuer.claims({}))) == "unknown-key"

    assert issuer.asked == [DISCOVERY, KEYS] * 2
    verify(issuer.token())


def test_old_keys_are_asked_for_again(issuer: Issuer) -> None:
    verify = verifier(issuer, Patience(fresh=0))
    old = issuer.keys[0]
    verify(issuer.token())

    issuer.rotate()

    assert refusal(verify, old.sign(issuer.claims({}))) == "unknown-key"


def test_known_keys_are_good_while_the_issuer_is_away(issuer: Issuer) -> None:
    verify = verifier(issuer)
    verify(issuer.token())
    issuer.instead[DISCOVERY] = answering(503)

    assert "answers 503" in outage(verify, SigningKey.make().sign(issuer.claims({})))
    verify(issuer.token())


def documents(content: object) -> Callable[[BaseHTTPRequestHandler], None]:
    return answering(200, json.dumps(content).encode())


WEAK = {"kty": "RSA", "n": encoded(b"\xff" * 128), "e": "AQAB"}
SHARED = {"kty": "oct", "k": "c2VjcmV0"}


@pytest.mark.parametrize(
    ("path", "answer", "word"),
    [
        (DISCOVERY, answering(404), "answers 404"),
        (DISCOVERY, answering(500, b"{}"), "answers 500"),
        (DISCOVERY, answering(302, Location="http://127.0.0.1:9/elsewhere"), "answers 302"),
        (KEYS, answering(301, Location="file:///etc/passwd"), "answers 301"),
        (DISCOVERY, answering(200, b"<html>"), "no JSON"),
        (DISCOVERY, answering(200, b"[" * 200_000), "no JSON"),
        (DISCOVERY, answering(200, b"\xff"), "no JSON"),
        (DISCOVERY, documents([]), "not that of the issuer"),
        (DISCOVERY, documents({"issuer": "https://evil.example"}), "not that of the issuer"),
        (KEYS, answering(200, b" " * 300_000), "more than 256 KiB"),
        (KEYS, documents([]), "no key set"),
        (KEYS, documents({"keys": {}}), "no key set"),
        (KEYS, documents({"keys": [{}] * 101}), "no key set"),
        (KEYS, documents({"keys": []}), "no key that checks"),
        (KEYS, documents({"keys": [7, None, [], {}, {"kty": []}, {"kty": "RSA"}]}), "no key that"),
        (KEYS, documents({"keys": [WEAK, SHARED]}), "no key that checks"),
        (KEYS, documents({"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": 2}]}), "no key that"),
        (
            KEYS,
            documents({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}),
            "no key",
        ),
    ],
)
def test_an_issuer_that_answers_nonsense_is_as_good_as_away(
    path: str, answer: Callable[[BaseHTTPRequestHandler], None], word: str, issuer: Issuer
) -> None:
    issuer.instead[path] = answer

    assert word in outage(verifier(issuer), issuer.token())


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/keys", "http://10.0.0.1/keys", "/keys", "", 7, None]
)
def test_keys_are_at_an_address_that_can_be_believed(address: object, issuer: Issuer) -> None:
    issuer.instead[DISCOVERY] = documents({"issuer": issuer.url, "jwks_uri": address})

    assert "that can be believed" in outage(verifier(issuer), issuer.token())
    assert issuer.asked == [DISCOVERY]


def test_keys_that_are_for_encryption_check_no_signature(issuer: Issuer) -> None:
    issuer.instead[KEYS] = documents({"keys": [{**issuer.keys[0].public(), "use": "enc"}]})

    assert "no key that checks" in outage(verifier(issuer), issuer.token())


def test_keys_beside_those_that_are_nonsense_are_taken(issuer: Issuer) -> None:
    listed = [SHARED, {"kty": "RSA", "kid": "x"}, issuer.keys[0].public()]
    issuer.instead[KEYS] = documents({"keys": listed})

    verifier(issuer)(issuer.token())


def stalls(issuer: Issuer) -> Callable[[BaseHTTPRequestHandler], None]:
    return issuer.stall


def trickles(issuer: Issuer) -> Callable[[BaseHTTPRequestHandler], None]:
    return issuer.trickle


def ends(_issuer: Issuer) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: handler.connection.close()


@pytest.mark.parametrize("way", [stalls, trickles, ends])
@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
def test_an_issuer_that_is_slow_is_not_waited_for(
    path: str,
    way: Callable[[Issuer], Callable[[BaseHTTPRequestHandler], None]],
    issuer: Issuer,
) -> None:
    issuer.instead[path] = way(issuer)

    assert "does not answer" in outage(verifier(issuer), issuer.token())


def test_an_issuer_that_was_away_is_not_asked_by_everybody(issuer: Issuer) -> None:
    issuer.instead[DISCOVERY] = answering(503)
    verify = verifier(issuer)
    for _ in range(4):
        outage(verify, issuer.token())

    assert issuer.asked == [DISCOVERY]


def test_an_issuer_that_came_back_is_asked_again(issuer: Issuer) -> None:
    issuer.instead[DISCOVERY] = answering(503)
    verify = verifier(issuer, Patience(wait=1, after_failure=0))
    outage(verify, issuer.token())

    issuer.instead.clear()

    verify(issuer.token())


def test_many_who_wait_ask_once(issuer: Issuer) -> None:
    verify = verifier(issuer, Patience(wait=20))
    token, good = issuer.token(), []

    def check() -> None:
        verify(token)
        good.append(1)

    threads = [Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(good) == 8
    assert issuer.asked == [DISCOVERY, KEYS]


def test_nobody_listens_where_the_issuer_was() -> None:
    with running_issuer() as gone:
        text, verify = gone.token(github()), verifier(gone)

    assert "does not answer" in outage(verify, text)
