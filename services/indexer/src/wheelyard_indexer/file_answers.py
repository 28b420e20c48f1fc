"""The one form of a file's answer, whether Flask gives it or the memory in front of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from wheelyard_core.simple.negotiation import etag_matches
from wheelyard_indexer.answers import Headers
from wheelyard_indexer.ranges import Span, Unsatisfiable, wanted_span

_WHOLE: Final = "200 OK"
_PART: Final = "206 PARTIAL CONTENT"
_UNCHANGED: Final = "304 NOT MODIFIED"
_OUTSIDE: Final = "416 REQUESTED RANGE NOT SATISFIABLE"
# Never a Content-Encoding: uv would unpack a wheel before it looks at its digest.
_TYPE: Final = ("Content-Type", "application/octet-stream")
_RANGES: Final = ("Accept-Ranges", "bytes")


@dataclass(frozen=True, slots=True)
class ServedFile:
    """The blob that an address stands for, and the key of the page that lists the file."""

    key: str
    sha256: str
    size: int
    page_key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of the bytes that it wants."""

    method: str
    range: str | None
    if_range: str | None
    if_none_match: str | None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> Self:
        """Read a request."""
        get = environ.get
        return cls(
            environ["REQUEST_METHOD"],
            get("HTTP_RANGE"),
            get("HTTP_IF_RANGE"),
            get("HTTP_IF_NONE_MATCH"),
        )


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A status line, headers, and which bytes follow."""

    status: str
    headers: Headers
    span: Span | None = None
    # To the gateway, which fetches the bytes.
    handed_over: bool = False

    @property
    def is_part(self) -> bool:
        """Whether it is less than the whole file."""
        return self.status == _PART


def file_answer(file: ServedFile, asked: Asked, *, public: bool) -> FileAnswer:
    """Return the answer to *asked*: the whole, a range, or why neither."""
    etag = f'"{file.sha256}"'
    audience = "public" if public else "private"
    headers = [
        _RANGES,
        ("ETag", etag),
        ("Cache-Control", f"max-age=365000000, immutable, {audience}"),
    ]
    if etag_matches(asked.if_none_match, etag):
        return FileAnswer(_UNCHANGED, headers)
    is_get = asked.method == "GET"
    try:
        # Ranges are defined for GET alone (RFC 9110, 14.2).
        wanted = asked.range if is_get else None
        part = wanted_span(wanted, asked.if_range, etag, file.size)
    except Unsatisfiable:
        return _outside(file)
    span = part or Span(0, file.size)
    headers += [_TYPE, ("Content-Length", str(span.length))]
    if part is not None:
        headers.append(("Content-Range", f"bytes {span.start}-{span.stop - 1}/{file.size}"))
    return FileAnswer(_WHOLE if part is None else _PART, headers, span if is_get else None)


def _outside(file: ServedFile) -> FileAnswer:
    # A shared cache may keep any final answer that says how long it lasts (RFC 9111, 3): with the
    # file's headers it would be given to whoever asks for the file.
    headers = [
        _RANGES,
        ("Cache-Control", "no-store"),
        _TYPE,
        ("Content-Length", "0"),
        ("Content-Range", f"bytes */{file.size}"),
    ]
    return FileAnswer(_OUTSIDE, headers)
