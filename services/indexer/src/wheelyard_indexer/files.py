"""The addresses of files and their metadata: authorise, then send, hand over or redirect."""

from typing import Final

from flask import Blueprint, Response, redirect, request

from wheelyard_core.domain.catalogue import StoredFile
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.usecases.pages import Pages
from wheelyard_indexer.addresses import ALIAS_ROUTE, GROUP_ROUTE, PROJECT_ROUTE
from wheelyard_indexer.file_answers import ServedFile
from wheelyard_indexer.hot import OUTAGE
from wheelyard_indexer.memory import Memory
from wheelyard_indexer.remembering import Remembering
from wheelyard_indexer.sending import Sender
from wheelyard_web.identity import registry
from wheelyard_web.parts import part

blueprint = Blueprint("files", __name__)

_METADATA: Final = ".metadata"
_PROJECT: Final = f"{PROJECT_ROUTE}/files"
_GROUP: Final = f"{GROUP_ROUTE}/files"
_ALIAS: Final = f"{ALIAS_ROUTE}/files"


@blueprint.get(f"{_PROJECT}/<sha256>/<filename>", provide_automatic_options=False)
@blueprint.get(f"{_ALIAS}/<sha256>/<filename>", provide_automatic_options=False)
def project_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of a project, or its metadata file."""
    _raise_an_outage()
    remembering = Remembering.begin(part(Memory), request.environ)
    allowed = remembering.allowed(reference)
    known = remembering.known_file(allowed, sha256.lower(), filename)
    if known is not None:
        return _bytes_of(known, public=allowed.public)
    stored = _find(frozenset({allowed.project_id}), sha256.lower(), filename)
    file = _served(stored, filename)
    if not _redirects(file):
        remembering.file(allowed.project_id, sha256.lower(), filename, file)
    return _answer(stored, file, public=allowed.public)


@blueprint.get(f"{_GROUP}/<sha256>/<filename>", provide_automatic_options=False)
def group_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of any project below a group that the actor may read."""
    _raise_an_outage()
    remembering = Remembering.begin(part(Memory), request.environ)
    group = remembering.allowed_group(reference)
    stored = _find(group.project_ids, sha256.lower(), filename)
    file = _served(stored, filename)
    if not _redirects(file):
        remembering.file(stored.project_id, sha256.lower(), filename, file)
    return _answer(stored, file, public=group.public)


def _raise_an_outage() -> None:
    """Raise what the hot path met when it opened the blob: it need not be met again."""
    outage = request.environ.get(OUTAGE)
    if outage is not None:
        raise outage


def _find(project_ids: frozenset[int], sha256: str, filename: str) -> StoredFile:
    with registry().database.snapshot() as uow:
        found = uow.files.to_serve(project_ids, sha256, filename.removesuffix(_METADATA))
    if found is None:
        raise NotFound(f"File not found: {filename}")
    return found


def _served(stored: StoredFile, filename: str) -> ServedFile:
    """Return the blob that is meant: the file, or its metadata file."""
    page = part(Pages).key(stored.project_id, stored.package)
    if not filename.endswith(_METADATA):
        return ServedFile(stored.blob_key, stored.digests.sha256, stored.size, page)
    if stored.metadata_sha256 is None or stored.metadata_size is None:
        raise NotFound(f"File not found: {filename}")
    return ServedFile(stored.metadata_key, stored.metadata_sha256, stored.metadata_size, page)


def _redirects(file: ServedFile) -> bool:
    """Tell whether clients are sent to the object store for it: never for a metadata file."""
    elsewhere = registry().settings.http.downloads == "redirect"
    return elsewhere and not file.key.endswith(_METADATA)


def _answer(stored: StoredFile, file: ServedFile, *, public: bool) -> Response:
    # A presigned GET refuses HEAD, and pip and uv would then give up ranges: HEAD never gets one.
    if request.method == "GET" and _redirects(file):
        elsewhere = _elsewhere(stored)
        if elsewhere is not None:
            return elsewhere
    return _bytes_of(file, public=public)


def _bytes_of(file: ServedFile, *, public: bool) -> Response:
    answer, body = part(Sender).answer(file, request.environ, public=public)
    # No bytes at all would be given a length of their own: that of a HEAD is the file's.
    return Response(body or (), answer.status, answer.headers, direct_passthrough=True)


def _elsewhere(file: StoredFile) -> Response | None:
    """Return a redirect to the object store, where it has an address of its own."""
    here = registry()
    seconds = here.settings.http.presign_seconds
    address = here.blobs.presigned_url(file.blob_key, file.filename, seconds)
    if address is None:
        return None
    response = redirect(address, 302)
    # Whoever holds the address reads the bytes.
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # Flask's own
