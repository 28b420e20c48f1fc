"""Promised work."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base, Document
from wheelyard_core.adapters.db.types import Id


class OutboxMessage(Base):
    """Work promised by a transaction. It is deleted by the transaction that does the work."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "set_aside_at", "not_before"),
        # A late message must never meet another row under the number of one that is done.
        NEVER_AGAIN,
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
