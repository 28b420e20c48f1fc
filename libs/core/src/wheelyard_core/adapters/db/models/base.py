"""What all tables have in common."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, MetaData
from sqlalchemy.orm import DeclarativeBase

from wheelyard_core.adapters.db.types import UtcDateTime

Document = dict[str, Any]
# SQLite would give the number of a deleted row to a new one: caches, published files and clients
# that remember the old one would take it for the other. PostgreSQL never does.
NEVER_AGAIN = {"sqlite_autoincrement": True}


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
