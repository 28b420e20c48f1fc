"""What projects hold: packages, their releases, and the files of these."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base, Document
from wheelyard_core.adapters.db.types import ByBytes, Id, Word
from wheelyard_core.domain.catalogue import FileStatus
from wheelyard_core.domain.standing import PackageStatus


class Package(Base):
    """A named thing in a project. `serial` is the project's at its last change."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("project_id", "normalized"),
        # A group asks who has a name.
        Index("ix_packages_normalized", "normalized"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    normalized: Mapped[str] = mapped_column(String(255))
    serial: Mapped[int] = mapped_column(BigInteger)
    # Up to which serial the page in the cache is known to be: what a waiting upload looks at.
    indexed_serial: Mapped[int] = mapped_column(BigInteger, default=0)
    status: Mapped[PackageStatus] = mapped_column(Word(PackageStatus), default=PackageStatus.ACTIVE)
    status_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Release(Base):
    """A package at one version: what GitLab's API calls a package."""

    __tablename__ = "releases"
    __table_args__ = (
        Index(
            "uq_releases_package_id_version_key_alive",
            "package_id",
            "version_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    version: Mapped[str] = mapped_column(String(255))
    version_key: Mapped[str] = mapped_column(String(255))
    # Sorts as PEP 440 does, and by its bytes on every database.
    version_order: Mapped[str] = mapped_column(ByBytes)
    is_prerelease: Mapped[bool]
    # As a file's: what a file that is published into the release begins with.
    yanked: Mapped[str | None] = mapped_column(Text)
    publisher: Mapped[Document]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class File(Base):
    """A wheel or sdist. Only a published one belongs to a release; a deleted one keeps its row."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint(
            "status <> 'published' OR release_id IS NOT NULL", name="published_has_release"
        ),
        Index(
            "uq_files_project_id_filename_alive",
            "project_id",
            "filename",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        Index("ix_files_project_id_normalized", "project_id", "normalized"),
        Index(
            "ix_files_normalized_waiting",
            "normalized",
            postgresql_where=text("status = 'received'"),
            sqlite_where=text("status = 'received'"),
        ),
        Index("ix_files_project_id_filename", "project_id", "filename"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"), index=True)
    upload_id: Mapped[str] = mapped_column(String(36), unique=True)
    filename: Mapped[str] = mapped_column(String(255))
    filetype: Mapped[str] = mapped_column(String(16))
    normalized: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(255))
    version_key: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    md5: Mapped[str] = mapped_column(String(32))
    blake2b: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(255))
    status: Mapped[FileStatus] = mapped_column(Word(FileStatus))
    requires_python: Mapped[str | None] = mapped_column(Text)
    metadata_sha256: Mapped[str | None] = mapped_column(String(64))
    metadata_size: Mapped[int | None]
    attested: Mapped[bool] = mapped_column(default=False)
    # None: not yanked; "": yanked without a reason.
    yanked: Mapped[str | None] = mapped_column(Text)
    # Whenever its package is quarantined, and never else.
    quarantined_at: Mapped[datetime | None]
    publisher: Mapped[Document]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    # The package's serial that first listed this file.
    published_serial: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # When the bytes of a deleted file went, too.
    purged_at: Mapped[datetime | None]


class FileMetadata(Base):
    """What pages for people need of a file's core metadata, out of the way of the simple pages."""

    __tablename__ = "file_metadata"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    summary: Mapped[str | None] = mapped_column(Text)
    license_expression: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    description_content_type: Mapped[str | None] = mapped_column(Text)
    document: Mapped[Document]


class FileAttestations(Base):
    """The attestations that came with a file: verified once it is published."""

    __tablename__ = "file_attestations"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    # JSON as it came, which is signed in places and queried nowhere.
    document: Mapped[str] = mapped_column(Text)
