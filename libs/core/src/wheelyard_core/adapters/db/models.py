"""The tables. Constraints keep the wrong state unwritable where the database can."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from wheelyard_core.adapters.db.types import Id, UtcDateTime, Word
from wheelyard_core.domain.access import RegistryAccess, Visibility
from wheelyard_core.domain.catalogue import FileStatus, UploadStatus
from wheelyard_core.domain.tokens import TokenKind

Document = dict[str, Any]
# SQLite would give the number of a deleted row to a new one: caches, published files and clients
# that remember the old one would take it for the other. PostgreSQL never does.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), Document: JSON(), list[str]: JSON()}  # noqa: RUF012  SQLAlchemy's own form


class User(Base):
    """An account: a person, or the bot behind a project access token."""

    __tablename__ = "users"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(255))
    username_key: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_bot: Mapped[bool] = mapped_column(default=False)
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Namespace(Base):
    """A group, or the personal namespace of a user; nested groups know their parent."""

    __tablename__ = "namespaces"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("namespaces.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(255))
    full_path: Mapped[str] = mapped_column(String(1024))
    # Lower case: paths are unique without regard to it.
    path_key: Mapped[str] = mapped_column(String(1024), unique=True)
    # Ids of this namespace and all above it, from the root: "/1/7/". One LIKE finds a whole tree.
    lineage: Mapped[str] = mapped_column(String(1024), index=True)
    visibility: Mapped[Visibility] = mapped_column(Word(Visibility))
    description: Mapped[str] = mapped_column(Text, default="")
    burn_filenames: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ProjectRow(Base):
    """The tenant that owns an index. `serial` grows with every change below it."""

    __tablename__ = "projects"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    namespace_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(255))
    full_path: Mapped[str] = mapped_column(String(1024))
    path_key: Mapped[str] = mapped_column(String(1024), unique=True)
    visibility: Mapped[Visibility] = mapped_column(Word(Visibility))
    registry_access: Mapped[RegistryAccess] = mapped_column(Word(RegistryAccess))
    description: Mapped[str] = mapped_column(Text, default="")
    burn_filenames: Mapped[bool] = mapped_column(default=False)
    serial: Mapped[int] = mapped_column(BigInteger, default=0)
    # The serial at which the set of listed names last changed: the root page's own.
    root_serial: Mapped[int] = mapped_column(BigInteger, default=0)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class Member(Base):
    """A role of an account in a project or a group."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("(namespace_id IS NULL) <> (project_id IS NULL)", name="one_place"),
        UniqueConstraint("user_id", "namespace_id"),
        UniqueConstraint("user_id", "project_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    namespace_id: Mapped[int | None] = mapped_column(ForeignKey("namespaces.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    access_level: Mapped[int]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Token(Base):
    """A secret's keyed digest and what it may do."""

    __tablename__ = "tokens"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[TokenKind] = mapped_column(Word(TokenKind))
    lookup: Mapped[str] = mapped_column(String(16), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    username: Mapped[str | None] = mapped_column(String(255))
    scopes: Mapped[list[str]]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    namespace_id: Mapped[int | None] = mapped_column(ForeignKey("namespaces.id"), index=True)
    # All rotations of one token share the family; re-use of a rotated one revokes it whole.
    family: Mapped[str] = mapped_column(String(36), index=True)
    # What a job token was asked for with: without it, or when it ends, the job token is worthless.
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("tokens.id", ondelete="CASCADE"), index=True
    )
    rotated_at: Mapped[datetime | None]
    job: Mapped[Document | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Package(Base):
    """A named thing in a project. `serial` is the project's at its last change."""

    __tablename__ = "packages"
    __table_args__ = (UniqueConstraint("project_id", "normalized"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    normalized: Mapped[str] = mapped_column(String(255))
    serial: Mapped[int] = mapped_column(BigInteger)
    # Up to which serial the page in the cache is known to be: what a waiting upload looks at.
    indexed_serial: Mapped[int] = mapped_column(BigInteger, default=0)
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
        _NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    version: Mapped[str] = mapped_column(String(255))
    version_key: Mapped[str] = mapped_column(String(255))
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
        Index("ix_files_project_id_filename", "project_id", "filename"),
        _NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"), index=True)
    upload_id: Mapped[str] = mapped_column(String(36), unique=True)
    filename: Mapped[str] = mapped_column(String(255))
    filetype: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(255))
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
    # None: not yanked; "": yanked without a reason.
    yanked: Mapped[str | None] = mapped_column(Text)
    quarantined_at: Mapped[datetime | None]
    publisher: Mapped[Document]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    # The package's serial that first listed this file.
    published_serial: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


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
    errors: Mapped[list[str]]
    publisher: Mapped[Document]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OutboxMessage(Base):
    """Work promised by a transaction. It is deleted by the transaction that does the work."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "set_aside_at", "not_before"),
        # A late message must never meet another row under the number of one that is done.
        _NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[Document]
    request_id: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    set_aside_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Heartbeat(Base):
    """When a periodic job last ran, by the database's clock; also facts of the instance."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    beaten_at: Mapped[datetime]
    detail: Mapped[Document]
