"""What is believed of an issuer, and how long it is waited for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest
from tests.integration.trusted.checking import (
    BRIEF,
    DISCOVERY,
    KEYS,
    PATIENT,
    documents,
    outage,
    verifier,
)
from tests.support.issuer import Issuer, answering, encoded, github, running_issuer
from tests.support.proxy import Proxy
from tests.support.tls import trusted_here

from wheelyard_core.adapters.oidc.keyring import Patience
from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys
from wheelyard_core.domain import issuers
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.ports import IssuerUnavailable

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


@dataclass(frozen=True)
class Secured:
    """An issuer behind TLS; `tells` has it publish its keys at another address."""

    url: str
    issuer: Issuer
    ca_file: Path

    def tells(self, address: str) -> None:
        self.issuer.instead[DISCOVERY] = documents({"issuer": self.url, "jwks_uri": address})

    def verify(self, ca_file: Path | None) -> None:
        known = issuers.Issuer(self.url, Preset.GITHUB, "wheelyard")
        token = self.issuer.token(iss=self.url)
        HttpIssuerKeys([known], ca_file, PATIENT).verify(known, IdToken.parse(token))


@pytest.fixture
def secured(issuer: Issuer, tmp_path: Path) -> Iterator[Secured]:
    tls, ca_file = trusted_here(tmp_path)
    with Proxy(issuer.server.server_port, tls) as front:
        found = Secured(f"https://127.0.0.1:{front.port}", issuer, ca_file)
        found.tells(found.url + KEYS)
        yield found


def test_an_issuer_with_tls_is_believed_by_its_certificate(secured: Secured) -> None:
    secured.verify(secured.ca_file)

    with pytest.raises(IssuerUnavailable, match=r"(?i)certificate"):
        secured.verify(None)


def test_certificates_that_cannot_be_read_are_told(secured: Secured, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("none.pem", "empty.pem"):
        with pytest.raises(IssuerUnavailable, match="cannot be read"):
            secured.verify(tmp_path / name)


def test_an_issuer_with_tls_sends_nobody_into_this_machine(secured: Secured) -> None:
    secured.tells(secured.issuer.url + KEYS)

    with pytest.raises(IssuerUnavailable, match="that can be believed"):
        secured.verify(secured.ca_file)
    assert secured.issuer.asked == [DISCOVERY]


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

    assert "does not answer" in outage(verifier(issuer, BRIEF), issuer.token())


def test_an_issuer_that_was_away_is_not_asked_by_everybody(issuer: Issuer) -> None:
    issuer.instead[DISCOVERY] = answering(503)
    verify = verifier(issuer)
    for _ in range(4):
        outage(verify, issuer.token())

    assert issuer.asked == [DISCOVERY]


def test_an_issuer_that_came_back_is_asked_again(issuer: Issuer) -> None:
    issuer.instead[DISCOVERY] = answering(503)
    verify = verifier(issuer, Patience(wait=60, after_failure=0))
    outage(verify, issuer.token())

    issuer.instead.clear()

    verify(issuer.token())


def test_many_who_wait_ask_once(issuer: Issuer) -> None:
    verify = verifier(issuer)
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
