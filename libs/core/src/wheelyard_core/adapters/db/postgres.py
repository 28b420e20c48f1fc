"""The engine over PostgreSQL: every wait has an end, on the server and here."""

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from psycopg import Connection as PostgresConnection
from psycopg import OperationalError
from psycopg.abc import RV, PQGen
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from wheelyard_core.adapters.db.engine import PoolSettings

_READ_ONLY_SQL_TRANSACTION: Final = "25006"
_PING_SECONDS: Final = 2.0
# The server's own time-outs come first: their errors say what was wrong.
_GRACE: Final = 2.0
# How often a wait looks for Ctrl-C.
_LOOK_EVERY: Final = 0.1


class ImpatientConnection(PostgresConnection[Any]):
    """A connection that is lost when the server does not answer in time.

    The server's own time-outs are worth nothing when the server is frozen or its machine hangs:
    the kernel goes on acknowledging what we send, so no keep-alive notices either.
    """

    patience: float | None = None

    def wait(
        self, gen: PQGen[RV], interval: float = _LOOK_EVERY, timeout: float | None = None
    ) -> RV:
        """Wait for an answer for as long as a statement may take, and not for ever."""
        if timeout is None:
            # Nothing of ours runs in autocommit mode but the pool's question whether it lives.
            timeout = _PING_SECONDS if self.autocommit else self.patience
        began = monotonic()
        try:
            return super().wait(gen, interval, timeout)
        except OperationalError:
            if timeout is not None and monotonic() - began >= timeout:
                # An answer may still come, to a question that nobody remembers.
                self.pgconn.finish()
            raise


def wait_as_long_as_it_takes(connection: Connection) -> None:
    """Take every bound from a connection, on the server and here; it must not go back to a pool."""
    driver = connection.connection.driver_connection
    if isinstance(driver, ImpatientConnection):
        driver.patience = None
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SET statement_timeout = 0"))


def postgres_engine(
    url: URL, pool: PoolSettings, service: str, password: Callable[[], str | None] | None
) -> Engine:
    """Return an engine for *url*; *password* is asked at each new connection."""
    engine = create_engine(
        url,
        pool_size=pool.size,
        max_overflow=pool.overflow,
        pool_timeout=pool.timeout_seconds,
        pool_recycle=1800,
        pool_pre_ping=True,
        connect_args=_connect_args(pool, service),
        # An error is logged with its statement: the digests of tokens are nobody's to read there.
        hide_parameters=True,
    )
    event.listen(engine, "handle_error", _leave_a_demoted_primary)
    event.listen(engine, "checkin", _forget_the_snapshot)
    _connect_impatiently(engine, pool.statement_timeout_ms / 1000 + _GRACE, password)
    return engine


def _connect_args(pool: PoolSettings, service: str) -> dict[str, Any]:
    return {
        "connect_timeout": 3,
        "application_name": f"wheelyard-{service}",
        "options": (
            f"-c statement_timeout={pool.statement_timeout_ms}"
            f" -c lock_timeout={pool.lock_timeout_ms}"
            " -c idle_in_transaction_session_timeout=30000"
        ),
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # Behind PgBouncer in transaction mode a server-side prepared statement may be elsewhere.
        "prepare_threshold": None,
    }


def _leave_a_demoted_primary(context: ExceptionContext) -> None:
    """Treat "read-only transaction" as a lost connection.

    After a fail-over the old connection still answers `SELECT 1`, so `pool_pre_ping` keeps it and
    every write fails until the connection is dropped.
    """
    state = getattr(context.original_exception, "sqlstate", None)
    if state == _READ_ONLY_SQL_TRANSACTION:
        context.is_disconnect = True


def _forget_the_snapshot(connection: DBAPIConnection | None, _record: ConnectionPoolEntry) -> None:
    """Let the server decide again whether the connection may write.

    SQLAlchemy gives a connection that read a snapshot back as explicitly read-write. A standby
    refuses to begin such a transaction, by another error than "read-only".
    """
    if connection is not None and not connection.closed:
        connection.read_only = None


def _connect_impatiently(
    engine: Engine, patience: float, password: Callable[[], str | None] | None
) -> None:
    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Any, _record: Any, _args: list[Any], parameters: dict[str, Any]
    ) -> PostgresConnection[Any]:
        secret = None if password is None else password()
        if secret is not None:
            parameters["password"] = secret
        connection = ImpatientConnection.connect(**parameters)
        connection.patience = patience
        return connection
