"""Versions: PEP 440 as the whole string, and which two are one release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
