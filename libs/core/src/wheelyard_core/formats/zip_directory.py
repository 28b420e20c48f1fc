"""The central directory of a zip archive, read so that no two readers can disagree about it.

PKWARE's APPNOTE, without what wheels have no use for: comments, several disks, data descriptors,
encryption, extensible zip64 data. Every byte of the file belongs to exactly one part.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from wheelyard_core.domain.wording import quoted
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.problems import Problems

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\5\6"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_SIGNATURE = b"PK\6\7"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_SIGNATURE = b"PK\6\6"
_END64_REST = 44
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_SIGNATURE = b"PK\1\2"
_EXTRA_HEADER = struct.Struct("<2H")

# The last version of the format, times ten; `zipfile` reads no archive that asks for more.
_MAX_VERSION_NEEDED = 63
_MAX16 = 0xFFFF
MAX32 = 0xFFFFFFFF
ZIP64_EXTRA = 0x0001
# Info-ZIP's second name and comment of a member: readers that know them see another archive.
_RENAMING_EXTRAS = frozenset({0x7075, 0x6375})
_UTF8_FLAG = 0x800


class Member(NamedTuple):
    """A member as the central directory describes it."""

    name: str
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    mode: int

    @property
    def raw_name(self) -> bytes:
        """The name as the archive has it: only UTF-8 is let in, so nothing is lost."""
        return self.name.encode()

    @property
    def is_folder(self) -> bool:
        """Whether the member is a folder; its name ends in a slash then."""
        return self.name.endswith("/")


class Directory(NamedTuple):
    """All members in the order of their data, and where the directory begins."""

    members: tuple[Member, ...]
    start: int


class _End(NamedTuple):
    """The end record: how many entries, and where they are; `position` is its own place."""

    entries: int
    size: int
    offset: int
    position: int


def read_directory(content: BinaryIO, limits: ArchiveLimits, problems: Problems) -> Directory:
    """Return the directory, or raise `InvalidDistribution` if the archive cannot be read."""
    end = _read_end(content, problems)
    if end.entries > limits.max_members:
        problems.stop(
            f"The archive has {end.entries} members; at most {limits.max_members} may be."
        )
    if end.size > limits.max_directory_size:
        problems.stop("The archive's list of members is too long.")
    if end.offset + end.size != end.position:
        problems.stop("The archive has data before, between or behind its parts.")
    content.seek(end.offset)
    block = content.read(end.size)
    members = sorted(_entries(block, end, problems), key=lambda member: member.offset)
    return Directory(tuple(members), end.offset)


def extra_fields(extra: bytes) -> dict[int, bytes] | None:
    """Return a header's extra fields by number; `None` if they are broken or mislead readers."""
    found: dict[int, bytes] = {}
    position = 0
    while position < len(extra):
        if position + _EXTRA_HEADER.size > len(extra):
            return None
        number, length = _EXTRA_HEADER.unpack_from(extra, position)
        position += _EXTRA_HEADER.size
        if position + length > len(extra) or number in _RENAMING_EXTRAS:
            return None
        if number == ZIP64_EXTRA and number in found:
            return None
        found[number] = extra[position : position + length]
        position += length
    return found


def _read_end(content: BinaryIO, problems: Problems) -> _End:
    file_size = content.seek(0, os.SEEK_END)
    position = file_size - _END.size
    block = _read_at(content, position, _END.size)
    if block[:4] != _END_SIGNATURE:
        problems.stop(_no_end(content, file_size))
    _, disk, first_disk, here, entries, size, offset, comment = _END.unpack(block)
    if comment:
        problems.stop("The archive is cut off, or has data or a comment behind its end.")
    saturated = (disk, first_disk, here, entries, size, offset)
    end64 = _read_end64(content, position, saturated, problems)
    if end64:
        return end64
    if disk or first_disk or here != entries:
        problems.stop("The archive is one of several parts; a wheel is one file.")
    return _End(entries, size, offset, position)


def _no_end(content: BinaryIO, file_size: int) -> str:
    tail = _read_at(content, max(0, file_size - _MAX16 - _END.size), _MAX16 + _END.size)
    if _END_SIGNATURE in tail:
        return "The archive is cut off, or has data or a comment behind its end."
    return "The file is not a zip archive, or it is cut off."


