"""Attempts to publish."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import Base, Document
from wheelyard_core.adapters.db.types import Word
from wheelyard_core.domain.catalogue import UploadStatus


class UploadRow(Base):
    """One attempt to publish: the intent before the first byte, and in the end the verdict."""

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_status_updated_at", "status", "updated_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    # No foreign key: the intent outlives a project that is deleted meanwhile, so that the sweep
    # finds the bytes.
    project_id: Mapped[int] = mapped_column(BigInteger, index=True)
    filename: Mapped[str] = mapped_column(String(255))
    blob_key: Mapped[str] = mapped_column(String(255))
    status: Mapped[UploadStatus] = mapped_column(Word(UploadStatus))
    # The message by whose work a received file is decided about. No foreign key: it is deleted with
    # its effect.
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    errors: Mapped[list[str]]
    publisher: Mapped[Document]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
