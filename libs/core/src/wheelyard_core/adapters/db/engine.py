"""Engines: PostgreSQL, or SQLite in WAL mode with honest transactions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_SNAPSHOT: Final = "wheelyard_snapshot"


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections a process may hold, and how long anything may wait for one."""

    size: int = 5
    overflow: int = 10
    timeout_seconds: int = 5
    statement_timeout_ms: int = 15_000
    lock_timeout_ms: int = 4_000


def make_engine(
    url: str, pool: PoolSettings, service: str, password: Callable[[], str | None] | None = None
) -> Engine:
    """Return an engine for *url* (`postgresql+psycopg://…` or `sqlite:///path`).

    *password* is asked at each new connection, so that a rotated secret needs no restart.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    # On one machine nothing of it is needed, nor the driver.
    from wheelyard_core.adapters.db.postgres import postgres_engine  # noqa: PLC0415

    return postgres_engine(parsed, pool, service, password)


def snapshot_engine(engine: Engine) -> Engine:
    """Return *engine* for reading: every statement of a transaction sees one moment."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_SNAPSHOT: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 15}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions by itself: it would begin them for reading.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once when another wrote in
        # between ("database is locked", whatever the time-out): writers take the lock first.
        reading = connection.get_execution_options().get(_SNAPSHOT, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
