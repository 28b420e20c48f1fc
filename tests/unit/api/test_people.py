"""Pages for people without their database, and how an address is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from tests.support.in_process import environment

from wheelyard_api.app import create_app
from wheelyard_api.people.addresses import Links
from wheelyard_api.people.wording import link, size
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.browse import Reading, readings


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    """An api whose database has no tables, which is as good as none."""
    nowhere = "redis://127.0.0.1:9/0"
    settings = read_settings(environment(tmp_path, f"sqlite:///{tmp_path}/none.db", nowhere))
    registry = make_registry(settings, "test")
    yield create_app(registry).test_client()
    registry.close()


def test_a_page_without_its_database_is_a_page(client: FlaskClient) -> None:
    answer = client.get("/acme/tools", headers={"Accept": "text/html"})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "try again in a moment" in answer.text
    assert "Sign in" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_other_clients_are_told_as_everywhere(client: FlaskClient) -> None:
    answer = client.get("/acme/tools")

    assert (answer.status_code, answer.content_type) == (503, "application/json")


def test_the_style_sheet_needs_no_database(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept": "text/html"}).text
    (sheet,) = (part for part in page.split('"') if part.endswith(".css"))

    assert client.get(sheet).status_code == 200


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("acme", [Reading("acme")]),
        ("a/packages", [Reading("a/packages"), Reading("a")]),
        ("a/b/packages/c", [Reading("a/b/packages/c"), Reading("a/b", "c")]),
        ("a/b/packages/c/1", [Reading("a/b/packages/c/1"), Reading("a/b", "c", "1")]),
        ("packages/packages/packages/packages",
         [Reading("packages/packages/packages/packages"),
          Reading("packages/packages/packages"), Reading("packages/packages", "packages"),
          Reading("packages", "packages", "packages")]),
        ("packages/a", [Reading("packages/a")]),
        ("a/packages/b/c/d", [Reading("a/packages/b/c/d")]),
    ],
)  # fmt: skip
def test_an_address_is_read_in_every_way_that_can_be_right(
    address: str, expected: list[Reading]
) -> None:
    assert readings(address) == expected


def test_names_that_other_addresses_have_are_spelled_otherwise() -> None:
    links = Links("/base")

    assert links.package("a/b", "simple") == "/base/a/b/packages/Simple"
    assert links.package("a/b", "legacy", "1!2+x") == "/base/a/b/packages/Legacy/1!2+x"
    assert links.package("a/b", "simple-thing") == "/base/a/b/packages/simple-thing"
    assert links.place("a/b", q="x&y", after=None) == "/base/a/b?q=x%26y"


@pytest.mark.parametrize(
    ("address", "followed"),
    [("https://a.example/x", True), ("HTTP://a.example", True), ("mailto:a@b.example", True),
     ("javascript:alert(1)", False), ("java\nscript:alert(1)", False), ("//a.example", False),
     ("https:evil", False), ("data:text/html,x", False), ("http://[", False), ("", False),
     ("vbscript:x", False), (None, False), (7, False)],
)  # fmt: skip
def test_only_addresses_of_the_web_are_followed(address: object, followed: bool) -> None:
    assert (link(address) is not None) == followed


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (10_000, "10 kB"),
     (14_200, "14 kB"), (9_940_000, "9.9 MB"), (2_000_000_000_000, "2.0 TB"), (10**16, "10000 TB")],
)  # fmt: skip
def test_sizes_are_shown_as_people_read_them(number: int, shown: str) -> None:
    assert size(number) == shown
