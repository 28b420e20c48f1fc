"""The addresses of files and their metadata: authorise, then stream or redirect."""

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_range_header

from wheelyard_core.domain.access import Permission, readable_below, user_of
from wheelyard_core.domain.catalogue import StoredFile
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.ports import BlobNotFound, BlobReader, StorageUnavailable
from wheelyard_web.identity import allowed_project, identify, registry

blueprint = Blueprint("files", __name__)

_PIECE: Final = 256 << 10
_METADATA: Final = ".metadata"


@blueprint.get("/api/v4/projects/<path:reference>/packages/pypi/files/<sha256>/<filename>")
@blueprint.get("/<path:reference>/files/<sha256>/<filename>")
def project_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of a project, or its metadata file."""
    project, _ = allowed_project(reference, Permission.PULL)
    return _serve([project.id], sha256, filename, public=project.policy.anybody_may_pull)


@blueprint.get("/api/v4/groups/<path:reference>/-/packages/pypi/files/<sha256>/<filename>")
def group_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of any project below a group that the actor may read."""
    with registry().database.snapshot() as uow:
        who = identify(uow)
        project_ids = readable_below(who.actor, uow.pages.below(reference, user_of(who.actor)))
    return _serve(project_ids, sha256, filename, public=who.token is None)


def _serve(
    project_ids: "tuple[int, ...] | list[int]", sha256: str, filename: str, *, public: bool
) -> Response:
    wants_metadata = filename.endswith(_METADATA)
    file = _find(project_ids, sha256.lower(), filename.removesuffix(_METADATA))
    if file is None or (wants_metadata and file.metadata_sha256 is None):
        raise NotFound(f"File not found: {filename}")
    if wants_metadata:
        return _stream(file.metadata_key, f"{file.metadata_sha256}", public=public)
    here = registry()
    if here.settings.http.downloads == "redirect" and request.method == "GET":
        address = here.blobs.presigned_url(
            file.blob_key, file.filename, here.settings.http.presign_seconds
        )
        if address is not None:
            response = redirect(address, 302)
            response.headers["Cache-Control"] = "no-store"
            return response  # type: ignore[return-value]  # Flask's own
    return _stream(file.blob_key, file.digests.sha256, public=public)


def _find(
    project_ids: "tuple[int, ...] | list[int]", sha256: str, filename: str
) -> StoredFile | None:
    with registry().database.snapshot() as uow:
        for project_id in project_ids:
            found = uow.files.to_serve(project_id, sha256, filename)
            if found is not None:
                return found
    return None


def _stream(key: str, digest: str, *, public: bool) -> Response:
    etag = f'"{digest}"'
    headers = Headers(
        {
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Cache-Control": f"max-age=365000000, immutable, {'public' if public else 'private'}",
        }
    )
    if etag in (request.headers.get("If-None-Match") or ""):
        return Response(status=304, headers=headers)
    size = _size(key)
    start, stop, status = 0, size, 200
    wanted = parse_range_header(request.headers.get("Range"))
    if_range = request.headers.get("If-Range")
    if wanted is not None and wanted.units == "bytes" and if_range in {None, etag}:
        bounds = wanted.range_for_length(size)
        if bounds is None and len(wanted.ranges) == 1:
            headers["Content-Range"] = f"bytes */{size}"
            return Response(status=416, headers=headers)
        if bounds is not None:
            start, stop, status = bounds[0], bounds[1], 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    body = b"" if request.method == "HEAD" else _pieces(_open(key, start, stop - start))
    return Response(
        body, status, headers, content_type="application/octet-stream", direct_passthrough=True
    )


def _size(key: str) -> int:
    try:
        return registry().blobs.size(key)
    except BlobNotFound as lost:
        raise StorageUnavailable(f"The bytes of {key} are missing") from lost


def _open(key: str, start: int, length: int) -> BlobReader:
    try:
        return registry().blobs.open(key, start, length)
    except BlobNotFound as lost:
        raise StorageUnavailable(f"The bytes of {key} are missing") from lost


def _pieces(content: BlobReader) -> Iterator[bytes]:
    with content:
        while piece := content.read(_PIECE):
            yield piece
