"""How an upload ended and where its time went, for the metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from time import perf_counter
from types import TracebackType
from typing import Self

from flask import Response

from wheelyard_core.domain.errors import FileAlreadyExists, RegistryError
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.observability.metrics import Metrics


class UploadWatch:
    """Watches one upload; used in a `with` around all that a permitted publisher's request does."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._filetype = "unknown"
        # Bytes are received and hashed while they are stored, a piece at a time.
        self._seconds = dict.fromkeys(("receive", "hash", "store", "commit"), 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if isinstance(error, FileAlreadyExists):
            self._count("conflict")
        elif isinstance(error, RegistryError):
            self._count("rejected")
        elif error is not None:
            self._count("error")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, without the stages inside of it."""
        inside, began = sum(self._seconds.values()), perf_counter()
        try:
            yield
        finally:
            spent = perf_counter() - began
            self._seconds[name] += spent - (sum(self._seconds.values()) - inside)

    def named(self, filename: DistributionFilename) -> None:
        """Learn what kind of file it is."""
        self._filetype = filename.filetype.value

    def received(self, size: int) -> None:
        """Count a file whose bytes are stored and whose row is written."""
        self._metrics.observe("wheelyard_upload_bytes", size, self._filetype)
        for name, seconds in self._seconds.items():
            self._metrics.observe("wheelyard_upload_stage_duration_seconds", seconds, name)

    def answered(self, response: Response) -> Response:
        """Count the upload by its answer, and return the answer."""
        match response.status_code:
            case HTTPStatus.OK:
                self._count("duplicate")
            case HTTPStatus.CREATED | HTTPStatus.ACCEPTED:
                self._count("accepted")
            case HTTPStatus.BAD_REQUEST:
                self._count("rejected")
            case _:
                self._count("error")
        return response

    def _count(self, result: str) -> None:
        self._metrics.count("wheelyard_uploads_total", result, self._filetype)
