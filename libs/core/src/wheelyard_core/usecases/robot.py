"""What the robot that publishes and installs leaves for the metrics: when it last succeeded.

It ends after each run, so it is the database that remembers, and the scheduler that shows it: a
robot that does not run any more is noticed as one that fails is.
"""

from datetime import datetime
from typing import Final

from wheelyard_core.domain.operating import ScheduledJob
from wheelyard_core.ports import Database

ROBOT: Final = "robot"
# A third of what its alert allows.
_EVERY: Final = 300.0
_SINCE: Final = "since"


def note_success(database: Database, seconds: float) -> None:
    """Note that the robot did all it does."""
    with database.begin() as uow:
        uow.jobs.succeeded(ROBOT, _EVERY, seconds)
        uow.commit()


def note_failure(database: Database, error: str, now: datetime) -> None:
    """Note that it did not, and since when it tries if it never did."""
    with database.begin() as uow:
        before = uow.jobs.get(ROBOT)
        uow.jobs.failed(ROBOT, _EVERY, error)
        if before is None:
            uow.jobs.keep(ROBOT, {_SINCE: now.isoformat()})
        uow.commit()


def forget_robot(database: Database) -> None:
    """Have the metrics tell nothing of the robot, until it runs again."""
    with database.begin() as uow:
        uow.jobs.forget(ROBOT)
        uow.commit()


def last_success(job: ScheduledJob | None) -> datetime | None:
    """Return when the robot last succeeded; before that, since when it tries."""
    if job is None or job.succeeded_at is not None:
        return None if job is None else job.succeeded_at
    since = job.state.get(_SINCE)
    return datetime.fromisoformat(since) if isinstance(since, str) else None
