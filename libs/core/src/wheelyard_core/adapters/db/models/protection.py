"""Who may push and delete what."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wheelyard_core.adapters.db.models.base import NEVER_AGAIN, Base
from wheelyard_core.adapters.db.types import Id


class ProtectionRuleRow(Base):
    """A rule of a project. `pattern_key` is the pattern as names are compared with it."""

    __tablename__ = "protection_rules"
    __table_args__ = (UniqueConstraint("project_id", "pattern_key"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    pattern: Mapped[str] = mapped_column(String(255))
    pattern_key: Mapped[str] = mapped_column(String(255))
    push_level: Mapped[int | None]
    delete_level: Mapped[int | None]
    created_at: Mapped[datetime]
