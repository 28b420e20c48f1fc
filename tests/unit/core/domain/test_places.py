"""Names and paths of groups, projects and people."""

import pytest

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.places import parse_path, parse_title, path_from


@pytest.mark.parametrize(
    "name", ["a", "7 tools", "_x", "Ünïted", "🚀 v1.0_a+b-c", "👩🏽‍🚀", "日本", "x" * 255]
)
def test_letters_digits_emoji_and_a_few_signs_are_a_name(name: str) -> None:
    assert parse_title(f" {name} ") == name


@pytest.mark.parametrize(
    "name", ["", "  ", "-x", ".x", "+x", "a/b", "<b>", "a\nb", "a\0b", "a^b", "a\u202eb", "x" * 256]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^name "):
        parse_title(name)


@pytest.mark.parametrize("path", ["a", "A.b-c_d", ".hidden", "_x", "9", "x.gitx", "x" * 255])
def test_url_safe_words_are_a_path(path: str) -> None:
    assert parse_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "a.",
        "-a",
        "a b",
        "a/b",
        "a%2Fb",
        "ü",
        "x.GIT",
        "x.atom",
        "Simple",
        "files",
        "legacy",
        "-",
        "a\n",
        "x" * 256,
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match=r"^path "):
        parse_path(path)


@pytest.mark.parametrize("path", ["api", "API", "_", "livez", "42"])
def test_what_begins_an_address_is_no_path_at_the_top(path: str) -> None:
    assert parse_path(path) == path
    with pytest.raises(InvalidInput, match=r"reserved|read as an id"):
        parse_path(path, at_top=True)


def test_a_name_suggests_a_path() -> None:
    suggested = {name: path_from(name) for name in ("Power Tools", "Ünïted -", "日本", "a..")}

    assert suggested == {"Power Tools": "power-tools", "Ünïted -": "united", "日本": "", "a..": "a"}
