"""Names: what counts as one, and which two are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_core.domain.errors import InvalidName
from wheelyard_core.domain.names import PackageName, normalize


@pytest.mark.parametrize("text", ["my.package", "my_package", "MY--package", "My-._Package"])
def test_spellings_of_one_name_normalize_alike(text: str) -> None:
    assert PackageName.parse(text).normalized == "my-package"


def test_a_name_is_kept_as_it_was_given() -> None:
    assert PackageName.parse("Zope.Interface").text == "Zope.Interface"


@pytest.mark.parametrize(
    "text",
    ["", " ", "a ", " a", "a\n", "-a", "a-", "_a", "a.", "a b", "a/b", "../a", "é", "\u212aelvin",
     "a\0", "a" * 256],
)  # fmt: skip
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidName, match="name"):
        PackageName.parse(text)


@given(st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,40}[A-Za-z0-9])?\Z"))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = PackageName.parse(text).normalized

    assert normalize(once) == once
    assert PackageName.parse(once).normalized == once
