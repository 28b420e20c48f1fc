"""Which addresses the hot path reads as simple pages and as files."""

import pytest

from wheelyard_indexer.addresses import (
    file_address,
    file_route,
    is_below_group,
    is_place_of,
    page_address,
    place_of,
)

DIGEST = "0a" * 32


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
    assert page_address(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/a/b/files/{DIGEST}/x.whl", ("/a/b", DIGEST, "x.whl")),
        (f"/a/b/files/{DIGEST}/x.whl/", ("/a/b", DIGEST, "x.whl")),
        (f"/a/b/files/{DIGEST.upper()}/x.whl.metadata", ("/a/b", DIGEST, "x.whl.metadata")),
        (f"/a/files/files/{DIGEST}/x.whl", ("/a/files", DIGEST, "x.whl")),
        (f"/a/b/files/{DIGEST}", None),
        (f"/a/b/files/{DIGEST}/x/y", None),
        (f"/a/b/files/{DIGEST[1:]}/x.whl", None),
        (f"/a/b/other/{DIGEST}/x.whl", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_address_is_a_place_a_digest_and_a_name(
    path: str, expected: tuple[str, str, str] | None
) -> None:
    assert file_address(path) == expected


def test_a_place_is_what_pages_and_files_have_in_common() -> None:
    place = "/api/v4/projects/1/packages/pypi"

    assert place_of(f"{place}/simple/demo/") == place_of(f"{place}/files/{DIGEST}/x.whl") == place
    assert place_of(f"{place}/other") is None


def test_a_place_is_of_the_project_that_the_router_read() -> None:
    assert is_place_of("/a/b", "a/b")
    assert is_place_of("/api/v4/projects/a/b/packages/pypi", "a/b")
    assert not is_place_of("/a/b/simple", "a/b")
    assert not is_place_of("//a/b", "a/b")


def test_a_place_is_a_groups_or_a_projects() -> None:
    assert is_below_group("/api/v4/groups/a/b/-/packages/pypi")
    assert not is_below_group("/api/v4/projects/a/packages/pypi")
    assert not is_below_group("/api/v4/groups/a")
    assert file_route("/api/v4/groups/1/-/packages/pypi").startswith("/api/v4/groups/<path:")
