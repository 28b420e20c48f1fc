"""The one entrance: a stream and its file name in, what is known about it or all problems out."""

from dataclasses import dataclass
from typing import BinaryIO

from wheelyard_core.domain.filenames import DistributionFilename, Filetype
from wheelyard_core.domain.metadata import CoreMetadata
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.sdist import verify_sdist
from wheelyard_core.formats.wheel import verify_wheel


@dataclass(frozen=True, slots=True)
class Verified:
    """A distribution that holds to its format; `metadata_bytes` are its METADATA, verbatim."""

    metadata: CoreMetadata
    metadata_bytes: bytes
    # Whether a resolver may rely on it: wheels always, sdists when it is static (PEP 643).
    metadata_available: bool


def verify(content: BinaryIO, filename: DistributionFilename, limits: ArchiveLimits) -> Verified:
    """Return what a distribution says, or raise `InvalidDistribution` with every problem.

    `content` must be seekable. It is read from its beginning to its end, in constant memory.
    """
    if filename.filetype is Filetype.WHEEL:
        metadata, metadata_bytes = verify_wheel(content, filename, limits)
        return Verified(metadata, metadata_bytes, metadata_available=True)
    metadata, metadata_bytes = verify_sdist(content, filename, limits)
    return Verified(metadata, metadata_bytes, metadata_available=metadata.is_static)
