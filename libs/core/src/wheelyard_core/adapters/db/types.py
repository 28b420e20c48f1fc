"""Column types that mean the same on PostgreSQL and SQLite."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself only in a column that is spelled INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")

# Elsewhere than in SQLite, which knows nothing else, a text is ordered by somebody's language.
ByBytes = String(1024).with_variant(String(1024, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive times: they mean another moment on every machine."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime has no meaning in the database")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A StrEnum stored as its text, so that adding a member is no schema change."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Store the text."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, _dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        return None if value is None else self.words(value)
