"""Whatever stands in an address or in a header: an answer, and never one of another host."""

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.harness import check_refusal, fuzzed, odd_texts
from tests.support.distributions import ADistribution
from tests.support.forms import basic
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse

WHEEL = ADistribution().named("Demo.Pkg", "1!1.0+local.1").wheel()
FILE = f"{WHEEL.sha256}/{WHEEL.filename}".encode()
METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
# Of paths as they are after percent-decoding: any bytes.
PIECES = [
    b"/", b"/", b"/", b"//", b"api", b"v4", b"projects", b"groups", b"1", b"-", b"packages",
    b"pypi", b"simple",
    b"files", b"legacy", b"uploads", b"yank", b"status", b"demo-pkg", b"Demo.Pkg", b"1.0", FILE,
    b".metadata",
    b"user", b"users", b"members", b"deploy_tokens", b"_", b"sign-in", b"assets", b"livez", b"..",
    b".", b"\0",
    b"%", b"%2F", b"%00", b"\xff", b"\xc3\xa9", b"\xe2\x84\xaa", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80", b"\\",
    b"evil.example", b":", b"@", b"?", b"#", b";", b" ", b"\r\n", b"0" * 64, b"9" * 400, b"a" * 300,
]  # fmt: skip
PLACES = [
    "/api/v4/projects/{id}/packages/pypi",
    "/{path}",
    "/api/v4/groups/{group}/-/packages/pypi",
]
KINDS = [b"/simple", b"/simple/", b"/files/", b"/files/" + FILE, b"/legacy", b"/yank/"]
HEADERS = [
    "Accept", "Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Match",
    "If-Modified-Since",
    "Authorization", "PRIVATE-TOKEN", "DEPLOY-TOKEN", "JOB-TOKEN", "User-Agent", "X-Forwarded-For",
    "X-Request-ID", "Cookie", "Host", "Accept-Language", "Content-Type", "Origin", "Referer",
]  # fmt: skip
VALUES = [
    "*/*", "text/html", ";", ",", ";q=", "0", "1", ".5", '"', "\\", "*", "gzip", "bytes=", "-",
    "bytes=0-9",
    "bytes=-5", "bytes=5-", f'"{WHEEL.sha256}"', "W/", "Basic ", "Bearer ", "Og==", "6Q==",
    "wyp_", "=", "\xff",
    "application/vnd.pypi.simple.v1+json", "a" * 5000, "9" * 40, " ", "\t", "wheelyard_session=",
    "yard:80",
]  # fmt: skip


def published(yard: Yard, project: SeededProject, secret: str) -> None:
    assert yard.publish(project.id, WHEEL, secret).status_code in {200, 201}


def check(answer: TestResponse) -> None:
    check_refusal(answer)
    if answer.location is not None:
        assert answer.location.startswith("/"), answer.location
        assert not answer.location.startswith(("//", "/\\")), answer.location


def ask(yard: Yard, method: str, path: bytes, query: str, secret: str) -> TestResponse:
    raw = {"PATH_INFO": path.decode("latin-1"), "QUERY_STRING": query}
    headers = {"PRIVATE-TOKEN": secret}
    return yard.client.open("/", method=method, headers=headers, environ_overrides=raw)


QUERIES = ["format=", "&", "=", "%", "%00", "%ff", "page=", "per_page=", "0", "9" * 30, "+", "[]"]
queries = st.lists(st.sampled_from(QUERIES), max_size=5).map("".join)


@fuzzed(60)
@example("GET", b"//evil.example/simple/My.Package", "")
@example("GET", b"/\\evil.example/simple/My.Package", "")
@given(
    st.sampled_from(METHODS),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=12).map(b"".join),
    queries,
)
def test_an_address_of_any_bytes(
    yard: Yard, project: SeededProject, secret: str, method: str, path: bytes, query: str
) -> None:
    published(yard, project, secret)

    for who in (secret, ""):
        check(ask(yard, method, b"/" + path, query, who))


@fuzzed(50)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=4).map(b"".join),
    queries,
)
def test_what_is_below_an_index(  # noqa: PLR0917  three are fixtures
    yard: Yard,
    project: SeededProject,
    secret: str,
    place: str,
    kind: bytes,
    rest: bytes,
    query: str,
) -> None:
    published(yard, project, secret)
    base = place.format(id=project.id, path=project.path, group=project.group.path).encode()

    for method in ("GET", "PUT"):
        check(ask(yard, method, base + kind + rest, query, secret))


@fuzzed(60)
@given(
    st.dictionaries(
        st.sampled_from(HEADERS),
        st.lists(st.sampled_from(VALUES), max_size=6).map("".join)
        | odd_texts().map(lambda text: text.encode("utf-8", "replace").decode("latin-1")),
        max_size=4,
    )
)
def test_headers_of_any_text(
    yard: Yard, project: SeededProject, secret: str, headers: dict[str, str]
) -> None:
    published(yard, project, secret)
    # No server takes these in a header.
    sound = {k: v.translate(dict.fromkeys(map(ord, "\r\n\0"))) for k, v in headers.items()}
    index = f"/api/v4/projects/{project.id}/packages/pypi"

    for path in (f"{index}/simple/demo-pkg", f"{index}/files/{FILE.decode()}", "/api/v4/user", "/"):
        given_ = {**basic("__token__", secret), **sound}
        answer = yard.client.get(path, headers=given_, buffered=True)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 206:
            bounds = answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0]
            first, _, last = bounds.partition("-")
            assert answer.data == WHEEL.content[int(first) : int(last) + 1]
