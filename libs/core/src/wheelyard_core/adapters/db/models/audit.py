"""Who did what."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base, Document
from wheelyard_core.adapters.db.types import Id, Word
from wheelyard_core.domain.audit import Action, AgentKind


class AuditEventRow(Base):
    """One act. No foreign keys: it outlives whom and what it tells of, but for its retention."""

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint("project_id IS NULL OR namespace_id IS NULL", name="one_place"),
        Index("ix_audit_events_project_id_id", "project_id", "id"),
        Index("ix_audit_events_namespace_id_id", "namespace_id", "id"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int | None] = mapped_column(BigInteger)
    namespace_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[Action] = mapped_column(Word(Action))
    agent_kind: Mapped[AgentKind] = mapped_column(Word(AgentKind))
    agent_name: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    token_name: Mapped[str | None] = mapped_column(String(255))
    package: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[str | None] = mapped_column(String(255))
    filename: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(Text)
    details: Mapped[Document]
    request_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
