"""Links hold under any host name, and pip and uv ask for them alike."""

from urllib.parse import quote, unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.simple.samples import DIGEST, unhurried

from wheelyard_core.simple.urls import file_url, path_of, provenance_url, simple_url


def test_a_file_is_addressed_by_digest_and_name() -> None:
    url = file_url("", "projects/42", DIGEST, "demo-1.0.tar.gz")

    assert url == f"/api/v4/projects/42/packages/pypi/files/{DIGEST}/demo-1.0.tar.gz"


def test_a_group_page_links_to_the_groups_own_files() -> None:
    url = file_url("/registry", "groups/7/-", DIGEST, "demo-1.0.tar.gz")

    assert url == f"/registry/api/v4/groups/7/-/packages/pypi/files/{DIGEST}/demo-1.0.tar.gz"


def test_the_simple_root_has_an_address_of_its_own() -> None:
    assert simple_url("/registry", "projects/42") == (
        "/registry/api/v4/projects/42/packages/pypi/simple"
    )


@pytest.mark.parametrize(
    ("filename", "segment"),
    [
        ("demo-1.0+cpu.1-py3-none-any.whl", "demo-1.0%2Bcpu.1-py3-none-any.whl"),
        ("demo-1!2.0.tar.gz", "demo-1%212.0.tar.gz"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}", "%C3%A9"),
        ("A-z_0.9~", "A-z_0.9~"),
    ],
)
def test_only_unreserved_characters_stay_raw(filename: str, segment: str) -> None:
    assert file_url("", "projects/1", DIGEST, filename).rpartition("/")[2] == segment


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_link_leads_back_to_its_file_name(filename: str) -> None:
    url = file_url("", "projects/1", DIGEST, filename)

    assert unquote(url.rpartition("/")[2]) == filename


@unhurried
@given(st.from_regex(r"[a-zA-Z0-9_.!+-]+", fullmatch=True))
def test_pip_sends_what_the_page_says(filename: str) -> None:
    segment = file_url("", "projects/1", DIGEST, filename).rpartition("/")[2]

    # What pip's Link does to every part of a path.
    assert quote(unquote(segment)) == segment


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_link_means_the_same_with_and_without_a_slash(slash: str) -> None:
    page = f"https://yard.example/registry/api/v4/projects/1/packages/pypi/simple/demo{slash}"

    link = urljoin(page, file_url("/registry", "projects/1", DIGEST, "demo-1.0.tar.gz"))

    assert link == (
        f"https://yard.example/registry/api/v4/projects/1/packages/pypi/files/{DIGEST}/demo-1.0.tar.gz"
    )


def test_provenance_has_an_address_with_a_host() -> None:
    url = provenance_url(
        "https://yard.example/registry/", "groups/7/-", "demo", "1!2.0+cpu", "demo-1!2.0+cpu.tar.gz"
    )

    assert url == (
        "https://yard.example/registry/api/v4/groups/7/-/packages/pypi/integrity"
        "/demo/1%212.0%2Bcpu/demo-1%212.0%2Bcpu.tar.gz/provenance"
    )


@pytest.mark.parametrize(
    ("public", "path"),
    [
        ("https://yard.example", ""),
        ("https://yard.example/", ""),
        ("https://yard.example/registry/", "/registry"),
    ],
)
def test_a_public_address_may_have_a_path(public: str, path: str) -> None:
    assert path_of(public) == path
