"""Bring the schema to a revision, by Alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from wheelyard_core.adapters.db.postgres import wait_as_long_as_it_takes

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
# "wheelyard migrations", as a 64-bit number of nobody else's.
_LOCK: Final = 7_291_455_013_881


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration for one connection."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to *revision*; safe to run by many at once, who then wait for the first."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # The lock first and the time-outs afterwards, or the second one fails, not waits.
            wait_as_long_as_it_takes(connection)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.execute(text("SET lock_timeout = '4s'"))
            # A migration that needs longer raises it itself, knowingly.
            connection.execute(text("SET statement_timeout = '60s'"))
            connection.commit()
        else:
            # One transaction around all, and its lock before anything is read: Alembic would commit
            # after each revision, and go on from where another one may have gone on already.
            connection.begin()
        try:
            command.upgrade(alembic_config(connection), revision)
            connection.commit()
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                connection.commit()
                # The session's settings must not go back to the pool.
                connection.invalidate()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
