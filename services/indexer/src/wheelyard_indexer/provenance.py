"""The addresses of provenance objects, as PyPI's Integrity API has them: who attested a file."""

from collections.abc import Collection
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.releases import ReleaseName
from wheelyard_core.simple.negotiation import best_of, etag_matches
from wheelyard_indexer.addresses import ALIAS_ROUTE, GROUP_ROUTE, PROJECT_ROUTE
from wheelyard_indexer.answers import cache_control
from wheelyard_indexer.reading import allowed_group, allowed_to_pull
from wheelyard_web.errors import answer as error_answer
from wheelyard_web.identity import registry

blueprint = Blueprint("provenance", __name__)

_PROJECT: Final = f"{PROJECT_ROUTE}/integrity"
_GROUP: Final = f"{GROUP_ROUTE}/integrity"
_ALIAS: Final = f"{ALIAS_ROUTE}/integrity"
_FILE: Final = "<package>/<version>/<filename>/provenance"
_TYPES: Final = ("application/vnd.pypi.integrity.v1+json", "application/json")


@blueprint.get(f"{_PROJECT}/{_FILE}", provide_automatic_options=False)
@blueprint.get(f"{_ALIAS}/{_FILE}", provide_automatic_options=False)
def project_provenance(reference: str, package: str, version: str, filename: str) -> Response:
    """Answer with the provenance of a file of a project."""
    allowed = allowed_to_pull(reference)
    name = ReleaseName.parse(package, version)
    return _answer([allowed.project_id], name, filename, public=allowed.public)


@blueprint.get(f"{_GROUP}/{_FILE}", provide_automatic_options=False)
def group_provenance(reference: str, package: str, version: str, filename: str) -> Response:
    """Answer with the provenance of the file that a group's page lists."""
    group = allowed_group(reference).group
    name = ReleaseName.parse(package, version)
    with registry().database.snapshot() as uow:
        holders = group.shown(uow.group_pages.holders(group.group_id, name.package))
    projects = [holder.project_id for holder in holders]
    return _answer(projects, name, filename, public=group.public)


def _answer(
    project_ids: Collection[int], name: ReleaseName, filename: str, *, public: bool
) -> Response:
    with registry().database.snapshot() as uow:
        attested = uow.attestations.to_serve(project_ids, name, filename)
    if attested is None:
        raise NotFound(f"No provenance available for {filename}")
    headers = [cache_control(public=public), ("Vary", "Accept")]
    content_type = best_of(request.headers.get("Accept"), _TYPES)
    if content_type is None:
        refusal = error_answer(
            HTTPStatus.NOT_ACCEPTABLE, f"Provenance is {' or '.join(_TYPES)}: accept one of them"
        )
        refusal.headers.extend(headers)
        return refusal
    body = attested.provenance()
    headers.append(("ETag", etag := f'"{sha256(body).hexdigest()[:32]}"'))
    if etag_matches(request.headers.get("If-None-Match"), etag):
        return Response(status=304, headers=headers)
    return Response(body, 200, headers, content_type=content_type)
