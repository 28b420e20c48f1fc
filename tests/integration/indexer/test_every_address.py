"""Root, page, file and metadata file speak HTTP alike at the addresses of project and group."""

import gzip
import json
from collections.abc import Iterator
from itertools import product

import pytest
from tests.integration.indexer.conftest import HTML, JSON, Reader, headers_of
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from werkzeug.test import TestResponse

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
ROOT, PAGE = "simple", "simple/demo-pkg"
FILE = f"files/{WHEEL.sha256}/{WHEEL.filename}"
PAGES, FILES = (ROOT, PAGE), (FILE, f"{FILE}.metadata")
PLACES = ("project", "path of the project", "alias", "group", "path of the group")
# The word of each client that the negotiation is tested with, and what it gets.
CLIENTS = {
    "pip 21": ("text/html", "text/html; charset=utf-8"),
    "pip 26": (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
    "uv 0.13": (f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
    "poetry 2.5": (f"{JSON}, */*;q=0.1", JSON),
    "hatch 1.18": ("*/*", "text/html; charset=utf-8"),
    "a browser": ("text/html,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
    "a mirror of HTML": (HTML, HTML),
    "nobody": ("application/json", None),
    "who refuses all": ("*/*;q=0", None),
}


@pytest.fixture(scope="module")
def reader(one_yard: Yard) -> Reader:
    project = one_yard.seed.project()
    found = Reader(one_yard, project, one_yard.seed.developer_token(project))
    one_yard.must_publish(project.id, found.secret, WHEEL)
    return found


@pytest.fixture(params=PLACES)
def base(request: pytest.FixtureRequest, reader: Reader) -> str:
    """What comes before `/simple` and `/files`."""
    project, group = reader.project, reader.project.group
    return {
        "project": f"/api/v4/projects/{project.id}/packages/pypi",
        "path of the project": f"/api/v4/projects/{encoded(project.path)}/packages/pypi",
        "alias": f"/{project.path}",
        "group": f"/api/v4/groups/{group.id}/-/packages/pypi",
        "path of the group": f"/api/v4/groups/{encoded(group.path)}/-/packages/pypi",
    }[request.param]


def encoded(path: str) -> str:
    return path.replace("/", "%2F")


def both_slashes(base: str, *whats: str) -> Iterator[str]:
    for what, slash in product(whats, ("", "/")):
        yield f"{base}/{what}{slash}"


def check_unchanged(reader: Reader, path: str, answer: TestResponse, asked: dict[str, str]) -> None:
    """See that HEAD is as GET without a body, and that who has it is sent nothing."""
    head = reader.ask(path, asked, "HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert headers_of(head) == headers_of(answer)
    tag = answer.headers["ETag"]
    for held, method in product((tag, f"W/{tag}", f'"x", {tag}', "*"), ("GET", "HEAD")):
        unchanged = reader.ask(path, {**asked, "If-None-Match": held}, method)
        assert (unchanged.status_code, unchanged.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert unchanged.headers.get(name) == answer.headers.get(name)
    assert reader.ask(path, {**asked, "If-None-Match": '"x"'}).status_code == 200


def test_a_page_is_the_same_with_and_without_a_slash(base: str, reader: Reader) -> None:
    for path in both_slashes(base, *PAGES):
        tags = set()
        for accept, coding in product((JSON, HTML), ("gzip", "identity")):
            asked = {"Accept": accept, "Accept-Encoding": coding}
            answer = reader.ask(path, asked)
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == accept
            assert answer.headers.get("Content-Encoding") == (coding if coding == "gzip" else None)
            assert answer.headers["Vary"] == "Accept, Accept-Encoding"
            assert answer.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
            assert int(answer.headers["X-PyPI-Last-Serial"]) >= 1
            assert "Last-Modified" not in answer.headers
            body = gzip.decompress(answer.data) if coding == "gzip" else answer.data
            assert b"emo" in body
            check_unchanged(reader, path, answer, asked)
            tags.add(answer.headers["ETag"])
        assert len(tags) == 4


def test_a_file_is_the_same_with_and_without_a_slash(base: str, reader: Reader) -> None:
    for path in both_slashes(base, *FILES):
        answer = reader.ask(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Cache-Control"] == "max-age=365000000, immutable, private"
        assert "Content-Encoding" not in answer.headers
        if ".metadata" not in path:
            assert answer.data == WHEEL.content
        check_unchanged(reader, path, answer, {})


def test_each_client_gets_the_form_that_it_can_read(base: str, reader: Reader) -> None:
    for path, (accept, kind) in product(both_slashes(base, *PAGES), CLIENTS.values()):
        answer = reader.ask(path, {"Accept": accept})

        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert answer.status_code == (406 if kind is None else 200)
        assert answer.headers["Content-Type"] == (kind or "application/json")
        if kind is None:
            told = json.loads(answer.data)["message"]
            assert all(form in told for form in (JSON, HTML, "text/html"))


def test_what_writes_is_told_that_only_reading_is_possible(base: str, reader: Reader) -> None:
    writing = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE")
    for path, method in product(both_slashes(base, *PAGES, *FILES), writing):
        answer = reader.ask(path, method=method)

        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
        assert answer.get_json()["code"] == "405 This address takes GET and HEAD only"


def test_a_name_spelled_otherwise_leads_to_its_page_for_those_who_may(
    base: str, reader: Reader
) -> None:
    query = "?format=text/html&x=%26"
    for spelled, method in product(("Demo.Pkg", "demo_pkg/", "No__Such"), ("GET", "HEAD")):
        answer = reader.ask(f"{base}/simple/{spelled}{query}", method=method)
        anonymous = reader.ask(f"{base}/simple/{spelled}{query}", method=method, anonymous=True)

        normalized = "no-such" if "Such" in spelled else "demo-pkg"
        assert answer.status_code == 301
        place = base.replace("%2F", "/")
        assert answer.headers["Location"] == f"{place}/simple/{normalized}/{query}"
        assert answer.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
        assert anonymous.status_code == 401
        assert "Location" not in anonymous.headers


def test_whoever_may_not_is_told_nothing(base: str, reader: Reader) -> None:
    stranger = Reader(
        reader.yard,
        reader.project,
        reader.yard.seed.personal_token(reader.yard.seed.user()),
    )
    for path in both_slashes(base, *PAGES, *FILES, "simple/No.Such", f"files/{'0' * 64}/x.whl"):
        for method in ("GET", "HEAD"):
            anonymous = reader.ask(path, method=method, anonymous=True)
            assert anonymous.status_code == 401
            assert anonymous.headers["WWW-Authenticate"] == 'Basic realm="Wheelyard"'
            assert "ETag" not in anonymous.headers
            assert stranger.ask(path, method=method).status_code == 404
