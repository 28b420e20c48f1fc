"""Project access tokens, and job tokens."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, nothing, peppers, secret_shown
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_api.rest.tokens import read_new_token, refuse_if_reused, rotate_locked, token_filter
from wheelyard_core.domain.access import Permission, Role
from wheelyard_core.domain.administering import parse_role
from wheelyard_core.domain.administration import TokenDetails
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.usecases import administer_project_tokens, administer_tokens
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.administer_project_tokens import Job, project_token, roles_of
from wheelyard_core.usecases.administer_tokens import Issued

blueprint = Blueprint("access_tokens", __name__, url_prefix="/api/v4/projects/<reference>")

_ORDERS = ("id", "name", "created_at", "expires_at")
_JOB_SECONDS: Final = 3600
_LONGEST_JOB: Final = 24 * 3600


@blueprint.get("/access_tokens")
def access_tokens(reference: str) -> Response:
    """List a project's access tokens, revoked ones included."""
    params = Params.of_request()
    stretch, page = read_stretch(params, _ORDERS)
    with acting(writes=False) as who:
        project, _ = who.project_settings(reference, writes=False)
        wanted = token_filter(params, (TokenKind.PROJECT,), project_id=project.id)
        listed = who.uow.token_admin.listed(wanted, stretch, who.now)
        roles = roles_of(who, project, listed.items)
        return answer_list(
            listed,
            stretch,
            page,
            lambda token: shown.project_token(token, roles[token.id], who.now),
        )


@blueprint.post("/access_tokens")
def create(reference: str) -> Response:
    """Create a project access token."""
    with acting(writes=True) as who:
        project, _ = who.project(reference, Permission.ADMINISTER)
        who.human()
        params = Params.of_request()
        level = params.number("access_level")
        role = Role.MAINTAINER if level is None else parse_role(level)
        new = read_new_token(who, params)
        issued = administer_project_tokens.create_project_token(
            who, reference, new, role, peppers()
        )
        return _secret(who, project, issued, HTTPStatus.CREATED)


@blueprint.get("/access_tokens/<int:token_id>")
def access_token(reference: str, token_id: int) -> Response:
    """Show a project access token."""
    with acting(writes=False) as who:
        project, _ = who.project_settings(reference, writes=False)
        return jsonify(_shown(who, project, project_token(who, project, token_id)))


@blueprint.delete("/access_tokens/<int:token_id>")
def revoke(reference: str, token_id: int) -> Response:
    """Revoke a project access token, and end the membership of its bot."""
    with acting(writes=True) as who:
        project, _ = who.project_settings(reference, writes=True)
        administer_tokens.revoke(who, project_token(who, project, token_id, lock=True))
    return nothing()


@blueprint.post("/access_tokens/<int:token_id>/rotate")
def rotate(reference: str, token_id: int) -> Response:
    """Rotate a project access token."""
    with acting(writes=True) as who:
        who.project(reference, Permission.ADMINISTER)
        expires_at = Params.of_request().expiry(who.now)
        project, issued = administer_project_tokens.rotate_project_token(
            who, reference, token_id, expires_at, peppers()
        )
        return _secret(who, project, issued, HTTPStatus.OK)


@blueprint.post("/access_tokens/self/rotate")
def rotate_own(reference: str) -> Response:
    """Rotate the project access token that the request came with."""
    with acting(writes=True) as who:
        refuse_if_reused(who)
        project, _ = who.project(reference, Permission.SEE)
        own = project_token(who, project, administer_tokens.own_token(who).id, lock=True)
        issued = rotate_locked(who, own)
        return _secret(who, project, issued, HTTPStatus.OK)


@blueprint.post("/job_tokens")
def create_job_token(reference: str) -> Response:
    """Create a job token for a runner."""
    with acting(writes=True) as who:
        who.project(reference, Permission.PUSH)
        job = _read_job(Params.of_request())
        issued = administer_project_tokens.create_job_token(who, reference, job, peppers())
        token = who.uow.token_admin.get(issued.token.id) or issued.token
        return secret_shown(shown.job_token(token), issued.secret, status=HTTPStatus.CREATED)


def _read_job(params: Params) -> Job:
    seconds = params.number("expires_in")
    seconds = _JOB_SECONDS if seconds is None else seconds
    if not 1 <= seconds <= _LONGEST_JOB:
        raise InvalidInput(f"expires_in must be from 1 to {_LONGEST_JOB} seconds")
    return Job(
        timedelta(seconds=seconds),
        params.text("ref"),
        params.text("sha"),
        params.address("pipeline_url"),
    )


def _shown(who: Acting, project: Project, token: TokenDetails) -> dict[str, object]:
    role = roles_of(who, project, [token])[token.id]
    return shown.project_token(token, role, who.now)


def _secret(who: Acting, project: Project, issued: Issued, status: HTTPStatus) -> Response:
    return secret_shown(_shown(who, project, issued.token), issued.secret, status=status)
