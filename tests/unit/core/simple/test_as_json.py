"""A simple page in JSON holds what its readers need and nothing that breaks them."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.simple.samples import DIGEST, METADATA_DIGEST, a_file, a_page, unhurried

from wheelyard_core.simple.as_json import package_as_json, root_as_json
from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage, Yanked

AWKWARD = [
    'a"b', "a'b", "a\\b", "a\nb", "a\rb", "a\tb", "a\0b", "a\x1fb", "a\x7fb", "</script>", "<!--",
    "&amp;", "]]>", "\N{LINE SEPARATOR}", "\N{SNOWMAN}", "\N{PILE OF POO}", " ", "\\u0000", "null",
]  # fmt: skip


def parsed(page: PackagePage) -> dict[str, Any]:
    found = json.loads(package_as_json(page))
    assert isinstance(found, dict)
    return found


def only_file(file: PageFile) -> dict[str, Any]:
    (found,) = parsed(a_page(file))["files"]
    assert isinstance(found, dict)
    return found


def test_a_page_names_its_version_and_serial() -> None:
    assert parsed(a_page())["meta"] == {"api-version": "1.4", "_last-serial": 7}


def test_a_page_with_nothing_installable_is_complete() -> None:
    page = a_page(versions=())

    assert parsed(page) == {
        "meta": {"api-version": "1.4", "_last-serial": 7},
        "name": "demo",
        "project-status": {"status": "active"},
        "versions": [],
        "files": [],
    }


def test_a_plain_file_says_only_what_is_known() -> None:
    assert only_file(a_file()) == {
        "filename": "demo-1.0-py3-none-any.whl",
        "url": f"/api/v4/projects/42/packages/pypi/files/{DIGEST}/demo-1.0-py3-none-any.whl",
        "hashes": {"sha256": DIGEST},
        "size": 1234,
        "upload-time": "2026-01-02T03:04:05.000678Z",
    }


def test_a_file_with_everything_shows_everything() -> None:
    file = a_file(
        requires_python=">=3.9",
        metadata_sha256=METADATA_DIGEST,
        yanked=Yanked("broken"),
        provenance="https://yard.example/provenance/1",
    )

    found = only_file(file)

    assert found["requires-python"] == ">=3.9"
    assert found["core-metadata"] == {"sha256": METADATA_DIGEST}
    assert found["yanked"] == "broken"
    assert found["provenance"] == "https://yard.example/provenance/1"


def test_a_yank_without_a_reason_is_true() -> None:
    assert only_file(a_file(yanked=Yanked("")))["yanked"] is True


def test_an_empty_requirement_is_left_out() -> None:
    assert "requires-python" not in only_file(a_file(requires_python=""))


def test_the_old_name_of_core_metadata_never_appears() -> None:
    page = a_page(a_file(metadata_sha256=METADATA_DIGEST))

    assert b"dist-info-metadata" not in package_as_json(page)


@pytest.mark.parametrize("reason", [None, ""])
def test_a_status_without_a_reason_has_no_reason_key(reason: str | None) -> None:
    page = a_page(status=ProjectStatus("archived", reason))

    assert parsed(page)["project-status"] == {"status": "archived"}


def test_a_status_shows_its_reason() -> None:
    page = a_page(status=ProjectStatus("deprecated", "use other"))

    assert parsed(page)["project-status"] == {"status": "deprecated", "reason": "use other"}


def test_files_and_versions_keep_their_order() -> None:
    page = a_page(a_file("b.whl"), a_file("a.whl"), versions=("2.0", "1.0", "10.0"))

    found = parsed(page)

    assert [file["filename"] for file in found["files"]] == ["b.whl", "a.whl"]
    assert found["versions"] == ["2.0", "1.0", "10.0"]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC), "2026-01-02T03:04:05.600000Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5))),
            "2026-01-01T22:04:05Z",
        ),
    ],
)
def test_upload_times_are_utc_and_end_in_z(moment: datetime, shown: str) -> None:
    assert only_file(a_file(upload_time=moment))["upload-time"] == shown


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_out_as_it_went_in(text: str) -> None:
    file = a_file(text, requires_python=text, yanked=Yanked(text), provenance=text)
    page = a_page(file, name=text, versions=(text,), status=ProjectStatus(text, text))

    found = parsed(page)

    assert found["name"] == text
    assert found["versions"] == [text]
    assert found["project-status"] == {"status": text, "reason": text}
    assert found["files"][0]["filename"] == text
    assert found["files"][0]["requires-python"] == text
    assert found["files"][0]["yanked"] == text
    assert found["files"][0]["provenance"] == text


def test_half_a_surrogate_pair_does_not_spoil_the_page() -> None:
    found = only_file(a_file(yanked=Yanked("half \ud83d here")))

    assert found["yanked"] == "half ? here"


optional_text = st.none() | st.text()
files = st.builds(
    a_file,
    st.text(),
    url=st.text(),
    size=st.integers(min_value=0),
    requires_python=optional_text,
    metadata_sha256=st.none() | st.just(METADATA_DIGEST),
    yanked=st.none() | st.builds(Yanked, st.text()),
    provenance=optional_text,
    upload_time=st.datetimes(timezones=st.just(UTC)),
)


@unhurried
@given(st.lists(files, max_size=3), st.builds(ProjectStatus, st.text(), optional_text))
def test_no_page_ever_holds_null_or_an_empty_yank(
    listed: list[PageFile], status: ProjectStatus
) -> None:
    found = parsed(a_page(*listed, status=status))

    assert None not in list(_values(found))
    for file, shown in zip(listed, found["files"], strict=True):
        assert list(shown["hashes"]) == ["sha256"]
        assert ("yanked" in shown) == (file.yanked is not None)
        assert shown.get("yanked", True)


def _values(found: object) -> Any:
    if isinstance(found, dict):
        for value in found.values():
            yield from _values(value)
    elif isinstance(found, list):
        for value in found:
            yield from _values(value)
    else:
        yield found


def test_the_root_lists_names_as_published() -> None:
    found = json.loads(root_as_json(RootPage(9, ("Flask", "zope.interface"))))

    assert found == {
        "meta": {"api-version": "1.4", "_last-serial": 9},
        "projects": [{"name": "Flask"}, {"name": "zope.interface"}],
    }


@pytest.mark.parametrize("text", AWKWARD)
def test_an_awkward_name_in_the_root_is_quoted(text: str) -> None:
    found = json.loads(root_as_json(RootPage(1, (text,))))

    assert found["projects"] == [{"name": text}]
