"""Accounts and their tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base, Document
from wheelyard_core.adapters.db.types import Id, Word
from wheelyard_core.domain.tokens import TokenKind


class User(Base):
    """An account: a person, or the bot behind a project access token."""

    __tablename__ = "users"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(255))
    username_key: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    # Lower case, as with names: one address belongs to one account.
    email_key: Mapped[str | None] = mapped_column(String(320), unique=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_bot: Mapped[bool] = mapped_column(default=False)
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Token(Base):
    """A secret's keyed digest and what it may do."""

    __tablename__ = "tokens"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[TokenKind] = mapped_column(Word(TokenKind))
    lookup: Mapped[str] = mapped_column(String(16), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    pepper: Mapped[str | None] = mapped_column(String(8))
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
