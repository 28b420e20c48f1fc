"""Where the database and the object store may disagree, and what may be thrown away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from wheelyard_core.domain.blob_keys import metadata_key

_HEX: Final = "0123456789abcdef"
_FEW: Final = 20_000


class Finding(StrEnum):
    """What is wrong with a blob: the database knows what the store has not, or the reverse."""

    MISSING = "missing"
    ORPHAN = "orphan"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class KnownBlob:
    """The blobs of a file, as the database knows it; a deleted one is in the trash."""

    file_id: int
    blob_key: str
    sha256: str
    size: int
    metadata_sha256: str | None
    is_deleted: bool

    @property
    def metadata_key(self) -> str:
        """The blob of the metadata file."""
        return metadata_key(self.blob_key)

    @property
    def digests(self) -> dict[str, str]:
        """The blobs that must be there, and the sha256 of each."""
        found = {self.blob_key: self.sha256}
        if self.metadata_sha256 is not None:
            found[self.metadata_key] = self.metadata_sha256
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """A disagreement, since when it is known, and the file whose blob it is."""

    blob_key: str
    state: Finding
    file_id: int | None = None
    found_at: datetime | None = None


def shards(files: int) -> Sequence[str]:
    """Return what sha256 digests begin with, in parts of which each fits into any memory."""
    if files < _FEW:
        return tuple(_HEX)
    return [first + second for first in _HEX for second in _HEX]
