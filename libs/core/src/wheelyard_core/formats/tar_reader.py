"""The members of a gzipped tar archive, one after the other, without guessing.

`tarfile` takes ten seconds for 100,000 headers, takes a broken header for the end of the archive,
and never ends on a member of negative size (CVE-2025-8194); so headers are read here. An archive
that two readers could take differently (two paths, two sizes, data behind the end) is refused.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple, NoReturn

from wheelyard_core.domain.wording import printable, quoted
from wheelyard_core.formats.gzip_stream import BrokenStream, GzipStream
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.tar_header import (
    BLOCK,
    BrokenHeader,
    Header,
    parse_header,
    parse_pax,
)

_ZERO_BLOCK = bytes(BLOCK)
_SKIP = 1024 * 1024
_MAX_EXTENSION = 64 * 1024
_MAX_PAX_RECORDS = 1_000_000
# How much compressed data may have been read ahead of a member.
_READ_AHEAD = 64 * 1024
# From this size on a ustar header cannot state the size; only pax does.
_TOO_LARGE_FOR_USTAR = 8**11


class Kind(Enum):
    """What a member is. Everything else that tar knows is refused."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    HARD_LINK = "hard link"


class TarMember(NamedTuple):
    """A member; `target` is where a link points, as written; `kind` is `None` for `flaw`."""

    name: str
    kind: Kind | None
    target: str
    flaw: str


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARD_LINK,
    b"2": Kind.LINK,
    b"5": Kind.FOLDER,
}
_REFUSED = {
    b"3": "is a device",
    b"4": "is a device",
    b"6": "is a pipe",
}
_GNU_NAMES = {b"L": b"path", b"K": b"linkpath"}
_EXTENSIONS = frozenset({b"x", b"X", b"g", b"L", b"K"})
_GLOBAL, _OLD_FILE = b"g", b"\0"
_SPARSE_KEYS = b"GNU.sparse."
_MAX_DIGITS = 20
_USED_KEYS = frozenset({b"path", b"linkpath", b"size"})


