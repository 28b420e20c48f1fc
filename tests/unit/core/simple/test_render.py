"""Pages are ready to send: small, reproducible, and tagged by what they hold."""

import gzip
import re
from hashlib import sha256

import pytest
from tests.unit.core.simple.samples import a_file, a_page

from wheelyard_core.simple.page import PackagePage, RootPage
from wheelyard_core.simple.render import Rendered, Representation, render


def tags(rendered: Rendered) -> list[str]:
    return [
        rendered.json.etag,
        rendered.json.gzip_etag,
        rendered.html.etag,
        rendered.html.gzip_etag,
    ]


@pytest.mark.parametrize("page", [a_page(a_file()), RootPage(3, ("Flask",))])
def test_gzip_holds_the_identity(page: PackagePage | RootPage) -> None:
    rendered = render(page)

    for variant in (rendered.json, rendered.html):
        assert gzip.decompress(variant.gzip) == variant.identity


def test_gzip_tells_no_time_and_no_name() -> None:
    for variant in (render(a_page()).json, render(a_page()).html):
        flags, moment = variant.gzip[3], variant.gzip[4:8]
        assert flags == 0
        assert moment == b"\0\0\0\0"


def test_the_same_page_is_the_same_everywhere() -> None:
    assert render(a_page(a_file())) == render(a_page(a_file()))


def test_each_representation_and_encoding_has_a_strong_tag_of_its_own() -> None:
    found = tags(render(a_page(a_file())))

    assert len(set(found)) == 4
    for tag in found:
        assert re.fullmatch(r'"[0-9a-f]{32}"', tag)


def test_a_tag_comes_from_the_bytes_that_it_stands_for() -> None:
    json = render(a_page(a_file())).json

    assert json.etag == f'"{sha256(json.identity).hexdigest()[:32]}"'
    assert json.gzip_etag == f'"{sha256(json.gzip).hexdigest()[:32]}"'


@pytest.mark.parametrize(
    "changed",
    [a_page(a_file(), serial=8), a_page(a_file(requires_python=">=3.9")), a_page()],
)
def test_a_change_of_the_page_changes_every_tag(changed: PackagePage) -> None:
    before = tags(render(a_page(a_file())))

    assert not set(before) & set(tags(render(changed)))


def test_a_variant_is_found_by_what_was_negotiated() -> None:
    rendered = render(a_page())

    assert rendered.variant(Representation.JSON) is rendered.json
    assert rendered.variant(Representation.HTML) is rendered.html
