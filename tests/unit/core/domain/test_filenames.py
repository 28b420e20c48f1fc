"""File names: what they say, and what they may not be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_core.domain.errors import InvalidFilename
from wheelyard_core.domain.filenames import DistributionFilename, Filetype
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion


def parse_for(text: str, name: str, version: str) -> DistributionFilename:
    return DistributionFilename.parse_for(
        text, PackageName.parse(name), ReleaseVersion.parse(version)
    )


def test_a_wheel_name_is_taken_apart() -> None:
    filename = DistributionFilename.parse("My_Demo-1.0.0-2local-py2.py3-none-any.whl")

    assert filename.filetype is Filetype.WHEEL
    assert filename.name.normalized == "my-demo"
    assert filename.version.key == "1"
    assert filename.build == "2local"
    assert filename.tags == {"py2-none-any", "py3-none-any"}


def test_an_sdist_name_has_no_tags() -> None:
    filename = DistributionFilename.parse("demo-1.0.tar.gz")

    assert filename.filetype is Filetype.SDIST
    assert filename.tags == frozenset()
    assert filename.build == ""


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("foo.bar-1.0.tar.gz", "foo-bar", "1.0"),
        ("foo-bar-1.0.tar.gz", "foo-bar", "1.0"),
        ("foo-1.0-rc1.tar.gz", "foo", "1.0rc1"),
        ("foo-1!2.0+a.b.tar.gz", "foo", "1!2.0+a.b"),
    ],
)
def test_sdists_from_before_pep_625_are_read(text: str, name: str, version: str) -> None:
    filename = DistributionFilename.parse(text)

    assert (filename.name.normalized, filename.version.text) == (name, version)


def test_name_and_version_decide_what_an_ambiguous_name_means() -> None:
    post = parse_for("foo-1.0-1.tar.gz", "foo", "1.0.post1")
    other = parse_for("foo-1.0-1.tar.gz", "foo-1.0", "1")

    assert (post.name.text, post.version.text) == ("foo", "1.0.post1")
    assert (other.name.text, other.version.text) == ("foo-1.0", "1")


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("My_Demo-1.0-py3-none-any.whl", "my.demo", "1.0.0"),
        ("Foo.Bar-1.0-cp311-cp311-linux_x86_64.whl", "foo-bar", "1.0"),
        ("demo-1.0+ubuntu.1-py3-none-any.whl", "demo", "1.0+ubuntu.1"),
    ],
)
def test_spellings_belong_after_normalization(text: str, name: str, version: str) -> None:
    assert parse_for(text, name, version).text == text


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("demo-1.0-py3-none-any.whl", "other", "1.0"),
        ("demo-1.0-py3-none-any.whl", "demo", "1.1"),
        ("demo-1.0.tar.gz", "other", "1.0"),
        ("demo-1.0.tar.gz", "demo", "1.0.post1"),
        ("demo.tar.gz", "demo", "1.0"),
    ],
)
def test_a_foreign_name_is_refused(text: str, name: str, version: str) -> None:
    with pytest.raises(InvalidFilename, match="does not belong"):
        parse_for(text, name, version)


@pytest.mark.parametrize(
    "text",
    [
        "", "demo", "demo-1.0.zip", "demo-1.0.egg", "demo-1.0.tar.bz2", "demo-1.0.TAR.GZ",
        "demo-1.0.whl", "demo-1.0-none-any.whl", "demo-1.0-b1-py3-none-any.whl",
        "de__mo-1.0-py3-none-any.whl", "_demo-1.0-py3-none-any.whl", "demo-x-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl\n", " demo-1.0.tar.gz", "demo-1.0 .tar.gz", "demo-1.0\t.tar.gz",
        "../demo-1.0.tar.gz", "a/demo-1.0.tar.gz", "a\\demo-1.0.tar.gz", "demo-1.0\0.tar.gz",
        "d\u00e9mo-1.0.tar.gz", "demo-1.0-py3-none-any\u2028.whl", "demo-1.0-py3-none-a ny.whl",
        'demo-1.0-py3-none-"any.whl', "demo-1.0-py3..py2-none-any.whl", "-1.0.tar.gz",
        "demo-.tar.gz", "demo-" + "1" * 300 + ".tar.gz",
        "d-1-" + ".".join("a" * 40) + "-" + ".".join("b" * 40) + "-any.whl",
    ],
)  # fmt: skip
def test_what_is_no_file_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilename, match="file name"):
        DistributionFilename.parse(text)


@given(st.text(max_size=60) | st.from_regex(r"\A[\w.+!-]{0,40}(\.whl|\.tar\.gz)\Z"))
def test_any_text_is_a_file_name_or_refused(text: str) -> None:
    try:
        filename = DistributionFilename.parse(text)
    except InvalidFilename as error:
        refusal = str(error)
    else:
        found = DistributionFilename.parse_for(text, filename.name, filename.version)
        assert found.version.key == filename.version.key
        return

    assert refusal.isprintable()
