"""Core metadata: what is read, what is tolerated, and how flaws are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import Metadata, RawMetadata

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.metadata import ACCEPTED_VERSIONS, CoreMetadata, parse_core_metadata


def parse(*lines: str, version: str = "2.4", body: str = "") -> CoreMetadata:
    head = (f"Metadata-Version: {version}", "Name: Demo.Pkg", "Version: v1.0", *lines)
    content = "\n".join(head) + "\n" + (f"\n{body}" if body else "")
    return parse_core_metadata(content.encode(), "demo/METADATA")


def problems_of(content: bytes) -> tuple[str, ...]:
    with pytest.raises(InvalidDistribution) as refusal:
        parse_core_metadata(content, "demo/METADATA")
    return refusal.value.problems


def problems_in(*lines: str, version: str = "2.4") -> tuple[str, ...]:
    with pytest.raises(InvalidDistribution) as refusal:
        parse(*lines, version=version)
    return refusal.value.problems


def test_every_field_is_read_as_written() -> None:
    metadata = parse(
        "Summary: A demo", "Author: Änne", "Author-Email: a@example.org", "Home-page: http://x",
        "Keywords: one,two", "License-Expression: mit", "License-File: LICENSE",
        "Requires-Python: >=3.8, <4", "Requires-Dist: b >1", "Requires-Dist: c @ https://x/c.whl",
        "Provides-Extra: Extra", "Classifier: Private :: Do Not Upload",
        "Project-URL: Docs, https://docs", "Description-Content-Type: text/markdown",
        "Dynamic: Author", body="Grüße\n",
    )  # fmt: skip

    assert metadata == CoreMetadata(
        metadata_version="2.4", name="Demo.Pkg", version="v1.0", summary="A demo",
        description="Grüße\n", description_content_type="text/markdown",
        requires_python=">=3.8, <4", license_expression="mit", license_files=("LICENSE",),
        author="Änne", author_email="a@example.org", home_page="http://x", keywords="one,two",
        project_urls=(("Docs", "https://docs"),), classifiers=("Private :: Do Not Upload",),
        requires_dist=("b >1", "c @ https://x/c.whl"), provides_extra=("Extra",),
        dynamic=("Author",),
    )  # fmt: skip


@pytest.mark.parametrize("version", ACCEPTED_VERSIONS)
def test_metadata_of_every_accepted_version_is_read(version: str) -> None:
    assert parse(version=version).metadata_version == version


@pytest.mark.parametrize("version", ["2.0", "2.7", "3.0", "1.3", "2.10", "x"])
def test_a_refused_version_is_told_the_accepted_ones(version: str) -> None:
    (problem,) = problems_in(version=version)

    assert f"'{version}' is not accepted; accepted are 1.0, 1.1, 1.2, 2.1" in problem


def test_all_problems_are_told_at_once() -> None:
    problems = problems_of(
        b"Name: a b\nRequires-Dist: !!\nRequires-Dist: ok\nRequires-Dist: ??\nAuthor: \xff\n"
    )

    assert len(problems) == 6
    for part in ("Metadata-Version is missing", "Version is missing", "'a b'", "'!!'", "'??'"):
        assert any(part in problem for problem in problems)
    assert all(problem.startswith("demo/METADATA: ") for problem in problems)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_old_metadata_may_have_fields_of_its_own(version: str) -> None:
    assert parse("Foo: bar", "Description-Content-Type: UNKNOWN", version=version).name


def test_old_metadata_keeps_later_fields_that_make_sense() -> None:
    metadata = parse("Classifier: a", "Requires-Python: >=2", "Requires-Dist: !!", version="1.0")

    assert metadata.classifiers == ("a",)
    assert metadata.requires_python == ">=2"
    assert metadata.requires_dist == ()


def test_a_content_type_that_was_not_given_is_tolerated_in_2_1() -> None:
    unknown = "Description-Content-Type: UNKNOWN"

    assert parse(unknown, version="2.1").description_content_type is None
    assert "'UNKNOWN' is not a valid content type" in problems_in(unknown, version="2.2")[0]
    assert problems_in("Description-Content-Type: text", version="2.1")


def test_unknown_fields_are_refused_from_2_1_on_but_for_x() -> None:
    assert parse("X-Foo: bar", version="2.1").metadata_version == "2.1"
    assert problems_in("Foo: bar", version="2.1") == (
        "demo/METADATA: the field 'foo' is not known to core metadata 2.1.",
    )


def test_a_field_from_the_future_is_refused() -> None:
    (problem,) = problems_in("Import-Name: demo", version="2.4")

    assert "import-name introduced in metadata version 2.5, not 2.4" in problem


@pytest.mark.parametrize("version", ["1.2", "2.1", "2.2", "2.3"])
def test_a_license_expression_before_2_4_is_tolerated(version: str) -> None:
    assert parse("License-Expression: MIT", version=version).license_expression == "MIT"


def test_a_license_expression_before_2_4_must_make_sense() -> None:
    (problem,) = problems_in("License-Expression: Free", version="2.1")

    assert "'Free' is invalid for 'license-expression'" in problem


def test_many_people_may_be_named_in_one_field() -> None:
    people = ", ".join(f"Ada Lovelace {n} <ada{n}@example.org>" for n in range(200))

    assert parse(f"Author-Email: {people}").author_email == people


def test_keywords_cost_no_check_each(monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[object] = []
    check = Metadata.from_raw

    def counted(data: RawMetadata) -> Metadata:
        checks.append(data)
        return check(data)

    monkeypatch.setattr(Metadata, "from_raw", counted)

    assert parse(f"Keywords: {',' * 100_000}").keywords
    assert len(checks) < 10


def test_license_files_before_2_4_are_tolerated() -> None:
    metadata = parse("License-File: ../odd", version="2.1")

    assert metadata.license_files == ("../odd",)
    assert not metadata.requires_license_files
    assert parse("License-File: LICENSE").requires_license_files


def test_license_beside_license_expression_is_accepted() -> None:
    metadata = parse("License: MIT", "License-Expression: MIT")

    assert (metadata.license, metadata.license_expression) == ("MIT", "MIT")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Requires-Python: three", "'three' is invalid for 'requires-python'"),
        ("License-Expression: Free", "'Free' is invalid for 'license-expression'"),
        ("License-File: ../LICENSE", "parent directory"),
        ("Summary: one\nSummary: two", "Summary is given 2 times"),
        ("Project-URL: a, x\nProject-URL: a, y", "one label twice"),
        ("Description: a\n\nb", "both as a field and as the body"),
        ("Description-Content-Type: text/html", "must be one of"),
        ("Description-Content-Type: text/plain; x*", "not a valid content type"),
        ("Dynamic: Version", "not allowed as a dynamic field"),
        ("Provides-Extra: a b", "'a b' is invalid"),
        (f"Requires-Python: >={'9' * 5000}", "longer than 4096"),
        (f"Requires-Dist: a; {'(' * 2000}", "is invalid for Requires-Dist"),
        ("Content-Type: message/rfc822", "e-mail field content-type"),
        ("Content-Transfer-Encoding: base64", "e-mail field"),
        ("Import-Name: a b", "import-name"),
    ],
)
def test_a_flaw_is_told_in_a_sentence(line: str, part: str) -> None:
    problems = problems_in(line, version="2.5")

    assert any(part in problem for problem in problems), problems
    assert all(problem.endswith(".") and problem.isprintable() for problem in problems)


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"".join(b"F%d: x\n" % n for n in range(5000)),
        b"Classifier: x\n" * 20_000,
        b"a\n" * 300_000,
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_hostile_metadata_is_refused(content: bytes) -> None:
    assert problems_of(content)


def test_an_sdist_is_static_from_2_2_on() -> None:
    assert parse(version="2.2").is_static
    assert not parse(version="2.1").is_static
    assert parse("Dynamic: Author", version="2.2").is_static


@pytest.mark.parametrize("field", ["Requires-Dist", "requires-python", "Provides-Extra"])
def test_what_resolution_needs_must_not_be_dynamic(field: str) -> None:
    assert not parse(f"Dynamic: {field}").is_static


_LINES = st.sampled_from(
    ["Metadata-Version: 2.1", "Name: a", "Version: 1", "Requires-Dist: b", "Content-Type: x/y",
     "Project-URL: a", "Keywords: a", "Dynamic: x", "License-File: a", " folded", ""]
)  # fmt: skip


@given(
    st.binary(max_size=200) | st.lists(_LINES | st.text(max_size=20)).map("\n".join).map(str.encode)
)
def test_any_bytes_are_metadata_or_refused(content: bytes) -> None:
    try:
        metadata = parse_core_metadata(content, "METADATA")
    except InvalidDistribution as error:
        refusal = error
    else:
        assert metadata.name
        return

    assert all(problem.isprintable() for problem in refusal.problems)
