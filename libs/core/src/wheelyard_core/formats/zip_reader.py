"""The members of a zip archive: their local headers, their data, their checksums.

What a local header says must be what the central directory says, and each member must end where
the next one begins; else two readers can see two archives in one file.
"""

import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from wheelyard_core.domain.wording import quoted
from wheelyard_core.formats import paths
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.problems import Problems
from wheelyard_core.formats.zip_directory import (
    MAX32,
    ZIP64_EXTRA,
    Directory,
    Member,
    extra_fields,
    read_directory,
)

_LOCAL = struct.Struct("<4s5H3L2H")
_TWO_SIZES = struct.Struct("<2Q")
_LOCAL_SIGNATURE = b"PK\3\4"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED_FLAGS = 0x2041
_DESCRIPTOR_FLAG = 0x8
# UTF-8 names, and the two bits that say how hard the compressor tried.
_HARMLESS_FLAGS = 0x806
_TYPE_MASK, _REGULAR, _FOLDER, _LINK = 0o170000, 0o100000, 0o040000, 0o120000

_CHUNK = 256 * 1024


class DamagedMember(Exception):
    """A member whose data cannot be had; the message is a sentence for the publisher."""


class ZipArchive:
    """A zip archive whose structure was checked; data is read member by member.

    `damaged` says of some members, by name, why they are not read.
    """

    def __init__(self, content: BinaryIO, directory: Directory, damaged: Mapping[str, str]) -> None:
        self.members = directory.members
        self.by_name = {member.name: member for member in directory.members}
        self._content = content
        self._damaged = damaged
        # Ordered by offset; an array, for there may be 100,000 of them.
        offsets = (member.offset for member in directory.members)
        self._parts = array("Q", [*offsets, directory.start])

    def read(self, name: str, limit: int) -> bytes:
        """Return the whole content of a small member."""
        member = self.by_name[name]
        if member.size > limit:
            raise DamagedMember(f"The member {quoted(name)} is larger than {limit} bytes.")
        return b"".join(self.chunks(member))

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield the content in pieces, or raise `DamagedMember` at the latest at its end."""
        if member.name in self._damaged:
            raise DamagedMember(self._damaged[member.name])
        self._skip_local_header(member)
        crc, size = 0, 0
        for chunk in self._expanded(member):
            size += len(chunk)
            if size > member.size:
                raise DamagedMember(_broken(member, "holds more than the size it states"))
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != member.size:
            raise DamagedMember(_broken(member, "holds less than the size it states"))
        if crc != member.crc:
            raise DamagedMember(_broken(member, "does not have the checksum (CRC) it states"))

    def _skip_local_header(self, member: Member) -> None:
        self._content.seek(member.offset)
        block = self._content.read(_LOCAL.size)
        if len(block) != _LOCAL.size or block[:4] != _LOCAL_SIGNATURE:
            raise DamagedMember(_broken(member, "is not where the list of members says"))
        _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = _LOCAL.unpack(
            block
        )
        raw_name = self._content.read(name_length)
        extra = extra_fields(self._content.read(extra_length))
        if extra is None:
            raise DamagedMember(_broken(member, "has extra fields that readers take differently"))
        sizes = _local_sizes(size, compressed, extra.get(ZIP64_EXTRA))
        if (raw_name, flags, method, crc, sizes) != (
            member.raw_name,
            member.flags,
            member.method,
            member.crc,
            (member.size, member.compressed),
        ):
            raise DamagedMember(
                _broken(member, "is described differently by its own header and by the list")
            )
        end = member.offset + _LOCAL.size + name_length + extra_length + member.compressed
        if end != self._parts[bisect_right(self._parts, member.offset)]:
            raise DamagedMember(_broken(member, "is followed by data that belongs to no member"))

    def _expanded(self, member: Member) -> Iterator[bytes]:
        if member.method == _STORED:
            yield from self._compressed(member)
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for chunk in self._compressed(member):
                pending = chunk
                while pending and not inflate.eof:
                    yield inflate.decompress(pending, _CHUNK)
                    pending = inflate.unconsumed_tail
            # zlib may hold back output when a piece ended just where the input did.
            while not inflate.eof and (rest := inflate.decompress(b"", _CHUNK)):
                yield rest
        except zlib.error as error:
            raise DamagedMember(_broken(member, "has broken compressed data")) from error
        if not inflate.eof or inflate.unused_data:
            raise DamagedMember(_broken(member, "has compressed data that is cut off or too long"))

    def _compressed(self, member: Member) -> Iterator[bytes]:
        remaining = member.compressed
        while remaining:
            chunk = self._content.read(min(remaining, _CHUNK))
            if not chunk:
                raise DamagedMember(_broken(member, "is cut off"))
            remaining -= len(chunk)
            yield chunk


def open_zip(content: BinaryIO, limits: ArchiveLimits, problems: Problems) -> ZipArchive:
    """Check the structure of an archive and return it; what is wrong is noted in `problems`."""
    directory = read_directory(content, limits, problems)
    _check_tiling(directory, problems)
    _check_total(directory, limits, problems)
    damaged: dict[str, str] = {}
    names = set()
    for member in directory.members:
        flaw = _flaw(member, limits)
        if member.name.removesuffix("/") in names:
            flaw = "is there twice"
        names.add(member.name.removesuffix("/"))
        if flaw:
            damaged[member.name] = _broken(member, flaw)
            problems.add(damaged[member.name])
    for name in paths.files_used_as_folders(
        member.name for member in directory.members if not member.is_folder
    ):
        problems.add(f"The member {quoted(name)} is both a file and a folder.")
    return ZipArchive(content, directory, damaged)


def _check_tiling(directory: Directory, problems: Problems) -> None:
    """Refuse overlaps before anything is expanded; gaps show when the headers are read."""
    free = 0
    for member in directory.members:
        if member.offset < free or (free == 0 and member.offset != 0):
            problems.stop(_broken(member, "overlaps another one, or has data before it"))
        free = member.offset + _LOCAL.size + len(member.raw_name) + member.compressed
    if free > directory.start:
        problems.stop("The archive's members reach into its list of members.")
    if not directory.members and directory.start:
        problems.stop("The archive has data before, between or behind its parts.")


def _check_total(directory: Directory, limits: ArchiveLimits, problems: Problems) -> None:
    expanded = sum(member.size for member in directory.members)
    if expanded > limits.max_expanded:
        problems.stop(f"The archive expands to more than {limits.max_expanded} bytes.")
    if limits.is_bomb(expanded, directory.start):
        problems.stop(f"The archive expands more than {limits.max_ratio}-fold.")


def _flaw(member: Member, limits: ArchiveLimits) -> str | None:
    if len(member.raw_name) > limits.max_path:
        return f"has a path longer than {limits.max_path} bytes"
    if flaw := paths.flaw_of(member.name) or _flag_flaw(member.flags) or _type_flaw(member):
        return flaw
    if member.method not in {_STORED, _DEFLATED}:
        return "is compressed by a method other than deflate"
    if member.method == _STORED and member.size != member.compressed:
        return "states two sizes that disagree"
    if limits.is_bomb(member.size, member.compressed):
        return f"expands more than {limits.max_ratio}-fold"
    return None


def _flag_flaw(flags: int) -> str | None:
    if flags & _ENCRYPTED_FLAGS:
        return "is encrypted"
    if flags & _DESCRIPTOR_FLAG:
        return "has a data descriptor; write the archive to a seekable file"
    if flags & ~_HARMLESS_FLAGS:
        return "uses zip features that wheels must not use"
    return None


def _type_flaw(member: Member) -> str | None:
    kind = member.mode & _TYPE_MASK
    if kind == _LINK:
        return "is a symbolic link"
    if kind not in {0, _REGULAR, _FOLDER}:
        return "is a device, a pipe or a socket"
    if kind and (kind == _FOLDER) != member.is_folder:
        return "is a folder by its mode or its name, but not by both"
    if member.is_folder and member.size:
        return "is a folder with content"
    return None


def _local_sizes(size: int, compressed: int, extra: bytes | None) -> tuple[int, int] | None:
    if extra is None:
        return size, compressed
    # The local zip64 field always holds both sizes (APPNOTE 4.5.3). Before Python 3.11.4 zipfile
    # said them in both places (`force_zip64`): with one meaning, whichever a reader takes.
    if len(extra) != _TWO_SIZES.size:
        return None
    wide_size, wide_compressed = _TWO_SIZES.unpack(extra)
    if (size, compressed) not in {(MAX32, MAX32), (wide_size, wide_compressed)}:
        return None
    return wide_size, wide_compressed


def _broken(member: Member, what: str) -> str:
    return f"The member {quoted(member.name)} {what}."
