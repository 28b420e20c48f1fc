"""Simple pages are ready to send, and survive being stored."""

from datetime import UTC, datetime

from wheelyard_core.simple.page import PackagePage, PageFile, RootPage
from wheelyard_core.simple.render import dump, load, render
from wheelyard_core.simple.urls import file_url

DIGEST = "ab" * 32
FILE = PageFile(
    filename="flask-1.0-py3-none-any.whl",
    url=file_url("", "projects/42", DIGEST, "flask-1.0-py3-none-any.whl"),
    sha256=DIGEST,
    size=5,
    upload_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def test_a_stored_page_is_loaded_as_it_was() -> None:
    rendered = render(PackagePage("flask", 3, (FILE,), ("1.0",)))

    assert load(dump(rendered)) == rendered


def test_a_root_is_rendered_both_ways() -> None:
    rendered = render(RootPage(1, ("Flask",)))

    assert b'"projects":[{"name":"Flask"}]' in rendered.json.identity
    assert b'<a href="flask/">Flask</a>' in rendered.html.identity
