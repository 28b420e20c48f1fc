"""The clock that all replicas share."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_ASKED: Final = "wheelyard_time"
_CLOCK: Final = select(func.clock_timestamp())


def database_time(session: Session) -> datetime:
    """Return the database's time: leases must not depend on a replica's own clock.

    It is asked once a transaction, for which a session is made: an upload asked ten times.
    """
    asked = session.info.get(_ASKED)
    if not isinstance(asked, datetime):
        asked = session.info[_ASKED] = _ask(session)
    return asked


def _ask(session: Session) -> datetime:
    """Return the present time. SQLite has no clock, and who shares its file shares a machine."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    moment = session.scalar(_CLOCK)
    if not isinstance(moment, datetime):
        raise TypeError("the database did not tell the time")
    return moment.astimezone(UTC)
