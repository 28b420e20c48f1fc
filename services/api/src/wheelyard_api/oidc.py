"""Trusted publishing as PyPI does it, and as "Internals and Technical Details" of its docs tells.

Clients compute these addresses from the host of the upload's address and nothing else, and read
`errors` of whatever is not a success.
"""

import json
from http import HTTPStatus
from typing import Final

import structlog
from flask import Blueprint, Flask, Response, current_app, jsonify, request

from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.errors import NotAllowed, NotMinted
from wheelyard_core.domain.id_tokens import LONGEST, IdToken, Reason
from wheelyard_core.domain.issuers import issuer_named
from wheelyard_core.ports import IssuerUnavailable
from wheelyard_core.usecases.mint_token import Minter
from wheelyard_web.attempts import MINT, require_few
from wheelyard_web.errors import answer
from wheelyard_web.identity import registry
from wheelyard_web.watching import request_id

log = structlog.get_logger()

blueprint = Blueprint("oidc", __name__, url_prefix="/_/oidc")

_COUNTER: Final = "wheelyard_token_mints_total"
_LARGEST_BODY: Final = 2 * LONGEST
_DISABLED: Final = "Trusted publishing is not enabled in this registry: it knows no issuer"
_JSON: Final = "application/json"


def enable(app: Flask, here: Registry) -> None:
    """Have *app* mint tokens, if the settings name issuers."""
    oidc = here.settings.oidc
    if not oidc.issuers:
        return
    # 21 MiB of cryptography, which only who checks signatures shall have.
    from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys  # noqa: PLC0415  as said

    keys = HttpIssuerKeys(oidc.issuers, oidc.ca_file, proxy=oidc.proxy)
    app.extensions["wheelyard.minter"] = Minter(here.database, keys, oidc.issuers, here.peppers)


@blueprint.get("/audience")
def audience() -> Response:
    """Tell whom an ID token must be for."""
    oidc = registry().settings.oidc
    if not oidc.issuers:
        raise NotAllowed(_DISABLED)
    return jsonify({"audience": oidc.audience})


# The second is what gh-action-pypi-publish asked before 1.13.
@blueprint.post("/mint-token")
@blueprint.post("/github/mint-token")
def mint() -> Response:
    """Exchange an ID token for an upload token."""
    here = registry()
    minter, token = _minter(), _token()
    require_few(MINT, here.settings.limits.mints_per_minute, _issuer_of(token))
    minted = minter.mint(token, here.now(), request_id())
    here.metrics.count(_COUNTER, "minted")
    log.info(
        "token_minted",
        issuer=minted.identity.issuer,
        subject=minted.identity.subject,
        projects=list(minted.project_ids),
    )
    response = jsonify(
        {"success": True, "token": minted.secret, "expires": int(minted.expires_at.timestamp())}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/burn-token")
def burn() -> Response:
    """Revoke an upload token; the answer is the same for anything that is none."""
    _minter().burn(_token(), request_id())
    response = jsonify({"message": "202 Accepted"})
    response.status_code = HTTPStatus.ACCEPTED
    return response


@blueprint.errorhandler(NotMinted)
def refuse(error: NotMinted) -> Response:
    """Say why there is no token, and count it."""
    registry().metrics.count(_COUNTER, error.reason)
    log.info("token_not_minted", reason=error.reason, detail=str(error))
    return _explained(answer(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)), error.reason)


@blueprint.errorhandler(IssuerUnavailable)
def without_keys(error: IssuerUnavailable) -> Response:
    """Say that the issuer could not be asked, and count it."""
    reason = Reason.ISSUER_UNAVAILABLE
    registry().metrics.count(_COUNTER, reason)
    log.warning("issuer_unavailable", error=str(error))
    sentence = f"The token cannot be checked now: {error}; try again in a moment"
    return _explained(answer(HTTPStatus.SERVICE_UNAVAILABLE, sentence), reason)


@blueprint.after_request
def explain(response: Response) -> Response:
    """Give every other refusal the `errors` that clients read without looking."""
    if response.status_code >= HTTPStatus.BAD_REQUEST and response.mimetype == _JSON:
        phrase = HTTPStatus(response.status_code).phrase
        return _explained(response, phrase.lower().replace(" ", "-"))
    return response


def _explained(response: Response, code: str) -> Response:
    body = response.get_json(silent=True)
    if isinstance(body, dict) and "errors" not in body:
        body["errors"] = [{"code": code, "description": body["code"].partition(" ")[2]}]
        response.set_data(json.dumps(body))
    return response


def _minter() -> Minter:
    found = current_app.extensions.get("wheelyard.minter")
    if not isinstance(found, Minter):
        raise NotMinted(_DISABLED, Reason.NOT_ENABLED)
    return found


def _issuer_of(text: str) -> str:
    """Return the issuer that a token names, if it is known here; others share what they may."""
    try:
        named = IdToken.parse(text).issuer
    except NotMinted:
        return ""
    found = issuer_named(named, registry().settings.oidc.issuers)
    return "" if found is None else found.url


def _token() -> str:
    # No type is asked for: older uv sends none.
    request.max_content_length = _LARGEST_BODY
    try:
        payload = json.loads(request.get_data())
    except (ValueError, RecursionError):
        payload = None
    token = payload.get("token") if isinstance(payload, dict) else None
    if not isinstance(token, str):
        raise NotMinted('The body must be JSON like {"token": "…"}', Reason.INVALID_PAYLOAD)
    return token
