"""A client that has the page already is told so, and only then."""

import pytest
from tests.unit.core.simple.samples import a_file, a_page

from wheelyard_core.simple.negotiation import etag_matches
from wheelyard_core.simple.render import render

TAG = '"0123456789abcdef"'


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        (None, False),
        ("", False),
        (TAG, True),
        (f" {TAG} ", True),
        (f"W/{TAG}", True),  # a proxy compressed it, and weakened it
        (f'"other", {TAG}', True),
        (f'"other",{TAG},"third"', True),
        (f'W/"other", W/{TAG}', True),
        ('"a,b", "c"', False),
        ("*", True),
        (" * ", True),
        ('"*"', False),
        ('"other"', False),
        (TAG.strip('"'), False),
        (f'"{TAG}', False),  # quotes that pair up otherwise
        (TAG.upper(), False),
        ('"0123"', False),
        ('"0123456789abcdef', False),
        (",,", False),
        ('"', False),
    ],
)
def test_if_none_match_is_compared_weakly(header: str | None, matches: bool) -> None:
    assert etag_matches(header, TAG) is matches


def test_a_weak_tag_of_ours_matches_as_well() -> None:
    assert etag_matches(TAG, f"W/{TAG}")


def test_no_variant_answers_for_another() -> None:
    rendered = render(a_page(a_file()))
    tags = [
        rendered.json.etag,
        rendered.json.gzip_etag,
        rendered.html.etag,
        rendered.html.gzip_etag,
    ]

    for held in tags:
        assert [etag_matches(held, tag) for tag in tags].count(True) == 1
