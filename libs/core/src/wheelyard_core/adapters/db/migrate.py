"""Bring the schema to this code's revision, by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from wheelyard_core.adapters.db.postgres import wait_as_long_as_it_takes
from wheelyard_core.adapters.db.schema import Fit, require_fit

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
# "wheelyard migrations", as a 64-bit number of nobody else's.
_LOCK: Final = 7_291_455_013_881


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration for one connection."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> Fit:
    """Bring the schema to this code's; safe to run by many at once, who then wait for the first.

    That of a later release stays as it is: a release that was rolled back does not know the way to
    it, and runs on it all the same. Raises SchemaTooLate where it must not.
    """
    with engine.connect() as connection, _nobody_else(connection):
        fit = require_fit(connection)
        if connection.dialect.name == "postgresql":
            # Alembic commits after each revision, but not in a transaction that it finds begun.
            connection.rollback()
        if fit is Fit.LATER:
            return fit
        command.upgrade(alembic_config(connection), "head")
    return Fit.SAME


@contextmanager
def _nobody_else(connection: Connection) -> Iterator[None]:
    """Have a connection for which all others that migrate wait."""
    if connection.dialect.name != "postgresql":
        # One transaction around all, and its lock before anything is read: Alembic would commit
        # after each revision, and go on from where another one may have gone on already.
        with connection.begin():
            yield
        return
    # The lock first and the time-outs afterwards, or the second one fails, not waits.
    wait_as_long_as_it_takes(connection)
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.execute(text("SET lock_timeout = '4s'"))
    # A migration that needs longer raises it itself, knowingly.
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    try:
        yield
        connection.commit()
    finally:
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
