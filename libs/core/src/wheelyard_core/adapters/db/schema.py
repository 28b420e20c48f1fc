"""The schema's version: migrate it, and tell whether this code and that schema fit."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select, text

from wheelyard_core.adapters.db.engine import wait_as_long_as_it_takes
from wheelyard_core.adapters.db.models import SchemaCompatibility

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


def head_revision() -> str:
    """Return the revision that this code was written for."""
    head = _scripts().get_current_head()
    if head is None:
        msg = "there are no migrations"
        raise RuntimeError(msg)
    return head


def is_compatible(engine: Engine) -> bool:
    """Tell whether this code runs on the database's schema.

    A revision that this code does not know is newer. Expanding migrations keep older code running,
    as a rolled-back image; a contracting one notes in `schema_compat` which code is too old. A
    schema that is behind is never compatible.
    """
    with engine.connect() as connection:
        tables = inspect(connection)
        if not tables.has_table("alembic_version"):
            return False
        current = MigrationContext.configure(connection).get_current_revision()
        noted = tables.has_table(SchemaCompatibility.__tablename__)
        oldest = connection.scalar(select(SchemaCompatibility.oldest_code)) if noted else None
    known = [script.revision for script in _scripts().walk_revisions()]
    if current in known:
        return current == known[0]
    return current is not None and (oldest is None or oldest in known)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
