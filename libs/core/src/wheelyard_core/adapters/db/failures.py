"""What went wrong with the database, in the words of the ports."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wheelyard_core.ports import DatabaseRefused, DatabaseUnavailable


def translated(error: DBAPIError | PoolTimeout) -> DatabaseUnavailable | DatabaseRefused:
    """Return what the port calls *error*."""
    if isinstance(error, DBAPIError) and not _is_outage(error):
        return DatabaseRefused(f"The database refuses what it was asked: {_words(error)}")
    return DatabaseUnavailable("The database does not answer")


def _words(error: DBAPIError) -> str:
    """Return what the driver says; never the statement, nor a row that is in its details."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "message_primary", None) or str(error.orig)


def _is_outage(error: DBAPIError) -> bool:
    """Tell a database that is away, overloaded or read-only from a statement that is wrong."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # No connection at all, or SQLite ("database is locked", "disk I/O error").
        return type(error).__name__ in {"OperationalError", "InterfaceError"}
    # Connection exception, insufficient resources, operator intervention, serialization failure,
    # deadlock, lock not available, read-only transaction.
    return state[:2] in {"08", "53", "57", "40"} or state in {"55P03", "25006"}
