"""The fields of an upload: parsed into a claim, or refused in the domain's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_api.uploads.fields import (
    Declared,
    check_action,
    is_complete,
    read_declared,
)
from wheelyard_core.domain.digests import DeclaredDigests
from wheelyard_core.domain.errors import (
    Gone,
    InvalidDigest,
    InvalidFilename,
    InvalidInput,
    InvalidName,
    InvalidVersion,
    RegistryError,
)
from wheelyard_core.domain.filenames import Filetype

FIELDS = {"name": ["Demo"], "version": ["1.0"]}


def fields(**values: str) -> dict[str, list[str]]:
    return FIELDS | {name: [value] for name, value in values.items()}


def test_the_fields_that_count_are_parsed() -> None:
    declared = read_declared(
        fields(filetype="bdist_wheel", sha256_digest="A" * 64, md5_digest="b" * 32)
        | {"unknown": ["x", "y"], "metadata_version": ["9.9"]}
    )

    assert declared.name.normalized == "demo"
    assert declared.version.text == "1.0"
    assert declared.filetype is Filetype.WHEEL
    assert declared.digests == DeclaredDigests(sha256="a" * 64, md5="b" * 32, blake2b=None)


@pytest.mark.parametrize("nothing", ["", "UNKNOWN"])
def test_what_says_nothing_is_as_if_it_were_not_there(nothing: str) -> None:
    declared = read_declared(fields(filetype=nothing, sha256_digest=nothing, md5_digest=nothing))

    assert declared.filetype is None
    assert declared.digests == DeclaredDigests(sha256=None, md5=None, blake2b=None)


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ({"name": ""}, InvalidInput, "name is missing"),
        ({"version": ""}, InvalidInput, "version is missing"),
        ({"name": "-x"}, InvalidName, "name"),
        ({"version": "1..0"}, InvalidVersion, "version"),
        ({"filetype": "bdist_egg"}, InvalidInput, "filetype must be"),
        ({"sha256_digest": "x"}, InvalidDigest, "sha256"),
        ({"md5_digest": "x"}, InvalidDigest, "md5"),
        ({"blake2_256_digest": "x"}, InvalidDigest, "blake2"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    values: dict[str, str], kind: type[RegistryError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        read_declared(fields(**values))


def test_one_field_with_two_values_is_refused_and_twice_the_same_is_not() -> None:
    assert read_declared(FIELDS | {"name": ["Demo", "Demo"]}).name.text == "Demo"
    with pytest.raises(InvalidInput, match="name is sent twice"):
        read_declared(FIELDS | {"name": ["Demo", "demo"]})


def test_a_file_name_belongs_to_the_fields() -> None:
    declared = read_declared(fields(filetype="sdist"))

    assert declared.filename("demo-1.0.tar.gz").filetype is Filetype.SDIST
    with pytest.raises(InvalidInput, match="is a bdist_wheel"):
        declared.filename("demo-1.0-py3-none-any.whl")
    with pytest.raises(InvalidFilename):
        declared.filename("other-1.0.tar.gz")
    assert isinstance(read_declared(FIELDS), Declared)


@pytest.mark.parametrize("action", ["", "file_upload"])
def test_an_upload_may_say_that_it_is_one(action: str) -> None:
    check_action({":action": [action]}, {})
    check_action({}, {":action": action})
    check_action({"protocol_version": ["1"]}, {})


@pytest.mark.parametrize("action", ["submit", "submit_pkg_info", "doc_upload"])
def test_what_was_once_possible_is_gone(action: str) -> None:
    with pytest.raises(Gone, match="twine or uv"):
        check_action({":action": [action]}, {})
    with pytest.raises(Gone):
        check_action({}, {":action": action})


def test_anything_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="must be file_upload"):
        check_action({":action": ["remove"]}, {})
    with pytest.raises(InvalidInput, match="protocol_version must be 1"):
        check_action({"protocol_version": ["2"]}, {})


def test_a_name_and_a_version_are_enough_to_decide_by() -> None:
    assert is_complete(FIELDS)
    assert not is_complete({"name": ["demo"]})


NAMES = st.sampled_from(["name", "version", "filetype", "sha256_digest", ":action", "x"])


@given(st.dictionaries(NAMES, st.lists(st.text(max_size=30), max_size=3)), st.text(max_size=30))
def test_whatever_the_fields_are_the_answer_is_a_refusal_or_a_claim(
    sent: dict[str, list[str]], filename: str
) -> None:
    try:
        check_action(sent, {})
        read_declared(sent).filename(filename)
    except RegistryError:
        return