def _read_end64(
    content: BinaryIO, end: int, saturated: tuple[int, ...], problems: Problems
) -> _End | None:
    locator = _read_at(content, end - _LOCATOR.size, _LOCATOR.size)
    if locator[:4] != _LOCATOR_SIGNATURE:
        return None
    _, locator_disk, position, disks = _LOCATOR.unpack(locator)
    if position != end - _LOCATOR.size - _END64.size:
        problems.stop("The archive has data between its parts, or extensible zip64 data.")
    block = _read_at(content, position, _END64.size)
    if block[:4] != _END64_SIGNATURE:
        problems.stop("The archive's zip64 end is not where it says.")
    _, rest, _, _, disk, first_disk, here, entries, size, offset = _END64.unpack(block)
    if rest != _END64_REST:
        problems.stop("The archive has extensible zip64 data, which readers take differently.")
    actual = (disk, first_disk, here, entries, size, offset)
    bounds = (_MAX16, _MAX16, _MAX16, _MAX16, MAX32, MAX32)
    agree = all(
        said in (true, bound) for said, true, bound in zip(saturated, actual, bounds, strict=True)
    )
    if not agree or here != entries or disk or first_disk or locator_disk or disks > 1:
        problems.stop("The archive's zip64 end and its plain end disagree.")
    return _End(entries, size, offset, position)


def _read_at(content: BinaryIO, position: int, size: int) -> bytes:
    if position < 0:
        return b""
    content.seek(position)
    return content.read(size)


def _entries(block: bytes, end: _End, problems: Problems) -> Iterator[Member]:
    position = 0
    for _ in range(end.entries):
        if position + _ENTRY.size > len(block):
            problems.stop("The archive's list of members is cut off.")
        fields = _ENTRY.unpack_from(block, position)
        name_length, extra_length, comment_length = fields[10:13]
        name_start = position + _ENTRY.size
        extra_start = name_start + name_length
        position = extra_start + extra_length + comment_length
        if fields[0] != _ENTRY_SIGNATURE or position > len(block):
            problems.stop("The archive's list of members is broken.")
        raw_name = block[name_start:extra_start]
        extra = block[extra_start : extra_start + extra_length]
        member = _member(fields, raw_name, extra, problems)
        if comment_length:
            problems.add(f"The member {quoted(member.name)} has a comment.")
        yield member
    if position != len(block):
        problems.stop("The archive has data between its list of members and its end.")


def _member(fields: tuple[int, ...], raw_name: bytes, extra: bytes, problems: Problems) -> Member:
    _, _, needed, flags, method, _, _, crc, compressed, size = fields[:10]
    disk, _, attributes, offset = fields[13:]
    name = _decode(raw_name, flags, problems)
    if needed > _MAX_VERSION_NEEDED:
        problems.stop(f"The member {quoted(name)} needs a newer reader of zip archives.")
    found = extra_fields(extra)
    if found is None:
        problems.stop(f"The member {quoted(name)} has extra fields that readers take differently.")
    wide = _widened((size, compressed, offset), found.get(ZIP64_EXTRA))
    if wide is None or disk:
        problems.stop(f"The member {quoted(name)} has zip64 sizes that disagree.")
    size, compressed, offset = wide
    mode = attributes >> 16
    return Member(name, flags, method, crc, compressed, size, offset, mode)


def _widened(narrow: tuple[int, int, int], extra: bytes | None) -> tuple[int, int, int] | None:
    """Replace saturated values by those of the zip64 field, which must hold just those."""
    wanted = [index for index, value in enumerate(narrow) if value == MAX32]
    if extra is None:
        return None if wanted else narrow
    if len(extra) != 8 * len(wanted):
        return None
    wide = list(narrow)
    for index, value in zip(wanted, struct.unpack(f"<{len(wanted)}Q", extra), strict=True):
        wide[index] = value
    return wide[0], wide[1], wide[2]


def _decode(raw_name: bytes, flags: int, problems: Problems) -> str:
    try:
        name = raw_name.decode()
    except UnicodeDecodeError:
        problems.stop(f"The member {ascii(raw_name)[:130]} has a name that is not UTF-8.")
    if not name:
        problems.stop("The archive has a member without a name.")
    if not flags & _UTF8_FLAG and not name.isascii():
        problems.stop(
            f"The member {quoted(name)} is not marked as UTF-8; readers disagree about its name."
        )
    return name
