"""A gzip stream, inflated piece by piece: one stream, nothing behind it, no bomb (RFC 1952)."""

import os
import zlib
from typing import BinaryIO

from wheelyard_core.formats.limits import ArchiveLimits

_CHUNK = 64 * 1024
_EXPANDED_CHUNK = 256 * 1024
_GZIP_WINDOW = zlib.MAX_WBITS | 16


class BrokenStream(Exception):
    """The stream cannot be read on; the message is a sentence for the publisher."""


class GzipStream:
    """Reads a gzip file forward. `position` counts what was given out, `consumed` what went in."""

    def __init__(self, content: BinaryIO, limits: ArchiveLimits) -> None:
        self.position = 0
        self.consumed = 0
        self._content = content
        self._limits = limits
        self._file_size = content.seek(0, os.SEEK_END)
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._pending = b""
        self._buffer = b""
        self._used = 0
        self._expanded = 0
        content.seek(0)

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes, fewer only at the end of the stream."""
        end = self._used + size
        if end <= len(self._buffer):
            piece = self._buffer[self._used : end]
            self._used = end
            self.position += size
            return piece
        pieces = []
        while size and (piece := self.read_some(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def read_some(self, size: int) -> bytes:
        """Return at least one and at most `size` bytes, none only at the end of the stream."""
        if self._used == len(self._buffer):
            self._buffer, self._used = self._inflated(), 0
        piece = self._buffer[self._used : self._used + size]
        self._used += len(piece)
        self.position += len(piece)
        return piece

    def _inflated(self) -> bytes:
        while not self._inflate.eof:
            chunk = self._pending or self._content.read(_CHUNK)
            try:
                expanded = self._inflate.decompress(chunk, _EXPANDED_CHUNK)
            except zlib.error as error:
                raise BrokenStream("The archive is not a gzip file, or it is broken.") from error
            self._pending = self._inflate.unconsumed_tail
            self.consumed += len(chunk) - len(self._pending)
            if expanded:
                self._count(len(expanded))
                return expanded
            if not chunk and not self._inflate.eof:
                raise BrokenStream("The archive is cut off: its gzip stream does not end.")
        if self._inflate.unused_data or self._content.read(1):
            raise BrokenStream("The archive has data behind its gzip stream.")
        return b""

    def _count(self, size: int) -> None:
        self._expanded += size
        if self._expanded > self._limits.max_expanded:
            raise BrokenStream(
                f"The archive expands to more than {self._limits.max_expanded} bytes."
            )
        if self._limits.is_bomb(self._expanded, self._file_size):
            raise BrokenStream(f"The archive expands more than {self._limits.max_ratio}-fold.")
