"""A copy of a file while it is looked at: in memory while it is small, on the disk above that."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self, cast

from wheelyard_core.ports import StorageUnavailable


class Spool:
    """Takes a copy and gives it back. A disk that is full or away is an outage, as of a store."""

    def __init__(self, folder: Path | None, in_memory: int) -> None:
        self._copy = tempfile.SpooledTemporaryFile(  # noqa: SIM115  closed in __exit__
            in_memory, dir=None if folder is None else str(folder)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What a full disk did not take is tried again when it is closed.
        with suppress(OSError):
            self._copy.close()

    def write(self, piece: bytes) -> None:
        """Add to the copy."""
        with _outages():
            self._copy.write(piece)

    def rewound(self) -> BinaryIO:
        """Return the copy at its beginning."""
        with _outages():
            self._copy.seek(0)
        return cast("BinaryIO", self._copy)


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The spool folder failed: {error}") from error
