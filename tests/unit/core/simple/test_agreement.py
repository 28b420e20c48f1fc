"""What a client reads from the JSON page is what another one reads from the HTML page.

Read by `pypi-simple` as a whole, and what `packaging` knows of by `packaging`, as installers do.
"""

import json
from dataclasses import replace
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    canonicalize_name,
    is_normalized_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version
from pypi_simple import DistributionPackage, IndexPage, ProjectPage
from tests.unit.core.simple.samples import a_file, unhurried

from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage, Yanked
from wheelyard_core.simple.render import Rendered, render
from wheelyard_core.simple.urls import file_url

A_FILE = a_file()
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


specifiers = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", " "]),
        st.sampled_from([">=", "<", "!=", "~=", "==", ">", "<="]),
        st.from_regex(r"[0-9]\.[0-9]{1,2}", fullmatch=True),
    ),
    min_size=1,
    max_size=4,
).map(",".join)


@unhurried
@given(pages, specifiers)
def test_packaging_reads_the_same_from_both(page: PackagePage, specifier: str) -> None:
    files = tuple(replace(file, requires_python=specifier) for file in page.files)

    as_json, as_html = both(render(replace(page, files=files)))

    assert is_normalized_name(as_json.project)
    versions = [Version(version) for version in as_json.versions or []]
    assert [str(version) for version in versions] == list(page.versions)
    for file, seen, scraped in zip(files, as_json.packages, as_html.packages, strict=True):
        assert read_name(seen.filename) == read_name(scraped.filename) == read_name(file.filename)
        assert canonicalize_name(str(seen.project)) == page.name
        for text in (seen.requires_python, scraped.requires_python):
            assert SpecifierSet(str(text)) == SpecifierSet(specifier)


def read_name(filename: str) -> tuple[str, Version]:
    read = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    return read(filename)[:2]


# Every character there is below U+10000 but NUL and halves of pairs, and the ends of each plane.
EVERY = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x10000)))) + "".join(
    chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0, 0xFFFD, 0xFFFE, 0xFFFF)
)


def test_every_character_comes_out_of_both_as_it_went_in() -> None:
    texts = [EVERY[start : start + 512] for start in range(0, len(EVERY), 512)]
    # What a parser without mercy would take for markup, between all of them.
    texts += [
        f"{char}\"'<>&{char}&amp;{char}" for char in "\t\n\r\x0b\x0c\x1b\x7f\x85\u202e\u2066\ufeff"
    ]
    files = tuple(replace(A_FILE, requires_python=text, yanked=Yanked(text)) for text in texts)
    page = PackagePage("demo", 1, files, ("1.0",), ProjectStatus("archived", EVERY))

    for read in both(render(page)):
        assert [file.requires_python for file in read.packages] == texts
        assert [file.yanked_reason for file in read.packages] == texts
        assert read.status_reason == EVERY


def test_every_character_of_a_shown_name_comes_out_as_it_went_in() -> None:
    # Nothing can be published under such a name; a page must hold whatever is given to it.
    named = [EVERY[start : start + 512].strip() for start in range(0, len(EVERY), 512)]
    rendered = render(RootPage(1, tuple(named), "/simple"))

    assert IndexPage.from_json_data(json.loads(rendered.json.identity)).projects == named
    scraped = IndexPage.from_html(rendered.html.identity, "utf-8").projects
    # It strips what is around the text of a link.
    assert [name.strip() for name in scraped] == named
