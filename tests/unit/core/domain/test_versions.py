"""Versions: PEP 440 as the whole string, and which two are one release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from wheelyard_core.domain.errors import InvalidVersion
from wheelyard_core.domain.versions import ReleaseVersion


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("1.0", "1.0"), ("v1.0", "1.0"), ("V1.0", "1.0"), ("1!2.0", "1!2.0"),
        ("1.0-alpha", "1.0a0"), ("1.0_rc.1", "1.0rc1"), ("1.0-1", "1.0.post1"),
        ("1.0.post2", "1.0.post2"), ("1.0.DEV3", "1.0.dev3"),
        ("1.0+ubuntu.1", "1.0+ubuntu.1"), ("1.0+Ubuntu-1", "1.0+ubuntu.1"), ("2026.01", "2026.1"),
    ],
)  # fmt: skip
def test_versions_are_shown_normalized(text: str, normalized: str) -> None:
    assert ReleaseVersion.parse(text).text == normalized


@pytest.mark.parametrize(
    "text",
    ["", " 1.0", "1.0 ", "1.0\n", "\t1.0", "1..0", "1.0+", "1.0-", "1.0+a..b", "one", "1.0/2",
     "1.0\0", "\u0661.0", "1." + "9" * 5000],
)  # fmt: skip
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion, match="version"):
        ReleaseVersion.parse(text)


def test_trailing_zeros_make_no_new_release() -> None:
    keys = {ReleaseVersion.parse(text).key for text in ("1", "1.0", "1.0.0", "v1.0")}

    assert len(keys) == 1
    assert ReleaseVersion.parse("1.0+local").key not in keys


@given(st.text(alphabet="0123456789.abcrv!+-_postdev", max_size=20))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    try:
        version = ReleaseVersion.parse(text)
    except InvalidVersion:
        return

    assert ReleaseVersion.parse(version.text) == version


_NUMBERS = st.integers(0, 12) | st.sampled_from([99, 100, 20260101, 10**20])
_LOCAL = st.lists(st.from_regex(r"[a-z0-9]{1,3}", fullmatch=True), min_size=1, max_size=3).map(
    lambda parts: "+" + ".".join(parts)
)


@st.composite
def versions(draw: st.DrawFn) -> str:
    epoch = draw(st.sampled_from(["", "1!", "10!"]))
    release = ".".join(str(part) for part in draw(st.lists(_NUMBERS, min_size=1, max_size=4)))
    pre = draw(st.sampled_from(["", "a", "b", "rc"]))
    parts = [f"{pre}{draw(_NUMBERS)}" if pre else ""]
    parts += [f".{word}{draw(_NUMBERS)}" for word in ("post", "dev") if draw(st.booleans())]
    return epoch + release + "".join(parts) + draw(st.just("") | _LOCAL)


@given(st.lists(versions(), min_size=2, max_size=8))
def test_versions_are_ordered_as_pep_440_says(texts: list[str]) -> None:
    parsed = [ReleaseVersion.parse(text) for text in texts]

    for one in parsed:
        for other in parsed:
            expected = (Version(one.text) < Version(other.text), one.key == other.key)
            assert (one.order < other.order, one.order == other.order) == expected


def test_the_longest_version_has_an_order_that_fits_its_column() -> None:
    longest = "1+1" + ".1" * 126

    assert len(longest) == 255
    assert len(ReleaseVersion.parse(longest).order) <= 1024


@pytest.mark.parametrize(
    ("text", "pre"), [("1.0", False), ("1.0.post1", False), ("1.0rc1", True), ("1.0.dev1", True)]
)
def test_a_prerelease_is_known_as_one(text: str, pre: bool) -> None:
    assert ReleaseVersion.parse(text).is_prerelease == pre
