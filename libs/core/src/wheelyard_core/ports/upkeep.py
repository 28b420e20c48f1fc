"""What a transaction knows of blobs: which must be there, which are wrong, which may go."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.upkeep import Finding, Found, KnownBlob


class Reconciling(Protocol):
    """What the database knows of blobs, and where the store disagrees."""

    def known(self, shard: str) -> Sequence[KnownBlob]:
        """Return the files whose blobs are in a shard, the trash included."""
        ...

    def references(self, upload_ids: Collection[str]) -> set[str]:
        """Return which of these uploads have a file, or are still on their way."""
        ...

    def after(self, file_id: int, limit: int) -> Sequence[KnownBlob]:
        """Return files that are not deleted, in the order of their numbers."""
        ...

    def count_files(self) -> int:
        """Return how many files are not deleted."""
        ...

    def settle(self, prefix: str, found: Sequence[Found]) -> None:
        """Have *found* be all disagreements below *prefix*."""
        ...

    def below(self, prefix: str) -> Sequence[Found]:
        """Return the disagreements below *prefix*."""
        ...

    def findings(self, state: Finding | None, limit: int) -> Sequence[Found]:
        """Return disagreements, oldest first."""
        ...

    def counts(self) -> Mapping[Finding, int]:
        """Return how many disagreements of each state there are."""
        ...

    def of_digest(self, sha256: str) -> Sequence[KnownBlob]:
        """Return the files that are not deleted and have these bytes, or this metadata file."""
        ...


class Collecting(Protocol):
    """What may be thrown away."""

    def orphans(self, before: datetime, limit: int) -> Sequence[Found]:
        """Return blobs that were found before *before* to belong to nothing, oldest first."""
        ...

    def trash(self, before: datetime, limit: int) -> Sequence[KnownBlob]:
        """Return files that were deleted before *before* and still have bytes, oldest first."""
        ...

    def count(self, before: datetime) -> int:
        """Return how many of both there are."""
        ...

    def purge(self, file_id: int, before: datetime) -> bool:
        """Note that the bytes of a deleted file go; False where they may not, or have gone."""
        ...

    def forget(self, blob_key: str) -> bool:
        """Drop the finding of a blob that belongs to nothing; False where it belongs again."""
        ...

    def is_backing_up(self, since: datetime) -> bool:
        """Tell whether a backup began after *since* and has not ended."""
        ...
