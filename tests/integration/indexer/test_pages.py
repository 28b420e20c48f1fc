"""Simple pages over HTTP: headers, names, refusals."""

import gzip
import json
from itertools import product

import pytest
from tests.integration.indexer.conftest import HTML, JSON, Reader, headers_of
from tests.support.distributions import ADistribution

WHEEL = ADistribution().named("My.Package", "1.0").wheel()


@pytest.fixture
def published(reader: Reader) -> Reader:
    assert reader.yard.publish(reader.project.id, WHEEL, reader.secret).status_code == 201
    return reader


FORMS = [
    (JSON, JSON),
    (HTML, HTML),
    ("text/html", "text/html; charset=utf-8"),
    ("*/*", "text/html; charset=utf-8"),
    (f"{JSON}, text/html;q=0.1", JSON),
]


@pytest.mark.parametrize("page", ["simple", "simple/my-package/"])
def test_every_form_of_a_page_has_its_exact_headers(published: Reader, page: str) -> None:
    for (accept, content_type), coding in product(FORMS, ("gzip", "identity")):
        check_page(published, page, accept, content_type, coding)


def check_page(published: Reader, page: str, accept: str, content_type: str, coding: str) -> None:
    asked = {"Accept": accept, "Accept-Encoding": coding}
    answer = published.ask(page, asked)
    again = published.ask(page, {**asked, "If-None-Match": answer.headers["ETag"]})
    head = published.ask(page, asked, "HEAD")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers.get("Content-Encoding") == ("gzip" if coding == "gzip" else None)
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert answer.headers["X-PyPI-Last-Serial"] == "1"
    assert answer.headers["ETag"].startswith('"')
    assert "Last-Modified" not in answer.headers
    body = gzip.decompress(answer.data) if coding == "gzip" else answer.data
    assert b"my-package" in body.lower() or b"my.package" in body.lower()
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["Vary"] == answer.headers["Vary"]
    assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]
    assert (head.status_code, head.data) == (200, b"")
    assert headers_of(head) == headers_of(answer)


def test_each_form_and_encoding_has_an_etag_of_its_own(published: Reader) -> None:
    etags = [
        published.ask("simple/my-package/", {"Accept": accept, "Accept-Encoding": coding}).headers[
            "ETag"
        ]
        for accept in (JSON, HTML)
        for coding in ("gzip", "identity")
    ]
    foreign = published.ask(
        "simple/my-package/",
        {"Accept": JSON, "Accept-Encoding": "identity", "If-None-Match": etags[0]},
    )

    assert len(set(etags)) == 4
    assert foreign.status_code == 200


def test_a_public_page_may_be_shared(public_reader: Reader) -> None:
    answer = public_reader.ask("simple/", anonymous=True)

    assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_a_name_spelled_otherwise_is_sent_to_the_normalized_one(reader: Reader) -> None:
    for spelled in ("My.Package", "my_package", "MY--PACKAGE"):
        check_redirect(reader, spelled)


def check_redirect(reader: Reader, spelled: str) -> None:
    answer = reader.ask(f"simple/{spelled}/?format=json&x=%26")
    by_alias = reader.ask(f"/{reader.project.path}/simple/{spelled}")
    stranger = reader.ask(f"simple/{spelled}/", anonymous=True)

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{reader.index}/simple/my-package/?format=json&x=%26"
    assert by_alias.headers["Location"] == f"/{reader.project.path}/simple/my-package/"
    assert stranger.status_code == 401


def test_a_redirect_never_leads_to_another_host(public_reader: Reader) -> None:
    # The client would take the beginning for a host name itself.
    raw = {"PATH_INFO": f"//{public_reader.project.path}/simple/My.Package"}

    answer = public_reader.yard.client.get("/", environ_overrides=raw)

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"/{public_reader.project.path}/simple/my-package/"


def test_what_is_no_name_is_not_found(reader: Reader) -> None:
    for name in ("-", "a%20b", "..", "%C3%A9", "a%0D%0Ab", "a" * 300):
        answer = reader.ask(f"simple/{name}/")

        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/json"


def test_a_nul_in_an_address_is_no_bug(reader: Reader) -> None:
    for path in ("simple/a%00b/", "/a%00/b/simple/", f"files/{'0' * 64}/a%00-1.0.tar.gz"):
        assert 400 <= reader.ask(path).status_code < 500


def test_other_methods_are_refused_with_what_is_allowed(reader: Reader) -> None:
    paths = ("simple/", "simple/demo/", f"files/{'0' * 64}/x-1.0.tar.gz")
    for path, method in product(paths, ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")):
        answer = reader.ask(path, method=method)

        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
        assert answer.headers["Content-Type"] == "application/json"


def test_a_form_that_does_not_exist_is_not_acceptable(published: Reader) -> None:
    answer = published.ask("simple/my-package/", {"Accept": "image/png"})
    by_query = published.ask("simple/my-package/?format=image/png")

    assert answer.status_code == by_query.status_code == 406
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert "application/vnd.pypi.simple.v1+json" in json.loads(answer.data)["message"]


def test_an_unknown_package_is_not_found_in_json(reader: Reader) -> None:
    answer = reader.ask("simple/nothing/")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.data)["code"] == "404 Package not found: nothing"


@pytest.mark.parametrize("settings", [{"WHEELYARD_VERDICT_SECONDS": "1"}], indirect=True)
def test_a_package_with_nothing_installable_is_there_and_empty(reader: Reader) -> None:
    with reader.yard.hand.resting():
        answer = reader.yard.publish(reader.project.id, WHEEL, reader.secret)
        awaited = reader.ask("simple/my-package/", {"Accept": JSON})
        root = reader.ask("simple/", {"Accept": JSON})

    assert answer.status_code == 202
    assert awaited.status_code == 200
    assert json.loads(awaited.data)["files"] == []
    assert json.loads(root.data)["projects"] == []


def test_a_group_page_lists_files_at_the_groups_own_address(published: Reader) -> None:
    group = published.project.group
    index = f"/api/v4/groups/{group.path}/-/packages/pypi"

    root = published.ask(f"{index}/simple/", {"Accept": JSON})
    page = published.ask(f"{index}/simple/my-package/", {"Accept": JSON})
    elsewhere = published.ask(f"{index}/simple/My.Package/")
    (file,) = json.loads(page.data)["files"]

    assert json.loads(root.data)["projects"] == [{"name": "My.Package"}]
    assert file["url"].startswith(f"/api/v4/groups/{group.id}/-/packages/pypi/files/")
    assert published.ask(file["url"]).data == WHEEL.content
    assert elsewhere.headers["Location"] == f"{index}/simple/my-package/"
    assert published.ask(f"{index}/simple/", anonymous=True).status_code == 401
    assert published.ask(f"{index}/simple/nothing/").status_code == 404
