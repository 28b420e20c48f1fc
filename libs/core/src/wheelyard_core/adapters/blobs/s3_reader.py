"""Reading a blob while its answer arrives, and telling an end from a break."""

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from wheelyard_core.adapters.blobs.reading import PiecewiseReader
from wheelyard_core.ports import StorageUnavailable


class ResponseReader(PiecewiseReader):
    """A BlobReader over an answer that is still arriving."""

    def __init__(self, response: BaseHTTPResponse | None, size: int, length: int) -> None:
        super().__init__(size, length)
        self._response = response

    def close(self) -> None:
        """Give the connection back when all was read; it is of no further use otherwise."""
        response, self._response = self._response, None
        if response is None:
            return
        if self._left:
            response.close()
        response.release_conn()

    def _piece(self, n: int) -> bytes:
        if self._response is None:
            raise ValueError("The blob is closed.")
        try:
            content = self._response.read(n, decode_content=False)
        except (HTTPError, OSError) as error:
            raise StorageUnavailable(f"The object store broke off: {error}") from error
        # urllib3 gives what came before a break as if nothing had happened.
        if not content:
            raise StorageUnavailable("The object store broke off: the answer ended early.")
        return content


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
