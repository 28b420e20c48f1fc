"""How the registry is operated, and what its upkeep found."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import Base, Document
from wheelyard_core.adapters.db.types import Word
from wheelyard_core.domain.operating import Mode
from wheelyard_core.domain.upkeep import Finding


class OperationRow(Base):
    """The only row says how the registry is operated; where it is missing, all is as ever."""

    __tablename__ = "operation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[Mode] = mapped_column(Word(Mode))
    reason: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime | None]
    epoch: Mapped[int]
    epoch_began_at: Mapped[datetime | None]


class SchemaCompatibility(Base):
    """The only row says how old the code may be that runs on this schema."""

    __tablename__ = "schema_compat"

    # A revision: code that was written for it, or for a later one, runs here.
    oldest_code: Mapped[str] = mapped_column(String(32), primary_key=True)


class ScheduledJobRow(Base):
    """Something done again and again."""

    __tablename__ = "scheduled_jobs"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    every_seconds: Mapped[float] = mapped_column(Float)
    started_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Document]


class BlobFinding(Base):
    """Where the database and the bucket disagree about a blob."""

    __tablename__ = "blob_findings"
    __table_args__ = (Index("ix_blob_findings_state_found_at", "state", "found_at"),)

    # As long as any store's keys are: an orphan may have any.
    blob_key: Mapped[str] = mapped_column(String(1024), primary_key=True)
    state: Mapped[Finding] = mapped_column(Word(Finding))
    # No foreign key: a finding outlives a file that is deleted with its project.
    file_id: Mapped[int | None] = mapped_column(BigInteger)
    # When it was found first, and when it was found again last.
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class BackupRow(Base):
    """What was backed up last, of each thing that is."""

    __tablename__ = "backups"

    target: Mapped[str] = mapped_column(String(32), primary_key=True)
    started_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    size: Mapped[int | None] = mapped_column(BigInteger)
