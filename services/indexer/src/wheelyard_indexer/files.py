"""The addresses of files and their metadata: authorise, then stream or redirect."""

from collections.abc import Iterable, Sequence
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import Headers

from wheelyard_core.domain.catalogue import StoredFile
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.ports import BlobNotFound, BlobReader, StorageUnavailable
from wheelyard_core.simple.negotiation import etag_matches
from wheelyard_indexer.ranges import Span, Unsatisfiable, wanted_span
from wheelyard_indexer.reading import allowed_group, allowed_to_pull
from wheelyard_web.identity import registry

blueprint = Blueprint("files", __name__)

_PIECE: Final = 256 << 10
_METADATA: Final = ".metadata"
_PROJECT: Final = "/api/v4/projects/<path:reference>/packages/pypi/files"
_GROUP: Final = "/api/v4/groups/<path:reference>/-/packages/pypi/files"
_ALIAS: Final = "/<path:reference>/files"


@blueprint.get(f"{_PROJECT}/<sha256>/<filename>", provide_automatic_options=False)
@blueprint.get(f"{_ALIAS}/<sha256>/<filename>", provide_automatic_options=False)
def project_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of a project, or its metadata file."""
    allowed = allowed_to_pull(reference)
    return _answer([allowed.project.id], sha256, filename, public=allowed.public)


@blueprint.get(f"{_GROUP}/<sha256>/<filename>", provide_automatic_options=False)
def group_file(reference: str, sha256: str, filename: str) -> Response:
    """Answer with a file of any project below a group that the actor may read."""
    group = allowed_group(reference)
    return _answer(group.project_ids, sha256, filename, public=group.public)


def _answer(project_ids: Sequence[int], sha256: str, filename: str, *, public: bool) -> Response:
    wants_metadata = filename.endswith(_METADATA)
    file = _find(project_ids, sha256.lower(), filename.removesuffix(_METADATA))
    if file is None:
        raise NotFound(f"File not found: {filename}")
    if not wants_metadata:
        elsewhere = _elsewhere(file) if request.method == "GET" else None
        return elsewhere or _bytes(file.blob_key, file.digests.sha256, file.size, public=public)
    if file.metadata_sha256 is None or file.metadata_size is None:
        raise NotFound(f"File not found: {filename}")
    return _bytes(file.metadata_key, file.metadata_sha256, file.metadata_size, public=public)


def _find(project_ids: Sequence[int], sha256: str, filename: str) -> StoredFile | None:
    with registry().database.snapshot() as uow:
        for project_id in project_ids:
            found = uow.files.to_serve(project_id, sha256, filename)
            if found is not None:
                return found
    return None


def _elsewhere(file: StoredFile) -> Response | None:
    """Return a redirect to the object store, where that is how downloads go.

    A presigned GET refuses HEAD, and pip and uv would then give up ranges: HEAD never gets one.
    """
    here = registry()
    if here.settings.http.downloads != "redirect":
        return None
    seconds = here.settings.http.presign_seconds
    address = here.blobs.presigned_url(file.blob_key, file.filename, seconds)
    if address is None:
        return None
    response = redirect(address, 302)
    # Whoever holds the address reads the bytes.
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # Flask's own


def _bytes(key: str, digest: str, size: int, *, public: bool) -> Response:
    """Answer with a blob or a range of it; one request to the store, and none without a body."""
    etag = f'"{digest}"'
    audience = "public" if public else "private"
    headers = Headers(
        {
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Cache-Control": f"max-age=365000000, immutable, {audience}",
        }
    )
    if etag_matches(request.headers.get("If-None-Match"), etag):
        return Response(status=304, headers=headers)
    try:
        span = _span(etag, size)
    except Unsatisfiable:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(b"", 416, headers, content_type="application/octet-stream")
    status = 200
    if span is not None:
        status = 206
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    headers["Content-Length"] = str(size if span is None else span.length)
    body: Iterable[bytes] = ()
    if request.method == "GET":
        body = Body.begin(key, span or Span(0, size), size)
    return Response(
        body, status, headers, content_type="application/octet-stream", direct_passthrough=True
    )


def _span(etag: str, size: int) -> Span | None:
    if request.method != "GET":
        # Ranges are defined for GET alone (RFC 9110, 14.2).
        return None
    return wanted_span(request.headers.get("Range"), request.headers.get("If-Range"), etag, size)


def _first_piece(key: str, content: BlobReader, size: int) -> bytes:
    if content.size != size:
        raise StorageUnavailable(f"The blob {key} has {content.size} bytes, not {size}")
    return content.read(_PIECE)


class Body:
    """A blob on its way to a client. Its first piece is read before the status is sent.

    What breaks later must break the connection, so it raises: the length was promised, and a
    client that is cut off tries again.
    """

    def __init__(self, content: BlobReader, first: bytes) -> None:
        self._content = content
        self._first: bytes | None = first

    @classmethod
    def begin(cls, key: str, span: Span, size: int) -> "Body":
        """Open the blob and read its first piece. Raises StorageUnavailable."""
        whole = span.length == size
        try:
            content = registry().blobs.open(key, span.start, None if whole else span.length)
        except BlobNotFound as lost:
            raise StorageUnavailable(f"The bytes of {key} are missing") from lost
        try:
            return cls(content, _first_piece(key, content, size))
        except BaseException:
            content.close()
            raise

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        """Return the next piece."""
        piece, self._first = self._first, None
        if piece is None:
            piece = self._content.read(_PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Give the connection to the store back: the server calls it when the client is gone."""
        self._content.close()
