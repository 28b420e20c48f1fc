"""Trusted publishing: whom projects trust, and what was used up."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base, Document
from wheelyard_core.adapters.db.types import Id


class TrustedPublisherRow(Base):
    """A rule of a project about the claims of an issuer's ID tokens. It never changes."""

    __tablename__ = "trusted_publishers"
    # Tokens that were minted by a rule remember its number.
    __table_args__ = (Index("ix_trusted_publishers_issuer_anchor", "issuer", "anchor"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    # A value that every matching token has, by which a rule is found among those of all projects.
    anchor: Mapped[str | None] = mapped_column(String(255))
    claims: Mapped[Document]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Spent(Base):
    """What was good and is no more, until it would be refused anyway.

    An ID token that an upload token was minted for, or a session that was ended.
    """

    __tablename__ = "spent_id_tokens"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)
