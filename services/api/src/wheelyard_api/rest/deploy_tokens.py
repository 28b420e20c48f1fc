"""Deploy tokens of projects and groups."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, nothing, peppers, secret_shown
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_api.rest.tokens import read_new_token
from wheelyard_core.domain.administration import TokenFilter
from wheelyard_core.domain.credentials import JOB_USER
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.usecases import administer_deploy_tokens
from wheelyard_core.usecases.administer_deploy_tokens import DEPLOY_SCOPES, holder_of

blueprint = Blueprint("deploy_tokens", __name__, url_prefix="/api/v4")

_HELD: Final = "/<any(projects, groups):kind>/<reference>/deploy_tokens"
_GROUPS: Final = "groups"


@blueprint.get("/deploy_tokens")
def everywhere() -> Response:
    """List all deploy tokens, to an administrator."""
    params = Params.of_request()
    stretch, page = read_stretch(params)
    wanted = TokenFilter((TokenKind.DEPLOY,), is_revoked=False, is_active=_active(params))
    with acting(writes=False) as who:
        who.admin(writes=False)
        listed = who.uow.token_admin.listed(wanted, stretch, who.now)
    return answer_list(listed, stretch, page, lambda token: shown.deploy_token(token, who.now))


@blueprint.get(_HELD)
def deploy_tokens(kind: str, reference: str) -> Response:
    """List the deploy tokens of a project or a group."""
    params = Params.of_request()
    stretch, page = read_stretch(params)
    active = _active(params)
    with acting(writes=False) as who:
        holder = holder_of(who, reference, is_group=kind == _GROUPS, writes=False)
        listed = who.uow.token_admin.listed(holder.filter(is_active=active), stretch, who.now)
    return answer_list(listed, stretch, page, lambda token: shown.deploy_token(token, who.now))


@blueprint.post(_HELD)
def create(kind: str, reference: str) -> Response:
    """Create a deploy token."""
    with acting(writes=True) as who:
        holder = holder_of(who, reference, is_group=kind == _GROUPS, writes=True)
        params = Params.of_request()
        issued = administer_deploy_tokens.create_deploy_token(
            who,
            holder,
            read_new_token(who, params, DEPLOY_SCOPES),
            _username(params),
            peppers(),
        )
        return secret_shown(
            shown.deploy_token(issued.token, who.now), issued.secret, status=HTTPStatus.CREATED
        )


@blueprint.get(f"{_HELD}/<int:token_id>")
def deploy_token(kind: str, reference: str, token_id: int) -> Response:
    """Show a deploy token."""
    with acting(writes=False) as who:
        holder = holder_of(who, reference, is_group=kind == _GROUPS, writes=False)
        found = administer_deploy_tokens.deploy_token(who, holder, token_id)
        return jsonify(shown.deploy_token(found, who.now))


@blueprint.delete(f"{_HELD}/<int:token_id>")
def delete(kind: str, reference: str, token_id: int) -> Response:
    """Revoke a deploy token."""
    with acting(writes=True) as who:
        holder = holder_of(who, reference, is_group=kind == _GROUPS, writes=True)
        administer_deploy_tokens.delete_deploy_token(who, holder, token_id)
    return nothing()


def _active(params: Params) -> bool | None:
    return True if params.flag("active") else None


def _username(params: Params) -> str | None:
    username = params.text("username")
    if username is None or not username.strip():
        return None
    # It is half of what Basic authentication sends.
    if ":" in username or not username.isprintable():
        raise InvalidInput("username can contain no colon, and only what can be shown")
    username = username.strip()
    if username == JOB_USER:
        raise InvalidInput("username cannot be gitlab-ci-token: job tokens alone go with that name")
    return username
