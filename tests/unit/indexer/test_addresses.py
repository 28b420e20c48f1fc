"""Which addresses the hot path reads as simple pages."""

import pytest

from wheelyard_indexer.hot import address_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v4/projects/1/packages/pypi/simple", ("/api/v4/projects/1/packages/pypi", "")),
        ("/api/v4/projects/1/packages/pypi/simple/", ("/api/v4/projects/1/packages/pypi", "")),
        ("/a/b/simple/demo", ("/a/b", "demo")),
        ("/a/b/simple/demo///", ("/a/b", "demo")),
        ("/a/simple/simple/demo", ("/a/simple", "demo")),
        # The package `simple` of /a/b, or the root of the project /a/b/simple.
        ("/a/b/simple/simple", None),
        ("/a/b/simple/demo/more", None),
        ("/a/b/files/x/y", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_address_is_a_place_and_a_package(path: str, expected: tuple[str, str] | None) -> None:
    assert address_of(path) == expected
