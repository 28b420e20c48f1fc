"""The addresses of simple pages: who may, which page, in which form."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.names import name_in_address
from wheelyard_core.simple.negotiation import accepts_gzip, etag_matches, negotiate
from wheelyard_core.simple.render import Rendered
from wheelyard_core.usecases.group_pages import GroupPages
from wheelyard_core.usecases.pages import Pages
from wheelyard_indexer.addresses import ALIAS_ROUTE, GROUP_ROUTE, PROJECT_ROUTE
from wheelyard_indexer.answers import VARY, cache_control, page_answer
from wheelyard_indexer.memory import Memory
from wheelyard_indexer.remembering import Remembering
from wheelyard_web.errors import answer as error_answer
from wheelyard_web.identity import registry
from wheelyard_web.parts import part

blueprint = Blueprint("pages", __name__)

_PROJECT: Final = f"{PROJECT_ROUTE}/simple"
_GROUP: Final = f"{GROUP_ROUTE}/simple"
_ALIAS: Final = f"{ALIAS_ROUTE}/simple"
_NOT_ACCEPTABLE: Final = (
    "A simple page is application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html or"
    " text/html: accept one of them"
)


@blueprint.get(_PROJECT, provide_automatic_options=False)
@blueprint.get(_ALIAS, provide_automatic_options=False)
def root(reference: str) -> Response:
    """Answer with the names of a project's packages."""
    remembering = Remembering.begin(part(Memory), request.environ)
    allowed = remembering.allowed(reference)
    page = part(Pages).root(allowed.project_id)
    remembering.page(part(Pages).key(allowed.project_id), page)
    return _answer(page, public=allowed.public)


@blueprint.get(f"{_PROJECT}/<package>", provide_automatic_options=False)
@blueprint.get(f"{_ALIAS}/<package>", provide_automatic_options=False)
def package(reference: str, package: str) -> Response:
    """Answer with the files of a package."""
    remembering = Remembering.begin(part(Memory), request.environ)
    allowed = remembering.allowed(reference)
    normalized = name_in_address(package)
    if normalized != package:
        return _under_its_name(package, normalized, public=allowed.public)
    page = part(Pages).package(allowed.project_id, package)
    if page is None:
        raise NotFound(f"Package not found: {package}")
    remembering.page(part(Pages).key(allowed.project_id, package), page)
    # Not before it is known to be a package: what somebody asks for may be anything.
    registry().tracing.annotate(project_id=allowed.project_id, package=package)
    return _answer(page, public=allowed.public)


@blueprint.get(_GROUP, provide_automatic_options=False)
def group_root(reference: str) -> Response:
    """Answer with the names of the packages below a group that the actor may read."""
    group = Remembering.begin(part(Memory), request.environ).allowed_group(reference)
    return _answer(part(GroupPages).root(group), public=group.public)


@blueprint.get(f"{_GROUP}/<package>", provide_automatic_options=False)
def group_package(reference: str, package: str) -> Response:
    """Answer with the files that a package has in all projects below a group."""
    group = Remembering.begin(part(Memory), request.environ).allowed_group(reference)
    normalized = name_in_address(package)
    if normalized != package:
        return _under_its_name(package, normalized, public=group.public)
    page = part(GroupPages).package(group, package)
    if page is None:
        raise NotFound(f"Package not found: {package}")
    return _answer(page, public=group.public)


def _under_its_name(package: str, normalized: str, *, public: bool) -> Response:
    """Return a redirect to the normalized name, with the query; it says nothing of existence."""
    # Werkzeug's path begins with one slash, whatever was sent: two would name another host.
    here = request.path.removesuffix(package)
    address = f"{part(Pages).base_path}{quote(here)}{normalized}/"
    query = request.query_string.decode("ascii", "ignore")
    response = Response(status=301, content_type="text/plain")
    response.headers["Location"] = f"{address}?{query}" if query else address
    response.headers.extend([cache_control(public=public)])
    return response


def _answer(page: Rendered, *, public: bool) -> Response:
    offer = negotiate(request.headers.get("Accept"), request.args.get("format"))
    if offer is None:
        refusal = error_answer(HTTPStatus.NOT_ACCEPTABLE, _NOT_ACCEPTABLE)
        refusal.headers.extend([VARY])
        return refusal
    gzip = accepts_gzip(request.headers.get("Accept-Encoding"))
    answer = page_answer(page, offer, gzip=gzip, public=public)
    if etag_matches(request.headers.get("If-None-Match"), answer.etag):
        return Response(status=304, headers=answer.headers_unchanged)
    return Response(answer.body, 200, answer.headers)
