"""What metrics show of a database: its pool, its errors by class, what the outbox holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from wheelyard_core.adapters.db.models import File, OutboxMessage, ProjectRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.catalogue import FileStatus
from wheelyard_core.domain.work import Task

# SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_CLASS_OF_STATE: Final = {
    "25006": "read_only",
    "40P01": "deadlock",
    "40001": "deadlock",
    "55P03": "timeout",
    "57014": "timeout",
}
_DISCONNECTS: Final = ("08", "53", "57")


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What is promised and not done. Times in seconds, 0 where there is nothing.

    `staleness` is the age of the oldest page that is promised, and maybe set aside.
    """

    pending: int
    oldest_age: float
    set_aside: int
    staleness: float


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the registry keeps for people."""

    files: int
    projects: int
    stored_bytes: int


def outbox_state(session: Session) -> OutboxState:
    """Count the outbox."""
    waits = OutboxMessage.set_aside_at.is_(None)
    created = func.min(OutboxMessage.created_at)
    pending, oldest, aside, page = session.execute(
        select(
            func.count().filter(waits),
            created.filter(waits),
            func.count().filter(~waits),
            created.filter(OutboxMessage.task == Task.INDEX.value),
        )
    ).one()
    now = database_time(session)

    def age(since: datetime | None) -> float:
        return 0.0 if since is None else max((now - since).total_seconds(), 0.0)

    return OutboxState(pending, age(oldest), aside, age(page))


def holdings(session: Session) -> Holdings:
    """Count files, projects and bytes."""
    files, size = session.execute(
        select(func.count(), func.coalesce(func.sum(File.size), 0)).where(
            File.status == FileStatus.PUBLISHED, File.deleted_at.is_(None)
        )
    ).one()
    projects = session.scalar(select(func.count(ProjectRow.id))) or 0
    return Holdings(files, projects, int(size))


def pool_state(engine: Engine) -> dict[str, int]:
    """Return the pool's connections by state; nothing where there is no such pool."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return {}
    # SQLAlchemy counts from minus the pool's size up while the pool fills.
    overflow = max(pool.overflow(), 0)
    return {
        "checked_out": pool.checkedout(),
        "idle": pool.checkedin(),
        "overflow": overflow,
        "limit": pool.size() + pool._max_overflow,  # noqa: SLF001  it has no public name
    }


def error_class(error: BaseException) -> str | None:
    """Return the class of a database's error, or None for an error of something else."""
    if isinstance(error, PoolTimeout):
        return "timeout"
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, IntegrityError):
        return "integrity"
    state = getattr(error.orig, "sqlstate", None)
    if state in _CLASS_OF_STATE:
        return _CLASS_OF_STATE[state]
    if "database is locked" in str(error.orig):
        # SQLite's own words: it waited for another writer in vain.
        return "timeout"
    lost = error.connection_invalidated or state is None or state[:2] in _DISCONNECTS
    return "disconnect" if lost and type(error).__name__ != "ProgrammingError" else "other"
