"""Groups, personal namespaces and projects, and who has which role there."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base
from wheelyard_core.adapters.db.types import Id, Word
from wheelyard_core.domain.access import RegistryAccess, Visibility
from wheelyard_core.domain.attestations import AttestationPolicy
from wheelyard_core.domain.group_index import PackageOverlap


class Namespace(Base):
    """A group, or the personal namespace of a user; nested groups know their parent."""

    __tablename__ = "namespaces"
    __table_args__ = NEVER_AGAIN

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
    package_overlap: Mapped[PackageOverlap] = mapped_column(
        Word(PackageOverlap), default=PackageOverlap.MERGE
    )
    created_at: Mapped[datetime]


class ProjectRow(Base):
    """The tenant that owns an index. `serial` grows with every change below it."""

    __tablename__ = "projects"
    __table_args__ = NEVER_AGAIN

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
    release_open_hours: Mapped[int] = mapped_column(default=0)
    attestation_policy: Mapped[AttestationPolicy] = mapped_column(
        Word(AttestationPolicy), default=AttestationPolicy.OFF
    )
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
