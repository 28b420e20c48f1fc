"""Where bytes are kept."""

from collections.abc import Iterator
from typing import Protocol, Self, runtime_checkable


class BlobNotFound(Exception):
    """The store answered, and it has no blob of that key."""


class StorageUnavailable(Exception):
    """The store could not be asked, or did not keep its word; trying again later may work."""


class BinaryReader(Protocol):
    """Anything bytes can be taken from: a file, a form part, a hashing wrapper."""

    def read(self, n: int, /) -> bytes:
        """Return up to *n* bytes, and none only at the end."""
        ...


class BlobReader(Protocol):
    """A blob, or a range of one, being read. Close it, or use it in a `with`."""

    @property
    def size(self) -> int:
        """Bytes in the whole blob, whatever range is being read."""
        ...

    def read(self, n: int = -1, /) -> bytes:
        """Return up to *n* bytes (all that is left if negative), and none only at the end.

        Raises StorageUnavailable when the store breaks off: an end is never a broken read.
        """
        ...

    def close(self) -> None:
        """Give back what reading holds; safe to repeat."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


@runtime_checkable
class OpenFile(BlobReader, Protocol):
    """A blob that is a file of this machine, at the first byte to read: the kernel may send it."""

    def fileno(self) -> int:
        """Return its descriptor, which `close` closes."""
        ...


class BlobStore(Protocol):
    """Immutable bytes under keys.

    A key is a relative path in POSIX form (`files/ab/cd/name+1.whl`), in any characters but
    control characters; another form is a ValueError. Every method but `presigned_url` may raise
    StorageUnavailable.
    """

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        """Store everything *content* gives, or nothing.

        An exception raised by the reader comes out unchanged and leaves no trace, and so does
        the ValueError for content that is not of the *size* promised (None: not known).
        """
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> BlobReader:
        """Return a reader of the blob from *start*, for *length* bytes or to the end.

        What lies outside of the blob is cut off, so a range past its end is empty. Raises
        BlobNotFound.
        """
        ...

    def size(self, key: str) -> int:
        """Return the bytes in the blob, or raise BlobNotFound."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob and whatever an interrupted put of it left; safe to repeat."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with *prefix* (any beginning), in no promised order."""
        ...

    def presigned_url(self, key: str, filename: str | None, seconds: int) -> str | None:
        """Return an address that gives the blob to whoever has it, for *seconds*.

        With a *filename* it is for clients: at the store's public address, as a download of that
        name. Without one it is for the gateway, at the address that we use ourselves. None where
        the store cannot. Asks the store nothing, so the blob may not exist.
        """
        ...

    def check(self) -> None:
        """Raise StorageUnavailable, saying why, unless the store answers and takes writes."""
        ...
