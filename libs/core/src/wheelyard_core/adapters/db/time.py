"""The clock that all replicas share."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def database_time(session: Session) -> datetime:
    """Return the database's present time: leases must not depend on a replica's own clock.

    SQLite has no clock of its own, and everybody who shares its file shares a machine.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    moment = session.scalar(select(func.clock_timestamp()))
    if not isinstance(moment, datetime):
        msg = "the database did not tell the time"
        raise TypeError(msg)
    return moment.astimezone(UTC)
