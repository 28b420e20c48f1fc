"""Where the database is."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wheelyard_core.adapters.db.engine import PoolSettings
from wheelyard_core.settings.forms import parse_count, parse_number, url_of
from wheelyard_core.settings.setting import Setting, Source

_DATABASE_URL: Final = Setting(
    "WHEELYARD_DATABASE_URL",
    url_of("postgresql", "postgresql+psycopg", "sqlite"),
    None,
    "The database: `postgresql://user@host:5432/name`, or `sqlite:///path` on one machine.",
    secret=True,
)
_DATABASE_PASSWORD: Final = Setting(
    "WHEELYARD_DATABASE_PASSWORD",
    str,
    "",
    "Its password when it is not in the address. A file is read again at each new connection.",
    secret=True,
)
_POOL_SIZE: Final = Setting(
    "WHEELYARD_DATABASE_POOL_SIZE", parse_count, "5", "Connections that a process keeps."
)
_POOL_OVERFLOW: Final = Setting(
    "WHEELYARD_DATABASE_POOL_OVERFLOW", parse_number, "10", "Connections that it may add."
)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is, and how many connections a process may hold."""

    url: str = field(repr=False)
    password: str = field(repr=False)
    password_file: Path | None
    pool: PoolSettings

    @classmethod
    def read(cls, source: Source) -> "DatabaseSettings":
        """Build from a source."""
        url = source.read(_DATABASE_URL) or "sqlite://"
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        return cls(
            url,
            source.read(_DATABASE_PASSWORD),
            source.file_of(_DATABASE_PASSWORD),
            PoolSettings(source.read(_POOL_SIZE), source.read(_POOL_OVERFLOW)),
        )
