"""Digests: computed piece by piece, compared, and read from what clients send."""

import hashlib
from collections.abc import Callable

import pytest

from wheelyard_core.domain.digests import (
    DeclaredDigests,
    Digester,
    Digests,
    parse_blake2b,
    parse_md5,
    parse_sha256,
)
from wheelyard_core.domain.errors import InvalidDigest

_CONTENT = b"any bytes"


def digests_of(*pieces: bytes) -> Digests:
    digester = Digester()
    for piece in pieces:
        digester.update(piece)
    return digester.digests()


def test_pieces_have_the_digests_of_the_whole() -> None:
    assert digests_of(b"any ", b"", b"bytes") == Digests(
        sha256=hashlib.sha256(_CONTENT).hexdigest(),
        md5=hashlib.md5(_CONTENT).hexdigest(),  # noqa: S324 -- clients send it
        blake2b=hashlib.blake2b(_CONTENT, digest_size=32).hexdigest(),
    )


def test_the_size_is_counted() -> None:
    digester = Digester()
    digester.update(b"abc")
    digester.update(b"de")

    assert digester.size == 5


@pytest.mark.parametrize(
    ("parse", "length"), [(parse_sha256, 64), (parse_md5, 32), (parse_blake2b, 64)]
)
def test_digests_are_lowered(parse: Callable[[str], str], length: int) -> None:
    assert parse("AbCdEf01" * (length // 8)) == "abcdef01" * (length // 8)


@pytest.mark.parametrize(
    ("parse", "length"), [(parse_sha256, 64), (parse_md5, 32), (parse_blake2b, 64)]
)
@pytest.mark.parametrize("flaw", ["", "short", "long", "letter", "space", "arabic", "line feed"])
def test_what_is_no_digest_is_refused(parse: Callable[[str], str], length: int, flaw: str) -> None:
    text = {
        "": "",
        "short": "a" * (length - 1),
        "long": "a" * (length + 1),
        "letter": "g" * length,
        "space": " " + "a" * (length - 1),
        "arabic": "\u0661" * length,
        "line feed": "a" * length + "\n",
    }[flaw]

    with pytest.raises(InvalidDigest, match="_digest is not"):
        parse(text)


def test_true_or_absent_digests_pass() -> None:
    actual = digests_of(_CONTENT)

    DeclaredDigests().check(actual)
    DeclaredDigests(actual.sha256, actual.md5, actual.blake2b).check(actual)


@pytest.mark.parametrize("field", ["sha256", "md5", "blake2b"])
def test_a_false_digest_is_named(field: str) -> None:
    actual = digests_of(_CONTENT)
    wrong = getattr(digests_of(b"other"), field)

    with pytest.raises(InvalidDigest, match=rf"{field[:5]}\w*_digest declared is {wrong}"):
        DeclaredDigests(**{field: wrong}).check(actual)
