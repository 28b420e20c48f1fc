"""What checks tokens by the keys of one running issuer."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from time import monotonic

import pytest
from tests.support.issuer import Issuer, answering

from wheelyard_core.adapters.oidc.keyring import Patience
from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys
from wheelyard_core.domain import issuers
from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.ports import IssuerUnavailable

# An issuer that answers is waited for as long as a busy machine takes; one that never will, not.
PATIENT, BRIEF = Patience(wait=60), Patience(wait=1)
KEYS, DISCOVERY = Issuer.JWKS, Issuer.DISCOVERY
Verify = Callable[[str], None]


def verifier(
    running: Issuer, patience: Patience = PATIENT, *, jwks_url: str | None = None
) -> Verify:
    """Return what checks tokens of this issuer, with keys of its own."""
    known = issuers.Issuer(running.url, Preset.GITHUB, "wheelyard", jwks_url)
    keys = HttpIssuerKeys([known], None, patience)
    return lambda text: keys.verify(known, IdToken.parse(text))


def refusal_of(verify: Verify, text: str) -> str:
    """See a token refused; return why."""
    with pytest.raises(NotMinted) as refused:
        verify(text)
    return refused.value.reason


def outage(verify: Verify, text: str) -> str:
    """See that a token cannot be checked, which must not take for ever; return why."""
    began = monotonic()
    with pytest.raises(IssuerUnavailable) as away:
        verify(text)
    assert monotonic() - began < 30
    return str(away.value)


def documents(content: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return what answers with this as JSON."""
    return answering(200, json.dumps(content).encode())
