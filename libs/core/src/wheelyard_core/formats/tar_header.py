"""One block of a tar archive: a header in the ustar, GNU or old format, and pax records.

POSIX.1-2001 (pax) and GNU tar's format. Fields are read as strictly as the readers that installers
use read them: where one of those would stop or guess, the header is broken.
"""

from collections.abc import Iterator
from typing import NamedTuple

BLOCK = 512
_CHECKSUM = slice(148, 156)
_SIZE = slice(124, 136)
# mode, uid, gid, mtime, devmajor, devminor: unused here, but `tarfile` ends the archive at the
# first header where one of them is no number.
_OTHER_NUMBERS = (
    slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148), slice(329, 337),
    slice(337, 345),
)  # fmt: skip
_POSIX_MAGIC = b"ustar\x00"
_OCTAL_DIGITS = frozenset(b"01234567")
_BASE_256, _NEGATIVE_BASE_256 = 0x80, 0xFF


class BrokenHeader(Exception):
    """A block that is no header; the message says what is wrong with it."""


class Header(NamedTuple):
    """What a header block says; names are bytes, as it has them."""

    name: bytes
    kind: bytes
    size: int
    link: bytes


def parse_header(block: bytes) -> Header:
    """Return the header, or raise `BrokenHeader`."""
    if len(block) != BLOCK:
        raise BrokenHeader("is cut off")
    checksum = _number(block[_CHECKSUM])
    if checksum != _unsigned_sum(block) and checksum != _signed_sum(block):
        raise BrokenHeader("does not have the checksum it states")
    for field in _OTHER_NUMBERS:
        _number(block[field])
    size = _number(block[_SIZE])
    if size < 0:
        raise BrokenHeader("states a negative size")
    name = _text(block[:100])
    if block[257:263] == _POSIX_MAGIC and (prefix := _text(block[345:500])):
        name = prefix + b"/" + name
    return Header(name, block[156:157], size, _text(block[157:257]))


def parse_pax(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a pax header: `length key=value`, the length of the whole record."""
    position = 0
    while position < len(content):
        digits, space, _ = content[position : position + 20].partition(b" ")
        if not space or not digits.isdigit():
            raise BrokenHeader("has a pax record without a length")
        end = position + int(digits)
        record = content[position + len(digits) + 1 : end]
        key, equals, value = record.partition(b"=")
        if end > len(content) or not record.endswith(b"\n") or not equals or not key:
            raise BrokenHeader("has a broken pax record")
        yield key, value[:-1]
        position = end


def _unsigned_sum(block: bytes) -> int:
    return sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")


def _signed_sum(block: bytes) -> int:
    """Sum the bytes with signs, as some old systems did; readers accept both."""
    signed = memoryview(block).cast("b")
    return sum(signed) - sum(signed[_CHECKSUM]) + 8 * ord(" ")


def _number(field: bytes) -> int:
    if field[0] in {_BASE_256, _NEGATIVE_BASE_256}:
        value = int.from_bytes(field[1:], "big")
        return value if field[0] == _BASE_256 else value - 256 ** (len(field) - 1)
    digits = _text(field).strip(b" ")
    if not _OCTAL_DIGITS.issuperset(digits):
        raise BrokenHeader("has a field that is not a number")
    return int(digits, 8) if digits else 0


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
