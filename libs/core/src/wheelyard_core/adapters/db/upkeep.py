"""What the database knows of blobs, in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import (
    BackupRow,
    BlobFinding,
    File,
    FileAttestations,
    UploadRow,
)
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.blob_keys import upload_of
from wheelyard_core.domain.catalogue import UploadStatus
from wheelyard_core.domain.upkeep import Finding, Found, KnownBlob

# So many keys go into one statement.
_BATCH: Final = 500
_ON_THEIR_WAY: Final = (UploadStatus.RECEIVING, UploadStatus.RECEIVED)
# Beyond the last hexadecimal digit, in any language's order.
_BEYOND: Final = "g"


class SqlReconciling:
    """What the database knows of blobs, and where the store disagrees."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, shard: str) -> Sequence[KnownBlob]:
        """Return the files whose blobs are in a shard, the trash included."""
        return self._files(
            select(File).where(
                File.sha256 >= shard, File.sha256 < shard + _BEYOND, File.purged_at.is_(None)
            )
        )

    def references(self, upload_ids: Collection[str]) -> set[str]:
        """Return which of these uploads have a file, or are still on their way."""
        asked, found = sorted(upload_ids), set[str]()
        for at in range(0, len(asked), _BATCH):
            some = asked[at : at + _BATCH]
            found |= set(
                self._session.scalars(
                    select(File.upload_id).where(File.upload_id.in_(some), File.purged_at.is_(None))
                )
            )
            found |= set(
                self._session.scalars(
                    select(UploadRow.id).where(
                        UploadRow.id.in_(some), UploadRow.status.in_(_ON_THEIR_WAY)
                    )
                )
            )
        return found

    def after(self, file_id: int, limit: int) -> Sequence[KnownBlob]:
        """Return files that are not deleted, in the order of their numbers."""
        query = select(File).where(File.id > file_id, File.deleted_at.is_(None))
        return self._files(query.order_by(File.id).limit(limit))

    def count_files(self) -> int:
        """Return how many files are not deleted."""
        query = select(func.count(File.id)).where(File.deleted_at.is_(None))
        return self._session.scalar(query) or 0

    def settle(self, prefix: str, found: Sequence[Found]) -> None:
        """Have *found* be all disagreements below *prefix*."""
        now = database_time(self._session)
        below = BlobFinding.blob_key.startswith(prefix, autoescape=True)
        known = {
            row.blob_key: row for row in self._session.scalars(select(BlobFinding).where(below))
        }
        for one in found:
            row = known.pop(one.blob_key, None) or self._session.get(BlobFinding, one.blob_key)
            if row is None:
                row = BlobFinding(blob_key=one.blob_key, state=one.state, found_at=now)
                self._session.add(row)
            elif row.state is not one.state:
                row.state, row.found_at = one.state, now
            row.file_id, row.seen_at = one.file_id, now
        for gone in known.values():
            self._session.delete(gone)

    def below(self, prefix: str) -> Sequence[Found]:
        """Return the disagreements below *prefix*."""
        below = BlobFinding.blob_key.startswith(prefix, autoescape=True)
        return [_found(row) for row in self._session.scalars(select(BlobFinding).where(below))]

    def findings(self, state: Finding | None, limit: int) -> Sequence[Found]:
        """Return disagreements, oldest first."""
        query = select(BlobFinding).order_by(BlobFinding.found_at, BlobFinding.blob_key)
        if state is not None:
            query = query.where(BlobFinding.state == state)
        return [_found(row) for row in self._session.scalars(query.limit(limit))]

    def counts(self) -> Mapping[Finding, int]:
        """Return how many disagreements of each state there are."""
        rows = self._session.execute(
            select(BlobFinding.state, func.count()).group_by(BlobFinding.state)
        )
        return dict.fromkeys(Finding, 0) | {Finding(state): count for state, count in rows}

    def of_digest(self, sha256: str) -> Sequence[KnownBlob]:
        """Return the files that are not deleted and have these bytes, or this metadata file."""
        same = or_(File.sha256 == sha256, File.metadata_sha256 == sha256)
        return self._files(select(File).where(same, File.deleted_at.is_(None)))

    def _files(self, query: Select[File]) -> Sequence[KnownBlob]:
        return [_known(row) for row in self._session.scalars(query)]


class SqlCollecting:
    """What may be thrown away."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def orphans(self, before: datetime, limit: int) -> Sequence[Found]:
        """Return blobs that were found before *before* to belong to nothing, oldest first."""
        query = select(BlobFinding).where(_orphaned(before)).order_by(BlobFinding.found_at)
        return [_found(row) for row in self._session.scalars(query.limit(limit))]

    def trash(self, before: datetime, limit: int) -> Sequence[KnownBlob]:
        """Return files that were deleted before *before* and still have bytes, oldest first."""
        query = select(File).where(*_deleted(before)).order_by(File.deleted_at, File.id)
        return [_known(row) for row in self._session.scalars(query.limit(limit))]

    def count(self, before: datetime) -> int:
        """Return how many of both there are."""
        orphans = select(func.count()).select_from(BlobFinding).where(_orphaned(before))
        trash = select(func.count(File.id)).where(*_deleted(before))
        return (self._session.scalar(orphans) or 0) + (self._session.scalar(trash) or 0)

    def purge(self, file_id: int, before: datetime) -> bool:
        """Note that the bytes of a deleted file go; False where they may not, or have gone."""
        purged = self._session.execute(
            update(File)
            .where(File.id == file_id, *_deleted(before))
            .values(purged_at=database_time(self._session))
            .returning(File.id)
        )
        if purged.first() is None:
            return False
        self._session.execute(delete(FileAttestations).where(FileAttestations.file_id == file_id))
        return True

    def forget(self, blob_key: str) -> bool:
        """Drop the finding of a blob that belongs to nothing; False where it belongs again."""
        self._session.execute(delete(BlobFinding).where(BlobFinding.blob_key == blob_key))
        upload_id = upload_of(blob_key)
        return not SqlReconciling(self._session).references({upload_id})

    def is_backing_up(self, since: datetime) -> bool:
        """Tell whether a backup began after *since* and has not ended."""
        ended = BackupRow.succeeded_at >= BackupRow.started_at
        unended = or_(BackupRow.succeeded_at.is_(None), ~ended)
        query = select(BackupRow.target).where(BackupRow.started_at > since, unended)
        return self._session.scalar(query.limit(1)) is not None


def _orphaned(before: datetime) -> ColumnElement[bool]:
    return (BlobFinding.state == Finding.ORPHAN) & (BlobFinding.found_at < before)


def _deleted(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return File.deleted_at < before, File.purged_at.is_(None)


def _known(row: File) -> KnownBlob:
    return KnownBlob(
        row.id,
        row.blob_key,
        row.sha256,
        row.size,
        row.metadata_sha256,
        is_deleted=row.deleted_at is not None,
    )


def _found(row: BlobFinding) -> Found:
    return Found(row.blob_key, row.state, row.file_id, row.found_at)
