"""What is no proper request is refused in JSON by one sentence, and leaves nothing."""

import http.client
import json
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.e2e.uploads.wire import FORM, on_disk
from tests.support.backstage import Backstage
from tests.support.forms import BOUNDARY, AForm, Answer, basic, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

_FORM = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
_JSON = "Content-Type: application/json"
_CHUNKED = "Transfer-Encoding: chunked"
_HALF = FORM.body()[:-40]

# The target below the project, headers, the body, and the status that it deserves.
POSTS: dict[str, tuple[str, list[str], bytes, int]] = {
    "an upload of no chunks": ("packages/pypi", [_FORM, _CHUNKED], b"zz\r\n", 400),
    "an upload of a chunk without its end": (
        "packages/pypi",
        [_FORM, _CHUNKED],
        b"%x\r\n%b-" % (len(_HALF), _HALF),
        400,
    ),
    "an upload that breaks off in a chunk": (
        "packages/pypi",
        [_FORM, _CHUNKED],
        b"ffff\r\n" + _HALF,
        400,
    ),
    "an upload that breaks off": (
        "packages/pypi",
        [_FORM, f"Content-Length: {len(_HALF) + 40}"],
        _HALF,
        400,
    ),
    "a body of no chunks": ("job_tokens", [_JSON, _CHUNKED], b"zz\r\n", 400),
    "a body that breaks off in a chunk": ("job_tokens", [_JSON, _CHUNKED], b"9\r\n{", 400),
    "a body that breaks off": ("job_tokens", [_JSON, "Content-Length: 9"], b"{", 400),
    "a length and chunks": (
        "packages/pypi",
        [_FORM, _CHUNKED, "Content-Length: 3"],
        b"0\r\n\r\n",
        400,
    ),
    "a negative length": ("packages/pypi", [_FORM, "Content-Length: -3"], b"", 400),
    "a length beyond all": ("packages/pypi", [_FORM, f"Content-Length: {'9' * 30}"], b"", 413),
    "a coding that nobody knows": ("packages/pypi", [_FORM, "Transfer-Encoding: x"], b"", 501),
    "an expectation": ("packages/pypi", [_FORM, "Expect: 200-ok", "Content-Length: 0"], b"", 417),
    "a header without a name": ("packages/pypi", ["X Y: z"], b"", 400),
    "a header with a NUL": ("packages/pypi", ["X: a\0b"], b"", 400),
    "a header too long": ("packages/pypi", [f"X: {'a' * 9000}"], b"", 431),
    "too many headers": ("packages/pypi", [f"X-{n}: y" for n in range(150)], b"", 431),
    "an address too long": (f"packages/pypi?x={'y' * 9000}", [_FORM], b"", 414),
    "an address in UTF-8": ("packages/pypi?é", [_FORM], b"", 400),
}
HEADS = {
    "a method that is none": b"get / HTTP/1.1\r\n\r\n",
    "HTTP 0.9": b"GET /\r\n\r\n",
    "HTTP 2": b"GET / HTTP/2.0\r\n\r\n",
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.fixture
def sent(wheelyard: Wheelyard) -> Callable[[bytes], bytes]:
    """Send bytes, then no more, and return all that comes back."""
    parts = urlsplit(wheelyard.url)

    def send(raw: bytes) -> bytes:
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))

    return send


def check_refusal(raw: bytes, status: int) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d+) ([^\r]+)", head)
    assert found is not None, raw
    assert int(found[1]) == status, raw
    assert b"\r\nContent-Type: application/json\r\n" in head + b"\r\n"
    told = json.loads(body)
    assert told["code"] == f"{status} {found[2].decode()}"
    assert told["message"].startswith(f"{status} ")
    assert "<" not in told["code"]


@pytest.mark.parametrize(("target", "headers", "body", "status"), POSTS.values(), ids=POSTS)
def test_a_broken_request_is_refused_and_leaves_nothing(  # noqa: PLR0917  a table's columns, and fixtures
    target: str,
    headers: list[str],
    body: bytes,
    status: int,
    sent: Callable[[bytes], bytes],
    wheelyard: Wheelyard,
    backstage: Backstage,
    project: SeededProject,
    token: str,
) -> None:
    before = on_disk(wheelyard)
    lines = [
        f"POST /api/v4/projects/{project.id}/{target} HTTP/1.1",
        "Host: yard",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in basic("__token__", token).items()]

    answered = sent("\r\n".join([*lines, *headers, "", ""]).encode() + body)

    check_refusal(answered, status)
    assert backstage.uploads(project.id) == []
    assert on_disk(wheelyard) <= before


@pytest.mark.parametrize("raw", HEADS.values(), ids=HEADS)
def test_what_is_no_request_is_refused_in_json(sent: Callable[[bytes], bytes], raw: bytes) -> None:
    check_refusal(sent(raw), 400)


def test_a_broken_body_does_not_reach_the_next_request(
    upload: Callable[[AForm], Answer], url: str, token: str
) -> None:
    broken = post(url, iter([_HALF]), token)

    assert broken.status == 400
    assert "ended in its middle" in broken.reason
    assert upload(FORM).status == 201


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/v4/nothing", 404),
        ("/api/v4/projects", 401),
        ("/api/v4/projects/{id}/packages/pypi/simple/", 405),
        ("/{path}", 405),
    ],
)
def test_a_large_body_for_an_address_that_wants_none_does_not_undo_the_answer(
    wheelyard: Wheelyard, project: SeededProject, target: str, status: int
) -> None:
    address = target.format(id=project.id, path=project.path)
    connection = http.client.HTTPConnection(wheelyard.host, timeout=20)
    connection.connect()
    connection.auto_open = 0
    try:
        connection.request("POST", address, bytes(8 << 20))
        refused = connection.getresponse()
        refused.read()
        connection.request("GET", "/livez")
        next_one = connection.getresponse()
        assert (refused.status, next_one.status) == (status, 200)
    finally:
        connection.close()
