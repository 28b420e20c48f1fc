"""What every BlobReader does, wherever its bytes come from."""

from abc import ABC, abstractmethod
from typing import Self


class PiecewiseReader(ABC):
    """A BlobReader over something that gives *length* bytes of a blob of *size*, in pieces."""

    def __init__(self, size: int, length: int) -> None:
        self.size = size
        self._left = length

    def read(self, n: int = -1, /) -> bytes:
        """Read on; what ends before its length is an outage."""
        wanted = self._left if n < 0 else min(n, self._left)
        pieces = []
        while wanted:
            piece = self._piece(wanted)
            pieces.append(piece)
            wanted -= len(piece)
            self._left -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @abstractmethod
    def close(self) -> None:
        """Give back what reading holds; safe to repeat."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _piece(self, n: int) -> bytes:
        """Return up to *n* bytes and at least one, or raise StorageUnavailable."""
