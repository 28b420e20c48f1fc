"""The addresses of simple pages: who may, which page, in which form."""

from typing import Final

from flask import Blueprint, Response, current_app, redirect, request

from wheelyard_core.domain.access import Permission, readable_below, user_of
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.names import normalize
from wheelyard_core.simple.negotiation import Offer, accepts_gzip, etag_matches, negotiate
from wheelyard_core.simple.page import RootPage
from wheelyard_core.simple.render import Rendered, render
from wheelyard_core.simple.urls import simple_url
from wheelyard_core.usecases.authenticate import note_use
from wheelyard_core.usecases.pages import Pages, package_page
from wheelyard_web.identity import allowed_project, identify, registry

blueprint = Blueprint("pages", __name__)

_PROJECT: Final = "/api/v4/projects/<path:reference>/packages/pypi/simple"
_GROUP: Final = "/api/v4/groups/<path:reference>/-/packages/pypi/simple"
_ALIAS: Final = "/<path:reference>/simple"


@blueprint.get(_PROJECT)
@blueprint.get(_ALIAS)
def root(reference: str) -> Response:
    """Answer with the names of a project's packages."""
    project, _ = allowed_project(reference, Permission.PULL)
    return _answer(_pages().root(project.id), public=_is_public(project))


@blueprint.get(f"{_PROJECT}/<package>")
@blueprint.get(f"{_ALIAS}/<package>")
def package(reference: str, package: str) -> Response:
    """Answer with the files of a package."""
    project, _ = allowed_project(reference, Permission.PULL)
    if (elsewhere := _under_its_name(package)) is not None:
        return elsewhere
    page = _pages().package(project.id, package)
    if page is None:
        raise NotFound(f"Package not found: {package}")
    return _answer(page, public=_is_public(project))


@blueprint.get(_GROUP)
def group_root(reference: str) -> Response:
    """Answer with the names of the packages below a group that the actor may read."""
    project_ids, public = _readable(reference)
    with registry().database.snapshot() as uow:
        listing = uow.pages.root(project_ids)
    address = simple_url(_pages().base_path, f"groups/{reference}/-")
    return _answer(render(RootPage.of(listing.serial, listing.names, address)), public=public)


@blueprint.get(f"{_GROUP}/<package>")
def group_package(reference: str, package: str) -> Response:
    """Answer with the files that a package has in all projects below a group."""
    project_ids, public = _readable(reference)
    if (elsewhere := _under_its_name(package)) is not None:
        return elsewhere
    with registry().database.snapshot() as uow:
        listing = uow.pages.package(project_ids, package)
    if listing is None:
        raise NotFound(f"Package not found: {package}")
    scope = f"groups/{reference}/-"
    return _answer(render(package_page(listing, _pages().base_path, scope)), public=public)


def _readable(reference: str) -> tuple[tuple[int, ...], bool]:
    here = registry()
    with here.database.snapshot() as uow:
        who = identify(uow)
        group = uow.pages.below(reference, user_of(who.actor))
        project_ids = readable_below(who.actor, group)
    note_use(here.database, who.token, here.now())
    return project_ids, who.token is None


def _pages() -> Pages:
    found = current_app.extensions["wheelyard.pages"]
    assert isinstance(found, Pages)  # noqa: S101  put there by create_app
    return found


def _is_public(project: Project) -> bool:
    return project.policy.anybody_may_pull


def _under_its_name(package: str) -> Response | None:
    """Return a redirect to the normalized name, with the query, for one spelled otherwise."""
    normalized = normalize(package)
    if normalized == package:
        return None
    path = request.path.rstrip("/")
    address = f"{_pages().base_path}{path[: -len(package)]}{normalized}/"
    query = request.query_string.decode("latin-1")
    return redirect(f"{address}?{query}" if query else address, 301)  # type: ignore[return-value]  # Flask's own


def _answer(page: Rendered, *, public: bool) -> Response:
    offer = negotiate(request.headers.get("Accept"), request.args.get("format"))
    headers = {
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": f"{'public' if public else 'private'}, max-age=0, must-revalidate",
        "X-PyPI-Last-Serial": str(page.serial),
    }
    if offer is None:
        return Response(
            "Not acceptable: ask for application/vnd.pypi.simple.v1+json or text/html\n",
            406,
            headers,
            content_type="text/plain; charset=utf-8",
        )
    return _variant(page, offer, headers)


def _variant(page: Rendered, offer: Offer, headers: dict[str, str]) -> Response:
    variant = page.variant(offer.representation)
    gzip = accepts_gzip(request.headers.get("Accept-Encoding"))
    body, etag = (variant.gzip, variant.gzip_etag) if gzip else (variant.identity, variant.etag)
    headers["ETag"] = etag
    if etag_matches(request.headers.get("If-None-Match"), etag):
        return Response(status=304, headers=headers)
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return Response(body, 200, headers, content_type=offer.content_type)
