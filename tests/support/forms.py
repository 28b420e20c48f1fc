"""Upload forms, byte by byte, and what the registry answers to them.

No client library in between: a test says what is on the wire.
"""

import base64
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from tests.support.distributions import Built

BOUNDARY = "----a-boundary-of-the-tests"
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `reason` is the status line's words."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        parsed = json.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed

    @property
    def problems(self) -> list[str]:
        """Every sentence of a refusal."""
        errors = self.json.get("errors", [str(self.json["code"]).partition(" ")[2]])
        assert isinstance(errors, list)
        return [str(error) for error in errors]


@dataclass(frozen=True, slots=True)
class FilePart:
    """The part with the file; its head is written as given."""

    filename: str
    content: bytes
    content_type: str | None = "application/octet-stream"
    name: str = "content"

    def encode(self) -> bytes:
        kind = f"Content-Type: {self.content_type}\r\n" if self.content_type else ""
        head = (
            f'Content-Disposition: form-data; name="{self.name}"; filename="{self.filename}"\r\n'
            f"{kind}\r\n"
        )
        return head.encode() + self.content


@dataclass(frozen=True, slots=True)
class AForm:
    """An upload form; every method but the last ones returns a changed copy."""

    before: tuple[tuple[str, str], ...]
    files: tuple[FilePart, ...]
    behind: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, built: Built) -> Self:
        """Return the form that twine sends, but for the fields that nobody reads."""
        fields = (
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("metadata_version", "2.4"),
            ("name", built.name),
            ("version", built.version),
            ("filetype", built.filetype),
            ("pyversion", "py3"),
            ("sha256_digest", built.sha256),
        )
        return cls(fields, (FilePart(built.filename, built.content),))

    def with_field(self, name: str, value: str) -> Self:
        return replace(self, before=(*self.before, (name, value)))

    def with_field_behind(self, name: str, value: str) -> Self:
        return replace(self, behind=(*self.behind, (name, value)))

    def without(self, *names: str) -> Self:
        return replace(self, before=tuple(f for f in self.before if f[0] not in names))

    def saying(self, **values: str) -> Self:
        """Return the form with other values in fields that it has."""
        assert set(values) <= {name for name, _ in self.before}
        return replace(self, before=tuple((n, values.get(n, v)) for n, v in self.before))

    def with_file(self, file: FilePart) -> Self:
        return replace(self, files=(*self.files, file))

    def named(self, filename: str) -> Self:
        """Return the form with its file under another name."""
        return replace(self, files=(replace(self.files[0], filename=filename),))

    def untyped(self) -> Self:
        """Return the form with a file of no Content-Type."""
        return replace(self, files=(replace(self.files[0], content_type=None),))

    def fileless(self) -> Self:
        return replace(self, files=())

    def reversed(self) -> Self:
        """Return the form with its file first and its fields behind, the last one first."""
        return replace(self, before=self.behind[::-1], behind=self.before[::-1])

    def body(self) -> bytes:
        pieces = [_field(*field) for field in self.before]
        pieces += [_DASHES + file.encode() + b"\r\n" for file in self.files]
        pieces += [_field(*field) for field in self.behind]
        return b"".join(pieces) + _END


_DASHES = f"--{BOUNDARY}\r\n".encode()
_END = f"--{BOUNDARY}--\r\n".encode()


def _field(name: str, value: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def streamed(form: AForm, content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a form whose one file has *content*, piece by piece."""
    (file,) = form.files
    yield b"".join(_field(*field) for field in form.before) + _DASHES
    yield replace(file, content=b"").encode()
    yield from content
    yield b"\r\n" + b"".join(_field(*field) for field in form.behind) + _END


def basic(username: str, secret: str) -> dict[str, str]:
    """Return the header of basic authentication."""
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def form_headers(token: str | None) -> dict[str, str]:
    credentials = basic("__token__", token) if token is not None else {}
    return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **credentials}


def head_of(url: str, token: str, length: int) -> bytes:
    """Return the head of a POST of a form of *length* bytes, for a socket."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in form_headers(token).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(
    url: str,
    form: AForm | bytes | Iterator[bytes],
    token: str | None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a form; an iterator goes in chunks, without a Content-Length."""
    body = form.body() if isinstance(form, AForm) else form
    return ask("POST", url, body, {**form_headers(token), **(headers or {})})


def ask(
    method: str,
    url: str,
    body: bytes | Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request on a connection of its own and return the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        target = parts._replace(scheme="", netloc="").geturl()
        chunked = not isinstance(body, bytes | None)
        more = {"Transfer-Encoding": "chunked"} if chunked else {}
        connection.request(
            method, target, body, {**more, **(headers or {})}, encode_chunked=chunked
        )
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, answered, response.read())
    finally:
        connection.close()
