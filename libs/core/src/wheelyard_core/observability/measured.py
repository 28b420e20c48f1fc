"""Adapters that count and time what another adapter does."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Final, Self, TypeVar

import structlog

from wheelyard_core.domain.catalogue import StoredFile
from wheelyard_core.domain.group_index import Overlap
from wheelyard_core.domain.work import Promise, Task
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import (
    BinaryReader,
    BlobNotFound,
    BlobReader,
    BlobStore,
    CacheUnavailable,
    OpenFile,
    PageCache,
    Queue,
    Span,
    StorageUnavailable,
    Tracing,
)

T = TypeVar("T")

log = structlog.get_logger()

# Whether a page was built for the request at hand; counted in services/indexer/…/measuring.py.
page_built: Final[ContextVar[bool]] = ContextVar("page_built", default=False)


class MeasuredBlobStore:
    """A blob store whose requests are counted. See BlobStore for the contract."""

    def __init__(self, blobs: BlobStore, metrics: Metrics, tracing: Tracing) -> None:
        self._blobs = blobs
        self._metrics = metrics
        self._span = tracing.span

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        """Store everything *content* gives, or nothing."""
        with self._span(Span.BLOB_PUT), self._measured("put"):
            self._blobs.put(key, content, size)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BlobReader:
        """Return a reader of the blob."""
        with self._span(Span.BLOB_GET), self._measured("get"):
            reader = self._blobs.open(key, start, length)
        # A file is not wrapped: the kernel may send it, and its folder breaks nothing off.
        return reader if isinstance(reader, OpenFile) else _WatchedReader(reader, self._broke_off)

    def size(self, key: str) -> int:
        """Return the bytes in the blob."""
        with self._span(Span.BLOB_HEAD), self._measured("head"):
            return self._blobs.size(key)

    def delete(self, key: str) -> None:
        """Remove the blob."""
        with self._span(Span.BLOB_DELETE), self._measured("delete"):
            self._blobs.delete(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with *prefix*; its time includes that of its reader."""
        with self._measured("list"):
            yield from self._blobs.keys(prefix)

    def presigned_url(self, key: str, filename: str | None, seconds: int) -> str | None:
        """Return an address; nothing is asked, so nothing is counted."""
        return self._blobs.presigned_url(key, filename, seconds)

    def check(self) -> None:
        """Raise StorageUnavailable unless the store works."""
        self._blobs.check()

    def _broke_off(self) -> None:
        self._metrics.count("wheelyard_storage_requests_total", "get", "error")

    @contextmanager
    def _measured(self, operation: str) -> Iterator[None]:
        began, result = perf_counter(), "ok"
        try:
            yield
        except BlobNotFound:
            result = "missing"
            raise
        except StorageUnavailable:
            result = "error"
            raise
        except Exception:
            # The content refused to be stored: too large, another digest, a client that went away.
            result = "refused"
            raise
        finally:
            self._metrics.count("wheelyard_storage_requests_total", operation, result)
            self._metrics.observe(
                "wheelyard_storage_request_duration_seconds", perf_counter() - began, operation
            )


class _WatchedReader:
    """A reader that tells when its store breaks off, which comes after the request was counted."""

    def __init__(self, reader: BlobReader, broke_off: Callable[[], None]) -> None:
        self._reader = reader
        self._broke_off = broke_off

    @property
    def size(self) -> int:
        """Bytes in the whole blob."""
        return self._reader.size

    def read(self, n: int = -1, /) -> bytes:
        """Read on."""
        try:
            return self._reader.read(n)
        except StorageUnavailable:
            self._broke_off()
            raise

    def close(self) -> None:
        """Give back what reading holds."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MeasuredPageCache:
    """A page cache whose requests are counted. See PageCache for the contract."""

    def __init__(self, cache: PageCache, metrics: Metrics, tracing: Tracing) -> None:
        self._cache = cache
        self._metrics = metrics
        self._span = tracing.span

    def get(self, key: str) -> bytes | None:
        """Return a page, or None."""
        page = self._counted("get", lambda: self._cache.get(key))
        self._count("get", "miss" if page is None else "hit")
        return page

    def put(self, key: str, page: bytes) -> bytes:
        """Store the page unless a newer one is there."""
        with self._span(Span.PAGE_STORE):
            kept = self._counted("put", lambda: self._cache.put(key, page))
        self._count("put", "hit")
        return kept

    def head(self, key: str, length: int) -> bytes:
        """Return the first bytes of a page; none where there is no page."""
        head = self._counted("head", lambda: self._cache.head(key, length))
        self._count("head", "hit" if head else "miss")
        return head

    def drop(self, key: str) -> None:
        """Forget a page."""
        self._counted("drop", lambda: self._cache.drop(key))
        self._count("drop", "hit")

    def _counted(self, operation: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except CacheUnavailable:
            self._count(operation, "error")
            raise

    def _count(self, operation: str, result: str) -> None:
        self._metrics.count("wheelyard_cache_requests_total", operation, result)


class MeasuredQueue:
    """A queue whose hints are counted. See Queue for the contract."""

    def __init__(self, queue: Queue, metrics: Metrics, tracing: Tracing) -> None:
        self._queue = queue
        self._metrics = metrics
        self._span = tracing.span

    def send(self, promised: Sequence[Promise]) -> bool:
        """Send the hints; False, soon, when the broker does not take them."""
        with self._span(Span.QUEUE_SEND):
            sent = self._queue.send(promised)
        self._metrics.count(
            "wheelyard_outbox_dispatched_total", "sent" if sent else "failed", amount=len(promised)
        )
        return sent

    def covered(self, waiting: Mapping[Task, int]) -> Collection[Task]:
        """Return the tasks for which hints enough wait; nothing is sent, so nothing is counted."""
        return self._queue.covered(waiting)


def measured_rendering(metrics: Metrics, tracing: Tracing) -> Callable[[Callable[[], T]], T]:
    """Return what calls a builder of pages, and times it."""

    def build(make: Callable[[], T]) -> T:
        page_built.set(True)
        began = perf_counter()
        try:
            with tracing.span(Span.PAGE_RENDER):
                return make()
        finally:
            metrics.observe(
                "wheelyard_index_render_duration_seconds", perf_counter() - began, "all"
            )

    return build


def measured_overlap(metrics: Metrics) -> Callable[[Overlap], None]:
    """Return what counts a name that a second project of a group began to use, and tells of it."""

    def tell(overlap: Overlap) -> None:
        metrics.count("wheelyard_package_overlaps_total", overlap.policy.value)
        log.warning(
            "package_overlap",
            group=overlap.group,
            package=overlap.package,
            project=overlap.project,
            others=list(overlap.others),
            policy=overlap.policy.value,
        )

    return tell


def measured_attestations(metrics: Metrics) -> Callable[[StoredFile, tuple[str, ...]], None]:
    """Return what counts files that came with attestations, and tells of them."""

    def tell(file: StoredFile, problems: tuple[str, ...]) -> None:
        result = "refused" if problems else "verified"
        metrics.count("wheelyard_attested_files_total", result)
        log.info(
            "attestations_checked",
            result=result,
            project_id=file.project_id,
            filename=file.filename,
            publisher=file.publisher.name,
            problems=list(problems),
        )

    return tell
