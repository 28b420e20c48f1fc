"""What a client reads from the JSON page is what another one reads from the HTML page."""

import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from pypi_simple import DistributionPackage, IndexPage, ProjectPage
from tests.unit.core.simple.samples import unhurried

from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage, Yanked
from wheelyard_core.simple.render import Rendered, render
from wheelyard_core.simple.urls import file_url

BASE = "https://yard.example/api/v4/projects/42/packages/pypi/simple/demo"

# NUL cannot be said in HTML, half a surrogate pair in neither: `test_as_html` has what they become.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
optional_texts = st.none() | texts.filter(bool)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
filenames = st.from_regex(
    r"demo-([0-9]!)?[0-9]\.[0-9](\+[a-z][a-z0-9.]{0,4}[a-z])?(\.tar\.gz|-py3-none-any\.whl)",
    fullmatch=True,
)


@st.composite
def page_files(draw: st.DrawFn) -> PageFile:
    filename, sha256 = draw(filenames), draw(digests)
    return PageFile(
        filename=filename,
        url=file_url("", "projects/42", sha256, filename),
        sha256=sha256,
        size=draw(st.integers(min_value=0, max_value=2**40)),
        upload_time=draw(st.datetimes(timezones=st.just(UTC))),
        requires_python=draw(optional_texts),
        metadata_sha256=draw(st.none() | digests),
        yanked=draw(st.none() | st.builds(Yanked, texts)),
        provenance=draw(st.sampled_from([None, "https://yard.example/provenance/1"])),
    )


pages = st.builds(
    PackagePage,
    name=st.just("demo"),
    serial=st.integers(min_value=0, max_value=2**63 - 1),
    files=st.lists(page_files(), max_size=4).map(tuple),
    versions=st.lists(st.sampled_from(["1.0", "2.0", "1!3.0"]), unique=True).map(tuple),
    status=st.builds(
        ProjectStatus,
        st.sampled_from(["active", "archived", "quarantined", "deprecated"]),
        optional_texts,
    ),
)


def both(rendered: Rendered) -> tuple[ProjectPage, ProjectPage]:
    as_json = ProjectPage.from_json_data(json.loads(rendered.json.identity), BASE)
    as_html = ProjectPage.from_html("demo", rendered.html.identity, BASE, "utf-8")
    return as_json, as_html


def shared(package: DistributionPackage) -> dict[str, object]:
    """Return what both representations can say of a file."""
    return {
        "filename": package.filename,
        "url": package.url,
        "project": package.project,
        "version": package.version,
        "package_type": package.package_type,
        "digests": package.digests,
        "requires_python": package.requires_python,
        "is_yanked": package.is_yanked,
        # HTML has no way to say "yanked, and nobody said why".
        "yanked_reason": (package.yanked_reason or "yanked") if package.is_yanked else None,
        "has_metadata": package.has_metadata,
        "metadata_digests": package.metadata_digests,
        "provenance_url": package.provenance_url,
    }


@unhurried
@given(pages)
def test_both_representations_say_the_same(page: PackagePage) -> None:
    as_json, as_html = both(render(page))

    assert [shared(file) for file in as_json.packages] == [
        shared(file) for file in as_html.packages
    ]
    assert as_json.repository_version == as_html.repository_version == "1.4"
    assert as_json.status == as_html.status
    assert as_json.status_reason == as_html.status_reason


@unhurried
@given(pages)
def test_the_json_page_says_all_that_the_model_knows(page: PackagePage) -> None:
    found, _ = both(render(page))

    assert found.project == page.name
    assert found.last_serial == str(page.serial)
    assert found.versions == list(page.versions)
    assert found.status == page.status.status
    assert found.status_reason == page.status.reason
    for file, seen in zip(page.files, found.packages, strict=True):
        assert seen.filename == file.filename
        assert seen.url == f"https://yard.example{file.url}"
        assert seen.digests == {"sha256": file.sha256}
        assert seen.size == file.size
        assert seen.upload_time == file.upload_time
        assert seen.requires_python == file.requires_python
        assert seen.is_yanked == (file.yanked is not None)
        assert seen.yanked_reason == ((file.yanked and file.yanked.reason) or None)
        assert seen.provenance_url == file.provenance


names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@unhurried
@given(st.lists(names, max_size=6))
def test_both_roots_list_the_same_names(listed: list[str]) -> None:
    root = RootPage.of(5, listed)

    rendered = render(root)

    as_json = IndexPage.from_json_data(json.loads(rendered.json.identity))
    as_html = IndexPage.from_html(rendered.html.identity)
    assert as_json.projects == as_html.projects == list(root.names)
