"""Trusted publishing: the rules of projects, and PyPI's protocol."""

from typing import Final

from wheelyard_api.openapi.fields import ADDRESS, TEXT, Schema, record
from wheelyard_api.openapi.operations import JSON, Operation, delete, get, post

_RULES: Final = "/api/v4/projects/{id}/trusted_publishers"
_RULE: Final = record(
    {"issuer": ADDRESS, "claims": {"type": "object", "additionalProperties": TEXT}}
)
_TOKEN: Final = record({"token": {"type": "string"}})
# Whoever asks is known by the token in the body alone.
_REFUSALS: Final = (400, 413, 422, 429, 503)


def _exchange(address: str, what: str, body: Schema) -> Operation:
    return Operation("post", address, what, body={JSON: body}, refusals=_REFUSALS)


TRUSTED: Final[tuple[Operation, ...]] = (
    get(_RULES, "List the trusted publishers of a project").lists("TrustedPublisher"),
    post(_RULES, "Trust a publisher")
    .taking(_RULE, JSON)
    .shows("TrustedPublisher", 201)
    .refusing(409),
    get(f"{_RULES}/{{rule_id}}", "Show a trusted publisher").shows("TrustedPublisher"),
    delete(f"{_RULES}/{{rule_id}}", "Trust a publisher no more").ends(),
    get("/_/oidc/audience", "Tell whom an ID token must be for").shows("Audience"),
    _exchange("/_/oidc/mint-token", "Exchange an ID token for an upload token", _TOKEN).shows(
        "MintedToken"
    ),
    _exchange("/_/oidc/github/mint-token", "The same, as older clients ask", _TOKEN).shows(
        "MintedToken"
    ),
    _exchange("/_/oidc/burn-token", "Revoke an upload token", _TOKEN).shows("Message", 202),
)
