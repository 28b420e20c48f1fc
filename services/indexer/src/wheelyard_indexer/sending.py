"""The bytes of files on their way to clients: from memory, by the kernel, the gateway, or by us.

What breaks before the status is sent is an outage. What breaks later must break the connection, so
it raises: the length was promised, and a client that is cut off tries again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Self

from wheelyard_core.ports import (
    BlobNotFound,
    BlobReader,
    BlobStore,
    OpenFile,
    StorageUnavailable,
)
from wheelyard_indexer.file_answers import Asked, FileAnswer, ServedFile, file_answer
from wheelyard_indexer.handing_over import handed_over, takes_over
from wheelyard_indexer.memory import Memory
from wheelyard_indexer.ranges import Span

PIECE: Final = 256 << 10


class Body:
    """An open blob, whose *first* piece was read already unless the kernel is to send all of it."""

    def __init__(self, content: BlobReader, first: bytes | None) -> None:
        self.content = content
        self._first = first

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Return the next piece."""
        piece, self._first = self._first, None
        if piece is None:
            piece = self.content.read(PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Give the connection to the store back: the server calls it when the client is gone."""
        self.content.close()


class Sender:
    """Finds the bytes of files, and remembers those of small ones."""

    def __init__(
        self, blobs: BlobStore, memory: Memory, handover_seconds: int | None = None
    ) -> None:
        self.memory = memory
        self._blobs = blobs
        # How long the gateway may fetch for itself what it is told to fetch; None: it may not.
        self._seconds = handover_seconds

    def answer(
        self, file: ServedFile, environ: Mapping[str, Any], *, public: bool
    ) -> tuple[FileAnswer, bytes | Body]:
        """Return the answer to a request for *file*, and its bytes. Raises StorageUnavailable."""
        answer = file_answer(file, Asked.of(environ), public=public)
        if answer.span is None:
            return answer, b""
        if answer.span.length > PIECE and takes_over(environ) and self._seconds is not None:
            address = self._blobs.presigned_url(file.key, None, self._seconds)
            if address is not None:
                return handed_over(answer, address), b""
        return answer, self._begin(file, answer.span)

    def _begin(self, file: ServedFile, span: Span) -> bytes | Body:
        """Return the bytes where they are few, or open the blob."""
        kept = self.memory.content(file.key)
        if kept is not None:
            return kept[span.start : span.stop]
        content = self._open(file, span)
        try:
            return self._read(file, span, content)
        except BaseException:
            content.close()
            raise

    def _open(self, file: ServedFile, span: Span) -> BlobReader:
        whole = span.length == file.size
        try:
            return self._blobs.open(file.key, span.start, None if whole else span.length)
        except BlobNotFound as lost:
            raise StorageUnavailable(f"The bytes of {file.key} are missing") from lost

    def _read(self, file: ServedFile, span: Span, content: BlobReader) -> bytes | Body:
        if content.size != file.size:
            raise StorageUnavailable(
                f"The blob {file.key} has {content.size} bytes, not {file.size}"
            )
        if file.size > PIECE and isinstance(content, OpenFile):
            return Body(content, None)
        first = content.read(min(PIECE, span.length))
        if span.length > PIECE:
            return Body(content, first)
        content.close()
        if span.length == file.size:
            self.memory.remember_content(file.key, first)
        return first


class Told:
    """The body of an answer that nobody else watches: tells how much was sent when it is closed."""

    def __init__(self, body: Body, tell: Callable[[int], None]) -> None:
        self._body = body
        self._tell: Callable[[int], None] | None = tell
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            self._sent += len(piece)
            yield piece

    def close(self) -> None:
        """End the answer; again is safe."""
        self._body.close()
        tell, self._tell = self._tell, None
        if tell is not None:
            tell(self._sent)


class ToldFile(Told):
    """The same for a file that the server has the kernel send, by `wsgi.file_wrapper`.

    `socket.sendfile` leaves the file's position where it stopped, whether it failed or not.
    """

    def __init__(self, body: Body, file: OpenFile, tell: Callable[[int], None]) -> None:
        super().__init__(body, tell)
        self._file = file
        self._start = os.lseek(file.fileno(), 0, os.SEEK_CUR)

    def fileno(self) -> int:
        """Return the file, at the first byte to send."""
        return self._file.fileno()

    def seek(self, position: int) -> None:
        """Take note of how far the kernel came."""
        os.lseek(self._file.fileno(), position, os.SEEK_SET)
        self._sent = position - self._start

    def read(self, n: int = -1) -> bytes:
        """Return the next bytes, for a server that cannot have the kernel send them."""
        piece = self._body.content.read(n)
        self._sent += len(piece)
        return piece

    def close(self) -> None:
        """End the answer. Raises StorageUnavailable if the file was cut short meanwhile."""
        if self._tell is None:
            return
        try:
            is_short = os.fstat(self._file.fileno()).st_size < self._file.size
        finally:
            super().close()
        if is_short:
            raise StorageUnavailable("The file of the blob was cut short while it was sent.")
