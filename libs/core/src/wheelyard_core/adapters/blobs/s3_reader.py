"""Reading a blob while its answer arrives, and telling an end from a break."""

from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from wheelyard_core.ports import StorageUnavailable


class ResponseReader:
    """A BlobReader over an answer that is still arriving."""

    def __init__(self, response: BaseHTTPResponse | None, size: int, length: int) -> None:
        self.size = size
        self._response = response
        self._left = length

    def read(self, n: int = -1, /) -> bytes:
        """Read on; an answer that ends before its length is an outage."""
        wanted = self._left if n < 0 else min(n, self._left)
        pieces = []
        while wanted:
            # urllib3 gives what came before a break as if nothing had happened.
            pieces.append(self._read_once(wanted))
            wanted -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_once(self, wanted: int) -> bytes:
        if self._response is None:
            raise ValueError("The blob is closed.")
        try:
            content = self._response.read(wanted, decode_content=False)
        except (HTTPError, OSError) as error:
            raise StorageUnavailable(f"The object store broke off: {error}") from error
        if not content:
            raise StorageUnavailable("The object store broke off: the answer ended early.")
        self._left -= len(content)
        return content

    def close(self) -> None:
        """Give the connection back when all was read; it is of no further use otherwise."""
        response, self._response = self._response, None
        if response is None:
            return
        if self._left:
            response.close()
        response.release_conn()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()


def reader_of(response: BaseHTTPResponse, *, whole: bool) -> ResponseReader:
    """Return a reader of the whole blob, or of the range that was asked for."""
    length = int(response.headers.get("content-length", "-1"))
    size = length
    if not whole:
        _, slash, total = response.headers.get("content-range", "").partition("/")
        size = int(total) if slash and total.isdigit() else -1
    reader = ResponseReader(response, size, length)
    if min(length, size) < 0:
        reader.close()
        raise StorageUnavailable("The object store gave no size, or not the range asked for.")
    return reader
