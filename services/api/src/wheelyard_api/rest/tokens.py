"""Personal access tokens."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, nothing, peppers, secret_shown
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.administering import parse_scopes
from wheelyard_core.domain.administration import TokenDetails, TokenFilter
from wheelyard_core.domain.errors import InvalidInput, NotAllowed
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.usecases import administer_tokens
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.administer_tokens import (
    PERSONAL_KINDS,
    PERSONAL_SCOPES,
    Issued,
    NewTokenRequest,
)
from wheelyard_web.identity import credentials

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v4")

_ORDERS = ("id", "name", "created_at", "expires_at")


@blueprint.post("/user/personal_access_tokens")
def create_own() -> Response:
    """Create a token for whoever asks."""
    return _create(None)


@blueprint.post("/users/<int:user_id>/personal_access_tokens")
def create(user_id: int) -> Response:
    """Create a token for an account."""
    return _create(user_id)


@blueprint.get("/personal_access_tokens")
def tokens() -> Response:
    """List the tokens of whoever asks; an administrator's list has all, or one account's."""
    params = Params.of_request()
    stretch, page = read_stretch(params, _ORDERS)
    user_id = params.number("user_id")
    with acting(writes=False) as who:
        person = who.person(writes=False)
        if user_id is None and not person.is_admin:
            user_id = person.user_id
        if user_id != person.user_id:
            who.admin(writes=False)
        listed = who.uow.token_admin.listed(
            token_filter(params, PERSONAL_KINDS, user_id=user_id), stretch, who.now
        )
    return answer_list(listed, stretch, page, lambda token: shown.personal_token(token, who.now))


@blueprint.get("/personal_access_tokens/self")
def own() -> Response:
    """Show the token that the request came with."""
    with acting(writes=False) as who:
        return jsonify(shown.personal_token(administer_tokens.own_token(who), who.now))


@blueprint.delete("/personal_access_tokens/self")
def revoke_own() -> Response:
    """Revoke the token that the request came with."""
    with acting(writes=True) as who:
        administer_tokens.revoke(who, administer_tokens.own_token(who, lock=True))
    return nothing()


@blueprint.post("/personal_access_tokens/self/rotate")
def rotate_own() -> Response:
    """Rotate the token that the request came with."""
    with acting(writes=True) as who:
        refuse_if_reused(who)
        issued = rotate_locked(who, administer_tokens.own_token(who, lock=True))
        return _secret(who, issued, HTTPStatus.OK)


@blueprint.get("/personal_access_tokens/<int:token_id>")
def token(token_id: int) -> Response:
    """Show a token."""
    with acting(writes=False) as who:
        found = administer_tokens.personal_token(who, token_id, writes=False)
        return jsonify(shown.personal_token(found, who.now))


@blueprint.delete("/personal_access_tokens/<int:token_id>")
def revoke(token_id: int) -> Response:
    """Revoke a token."""
    with acting(writes=True) as who:
        found = administer_tokens.personal_token(who, token_id, writes=True)
        administer_tokens.revoke(who, found)
    return nothing()


@blueprint.post("/personal_access_tokens/<int:token_id>/rotate")
def rotate(token_id: int) -> Response:
    """Rotate a token."""
    with acting(writes=True) as who:
        found = administer_tokens.personal_token(who, token_id, writes=True)
        expires_at = Params.of_request().expiry(who.now)
        issued = administer_tokens.rotate(who, found, expires_at, peppers())
        return _secret(who, issued, HTTPStatus.OK)


def refuse_if_reused(who: Acting) -> None:
    """Refuse a secret that was rotated before, and end all tokens that came from it."""
    given = credentials()
    if given is not None:
        administer_tokens.revoke_if_reused(who.uow, given.secret, peppers())


def rotate_locked(who: Acting, found: TokenDetails) -> Issued:
    """Rotate a token by itself."""
    if Scope.API not in found.scopes:
        raise NotAllowed("This token may not do that: it needs the scope api")
    expires_at = Params.of_request().expiry(who.now)
    return administer_tokens.rotate(who, found, expires_at, peppers())


def token_filter(
    params: Params,
    kinds: tuple[TokenKind, ...],
    *,
    user_id: int | None = None,
    project_id: int | None = None,
) -> TokenFilter:
    """Read which tokens a list shows."""
    state = params.text("state") or None
    if state not in {None, "active", "inactive"}:
        raise InvalidInput("state does not have a valid value: it is active or inactive")
    return TokenFilter(
        kinds,
        user_id=user_id,
        project_id=project_id,
        is_revoked=params.flag("revoked"),
        is_active=None if state is None else state == "active",
        search=params.text("search") or None,
    )


def read_new_token(
    who: Acting, params: Params, scopes: tuple[Scope, ...] = PERSONAL_SCOPES
) -> NewTokenRequest:
    """Read what a new token shall be."""
    return NewTokenRequest(
        params.required("name"),
        parse_scopes(params.words("scopes"), scopes),
        params.expiry(who.now),
    )


def _create(user_id: int | None) -> Response:
    with acting(writes=True) as who:
        who.human()
        if user_id is not None:
            # Who may comes before what is asked.
            who.admin(writes=True)
        issued = administer_tokens.create_personal_token(
            who, user_id, read_new_token(who, Params.of_request()), peppers()
        )
        return _secret(who, issued, HTTPStatus.CREATED)


def _secret(who: Acting, issued: Issued, status: HTTPStatus) -> Response:
    return secret_shown(shown.personal_token(issued.token, who.now), issued.secret, status=status)
