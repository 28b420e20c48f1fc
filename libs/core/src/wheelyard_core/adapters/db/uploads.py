"""Uploads: the intent before the first byte, and the verdict after the last."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import File, OutboxMessage, Package, UploadRow
from wheelyard_core.adapters.db.publishers import from_document, to_document
from wheelyard_core.adapters.db.serials import UNSYNCHRONIZED
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.catalogue import FileStatus, Upload, UploadStatus

_FINISHED = (UploadStatus.PUBLISHED, UploadStatus.REJECTED, UploadStatus.FAILED)
_UPLOAD: Final = (
    select(UploadRow, OutboxMessage.leased_until)
    .outerjoin(OutboxMessage, OutboxMessage.id == UploadRow.message_id)
    .where(UploadRow.id == bindparam("upload"))
)
# Of an upload whose file is published and on its page in the cache.
_VISIBLE: Final = (
    select(File.id)
    .join(
        Package, (Package.project_id == File.project_id) & (Package.normalized == File.normalized)
    )
    .where(
        File.upload_id == bindparam("upload"),
        File.status == FileStatus.PUBLISHED,
        Package.indexed_serial >= File.published_serial,
    )
)


class SqlUploads:
    """The uploads of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: Upload) -> None:
        """Record the intent, so that a crash from here on leaves a trace to clean up by."""
        self._session.add(
            UploadRow(
                id=upload.id,
                project_id=upload.project_id,
                filename=upload.filename,
                blob_key=upload.blob_key,
                status=upload.status,
                errors=list(upload.errors),
                publisher=to_document(upload.publisher),
                created_at=upload.created_at,
                updated_at=upload.updated_at,
            )
        )

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload; a received one is being verified while its message is leased."""
        found = self._session.execute(_UPLOAD, {"upload": upload_id}).one_or_none()
        if found is None:
            return None
        row, leased_until = found
        upload = upload_of(row)
        if upload.status is not UploadStatus.RECEIVED or leased_until is None:
            return upload
        leased = leased_until > database_time(self._session)
        return replace(upload, status=UploadStatus.VERIFYING) if leased else upload

    def received(self, upload_id: str, message_id: int) -> None:
        """Note that the bytes are stored, and the message by whose work they are decided about."""
        self._session.execute(
            update(UploadRow)
            .where(UploadRow.id == upload_id)
            .values(
                status=UploadStatus.RECEIVED,
                message_id=message_id,
                updated_at=database_time(self._session),
            )
            .execution_options(**UNSYNCHRONIZED)
        )

    def settle(self, upload_id: str, status: UploadStatus, errors: Sequence[str] = ()) -> None:
        """Write the verdict about an upload."""
        self._session.execute(
            update(UploadRow)
            .where(UploadRow.id == upload_id)
            .values(status=status, errors=list(errors), updated_at=database_time(self._session))
            .execution_options(**UNSYNCHRONIZED)
        )

    def forget(self, upload_id: str) -> None:
        """Drop an upload that came to nothing."""
        self._session.execute(delete(UploadRow).where(UploadRow.id == upload_id))

    def is_visible(self, upload_id: str) -> bool:
        """Tell whether the upload's file is published and on its page in the cache."""
        return self._session.scalar(_VISIBLE, {"upload": upload_id}) is not None

    def abandoned(self, before: datetime, limit: int) -> Sequence[Upload]:
        """Return uploads that began before *before* and never got a row of their own."""
        rows = self._session.scalars(
            select(UploadRow)
            .where(UploadRow.status == UploadStatus.RECEIVING, UploadRow.updated_at < before)
            .order_by(UploadRow.updated_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [upload_of(row) for row in rows]

    def forget_finished(self, before: datetime) -> int:
        """Drop verdicts older than *before*; return how many there were."""
        gone = self._session.execute(
            delete(UploadRow)
            .where(UploadRow.status.in_(_FINISHED), UploadRow.updated_at < before)
            .returning(UploadRow.id)
        )
        return len(gone.all())


def upload_of(row: UploadRow) -> Upload:
    """Return an upload's row as a value."""
    return Upload(
        row.id,
        row.project_id,
        row.filename,
        row.blob_key,
        row.status,
        from_document(row.publisher),
        row.created_at,
        row.updated_at,
        tuple(row.errors),
    )
