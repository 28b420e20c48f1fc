"""Repair, by hand: give a file its bytes back, out of a copy that somebody has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

from wheelyard_core.domain.upkeep import Finding, KnownBlob
from wheelyard_core.ports import BlobStore, Database

_WRONG: Final = (Finding.MISSING, Finding.CORRUPT)
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Mender:
    """Stores bytes again that are missing or corrupt, if the copy is what the database says."""

    database: Database
    blobs: BlobStore
    read: Callable[[Sequence[KnownBlob]], None]

    def __call__(self, copy: Path) -> list[str]:
        """Store *copy* wherever its bytes are missing or corrupt; return the blobs' keys."""
        digest = _digest(copy)
        with self.database.snapshot() as uow:
            wrong = {
                one.blob_key for state in _WRONG for one in uow.reconciling.findings(state, _MOST)
            }
            files = uow.reconciling.of_digest(digest)
            keys = [
                key
                for file in files
                for key, expected in file.digests.items()
                if expected == digest and key in wrong
            ]
        for key in keys:
            # Corrupt bytes first go: a blob under a key is never written over.
            self.blobs.delete(key)
            with copy.open("rb") as content:
                self.blobs.put(key, content, copy.stat().st_size)
        # Whether all is well now, only reading tells.
        self.read(files)
        return keys


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