class TarReader:
    """Iterates over the members; `read` returns the content of the one that was just yielded."""

    def __init__(self, stream: GzipStream, limits: ArchiveLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._unread = 0
        self._padding = 0
        self._pax_records = 0

    def __iter__(self) -> Iterator[TarMember]:
        """Yield each member, or raise `BrokenStream` where the archive cannot be read on."""
        extensions: dict[bytes, bytes] = {}
        members = 0
        while (block := self._stream.read(BLOCK)) != _ZERO_BLOCK:
            header = self._header(block)
            if header.kind in _EXTENSIONS:
                self._extend(extensions, header)
                continue
            members += 1
            if members > self._limits.max_members:
                raise BrokenStream(f"The archive has more than {self._limits.max_members} members.")
            yield self._member(header, extensions)
            self._skip()
            extensions = {}
        if extensions:
            raise BrokenStream("The archive ends with the header of a member that is not there.")
        self._check_end()

    def read(self, limit: int) -> bytes:
        """Return the content of the member just yielded, which must not exceed `limit`."""
        if self._unread > limit:
            raise BrokenStream(f"A member that must be small has more than {limit} bytes.")
        content = self._exactly(self._unread)
        self._unread = 0
        return content

    def _header(self, block: bytes) -> Header:
        if not block:
            raise BrokenStream("The archive is cut off: it has no end marker.")
        try:
            return parse_header(block)
        except BrokenHeader as error:
            self._broken(str(error))

    def _extend(self, extensions: dict[bytes, bytes], header: Header) -> None:
        """Take what a header says about the next member (or, by `g`, about all of them)."""
        if header.size > _MAX_EXTENSION:
            self._broken(f"extends another one by more than {_MAX_EXTENSION} bytes")
        content = self._exactly(header.size)
        self._exactly(-header.size % BLOCK)
        if header.kind == _GLOBAL:
            # Some readers apply these and some do not; `git archive` leaves a comment only.
            if any(_is_used(key) for key, _ in self._pax(content)):
                self._broken("gives all members one path or size")
            return
        if header.kind in extensions:
            self._broken("extends a member for the second time")
        extensions[header.kind] = b""
        for key, value in self._said(header, content):
            if key.startswith(_SPARSE_KEYS):
                self._broken("is that of a sparse file; write it out in full")
            if key in extensions:
                self._broken(f"states the {key.decode()} of a member for the second time")
            extensions[key] = value

    def _said(self, header: Header, content: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield what a header says about the path and the size of the next member."""
        if header.kind not in _GNU_NAMES:
            yield from (record for record in self._pax(content) if _is_used(record[0]))
            return
        name, _, rest = content.partition(b"\0")
        if rest.strip(b"\0"):
            self._broken("has data behind a long name")
        yield _GNU_NAMES[header.kind], name

    def _pax(self, content: bytes) -> Iterator[tuple[bytes, bytes]]:
        try:
            for record in parse_pax(content):
                self._pax_records += 1
                if self._pax_records > _MAX_PAX_RECORDS:
                    raise BrokenStream("The archive has too many pax records.")
                yield record
        except BrokenHeader as error:
            self._broken(str(error))

    def _member(self, header: Header, extensions: dict[bytes, bytes]) -> TarMember:
        name = self._decoded(extensions.get(b"path", header.name))
        target = self._decoded(extensions.get(b"linkpath", header.link))
        if header.kind == b"S":
            self._broken("is that of a sparse file; write it out in full")
        size = self._size(header, extensions.get(b"size"))
        kind = _KINDS.get(header.kind)
        if header.kind == _OLD_FILE and header.name.endswith(b"/"):
            kind = Kind.FOLDER  # as the format had it before there were kinds
        if kind is not Kind.FILE and size:
            self._broken(f"gives {quoted(name)}, which is no file, a content")
        if kind is Kind.FILE and name.endswith("/"):
            self._broken(f"gives the file {quoted(name)} a folder's name")
        self._unread, self._padding = size, -size % BLOCK
        flaw = "" if kind else _REFUSED.get(header.kind, "is of a kind that sdists must not have")
        return TarMember(name, kind, target, flaw)

    def _size(self, header: Header, pax_size: bytes | None) -> int:
        """Return the size; a pax record may state only what the header cannot."""
        if pax_size is None:
            return header.size
        size = int(pax_size) if pax_size.isdigit() and len(pax_size) <= _MAX_DIGITS else -1
        if size != header.size and (header.size or size < _TOO_LARGE_FOR_USTAR):
            self._broken("contradicts its pax size")
        return size

    def _decoded(self, raw: bytes) -> str:
        if len(raw) > self._limits.max_path:
            self._broken(f"has a path longer than {self._limits.max_path} bytes")
        if b"\0" in raw:
            self._broken("has a path with a null byte")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._broken(f"has the path {printable(ascii(raw))}, which is not UTF-8")

    def _skip(self) -> None:
        start, expanded = self._stream.consumed, 0
        while self._unread:
            piece = self._stream.read_some(min(self._unread, _SKIP))
            if not piece:
                raise BrokenStream("The archive is cut off in the middle of a member.")
            self._unread -= len(piece)
            expanded += len(piece)
            if self._limits.is_bomb(expanded, self._stream.consumed - start + _READ_AHEAD):
                raise BrokenStream(f"A member expands more than {self._limits.max_ratio}-fold.")
        self._exactly(self._padding)
        self._padding = 0

    def _exactly(self, size: int) -> bytes:
        content = self._stream.read(size)
        if len(content) != size:
            raise BrokenStream("The archive is cut off in the middle of a member.")
        return content

    def _check_end(self) -> None:
        while piece := self._stream.read_some(_SKIP):
            if piece.strip(b"\0"):
                raise BrokenStream("The archive has data behind its end marker.")

    def _broken(self, what: str) -> NoReturn:
        raise BrokenStream(f"The header before byte {self._stream.position} of the archive {what}.")


def _is_used(key: bytes) -> bool:
    return key in _USED_KEYS or key.startswith(_SPARSE_KEYS)
