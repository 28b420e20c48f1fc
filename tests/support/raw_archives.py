"""Zip and tar archives byte by byte, so that any field can lie.

`zipfile` and `tarfile` refuse to write most of what an attacker would.
"""

import gzip
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_UTF8 = 0x800
_DATE = 0x5042
_FILE_MODE = 0o100644
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Fields:
    """What one header of a zip member says."""

    name: bytes
    crc: int
    compressed: int
    size: int
    flags: int = _UTF8
    method: int = 8
    extra: bytes = b""
    version: int = 20


@dataclass(frozen=True, slots=True)
class RawMember:
    """A zip member whose two headers can be changed separately."""

    data: bytes
    local: Fields
    central: Fields
    mode: int = _FILE_MODE
    comment: bytes = b""
    offset: int | None = None
    before: bytes = b""

    @classmethod
    def of(cls, path: str | bytes, content: bytes = b"", method: int = 8) -> Self:
        name = path.encode() if isinstance(path, str) else path
        data = deflate(content) if method == 8 else content
        fields = Fields(name, zlib.crc32(content), len(data), len(content), method=method)
        return cls(data, fields, fields)

    def saying(self, **changes: int | bytes) -> Self:
        """Change both headers."""
        return self.locally(**changes).centrally(**changes)

    def locally(self, **changes: int | bytes) -> Self:
        return replace(self, local=replace(self.local, **changes))  # type: ignore[arg-type]  # names of fields

    def centrally(self, **changes: int | bytes) -> Self:
        return replace(self, central=replace(self.central, **changes))  # type: ignore[arg-type]  # names of fields


def deflate(content: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def raw_zip(
    members: Iterable[RawMember],
    *,
    leading: bytes = b"",
    before_directory: bytes = b"",
    behind_directory: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    disk: int = 0,
    zip64: bytes | None = None,
    zip64_shift: int = 0,
    zip64_surplus: int = 0,
) -> bytes:
    """Return a zip archive; `zip64` is put into an extensible zip64 end record.

    That record is said to begin `zip64_shift` bytes further, and to have surplus entries.
    """
    file = bytearray(leading)
    directory = bytearray()
    entries = 0
    for member in members:
        file += member.before
        offset = len(file) if member.offset is None else member.offset
        file += _local(member.local) + member.data
        directory += _entry(member, offset)
        entries += 1
    file += before_directory
    start = len(file)
    file += directory + behind_directory
    entries = entries if count is None else count
    if zip64 is not None or entries > 0xFFFF:
        position = len(file) + zip64_shift
        file += _end64(entries + zip64_surplus, len(directory), start, position, zip64 or b"")
    narrow = min(entries, 0xFFFF)
    end = _END.pack(b"PK\5\6", disk, 0, narrow, narrow, len(directory), start, len(comment))
    return bytes(file) + end + comment


def _local(fields: Fields) -> bytes:
    head = _LOCAL.pack(
        b"PK\3\4", fields.version, fields.flags, fields.method, 0, _DATE, fields.crc,
        fields.compressed, fields.size, len(fields.name), len(fields.extra),
    )  # fmt: skip
    return head + fields.name + fields.extra


def _entry(member: RawMember, offset: int) -> bytes:
    fields = member.central
    head = _ENTRY.pack(
        b"PK\1\2", 0x314, fields.version, fields.flags, fields.method, 0, _DATE, fields.crc,
        fields.compressed, fields.size, len(fields.name), len(fields.extra),
        len(member.comment), 0, 0, member.mode << 16, offset,
    )  # fmt: skip
    return head + fields.name + fields.extra + member.comment


def _end64(entries: int, size: int, start: int, position: int, extensible: bytes) -> bytes:
    rest = 44 + len(extensible)
    end = _END64.pack(b"PK\6\6", rest, 45, 45, 0, 0, entries, entries, size, start)
    return end + extensible + _LOCATOR.pack(b"PK\6\7", 0, position, 1)


def tar_entry(
    name: bytes,
    content: bytes = b"",
    *,
    kind: bytes = b"0",
    size: bytes | None = None,
    link: bytes = b"",
    mode: bytes = b"0000644\0",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    signed: bool = False,
) -> bytes:
    """Return a header, its content and the padding; the checksum is right whatever is in it."""
    stated = b"%011o\0" % len(content) if size is None else size
    numbers = b"0000000\0" * 2 + stated + b"%011o\0" % 1_580_601_600
    head = name.ljust(100, b"\0") + mode + numbers + b" " * 8 + kind + link.ljust(100, b"\0")
    head = (head + magic + b"\0" * 80 + prefix).ljust(BLOCK, b"\0")
    total = sum(memoryview(head).cast("b")) if signed else sum(head)
    head = head[:148] + b"%06o\0 " % (total % 8**6) + head[156:]
    return head + content + bytes(-len(content) % BLOCK)


def pax_entry(*records: tuple[str, str], kind: bytes = b"x") -> bytes:
    return tar_entry(b"PaxHeader", b"".join(pax_record(*record) for record in records), kind=kind)


def pax_record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return str(length).encode() + rest


def raw_tar_gz(*entries: bytes, end: bytes = bytes(2 * BLOCK), behind: bytes = b"") -> bytes:
    """Return a gzipped tar archive of entries as they are; `behind` follows the gzip stream."""
    return gzip.compress(b"".join(entries) + end, mtime=0) + behind
