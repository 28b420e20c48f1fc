"""How the registry is operated, and its upkeep, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import BackupRow, OperationRow, ScheduledJobRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.operating import Backup, Mode, Operation, ScheduledJob, Target

_ONLY: Final = 1
# In a job's state: until when somebody is at it.
_LEASED: Final = "leased_until"
_ERROR_LENGTH: Final = 2_000
# A job is due a little early: whoever asks for it is never there just in time.
_EARLY: Final = 0.9


class SqlOperating:
    """How the registry is operated."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> Operation:
        """Return how it is operated."""
        row = self._session.get(OperationRow, _ONLY)
        if row is None:
            return Operation()
        return Operation(row.mode, row.reason, row.changed_at, row.epoch, row.epoch_began_at)

    def set_mode(self, mode: Mode, reason: str | None) -> None:
        """Have this mode hold, for everybody, from the commit on."""
        row = self._locked()
        row.mode, row.reason = mode, reason
        row.changed_at = database_time(self._session)

    def begin_epoch(self) -> int:
        """Have everything that was decided before count no more; return the new epoch."""
        row = self._locked()
        row.epoch += 1
        row.epoch_began_at = database_time(self._session)
        return row.epoch

    def _locked(self) -> OperationRow:
        row = self._session.get(OperationRow, _ONLY, with_for_update=True)
        if row is None:
            usual = Operation()
            row = OperationRow(id=_ONLY, mode=usual.mode, epoch=usual.epoch)
            self._session.add(row)
            self._session.flush()
        return row


class SqlBackups:
    """What was backed up."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, target: Target) -> None:
        """Note that a backup begins: nothing is thrown away until it has ended."""
        self._locked(target).started_at = database_time(self._session)

    def succeeded(self, target: Target, seconds: float, size: int) -> None:
        """Note that it has ended well."""
        row = self._locked(target)
        row.succeeded_at = database_time(self._session)
        row.duration_seconds, row.size = seconds, size

    def gave_up(self, target: Target) -> None:
        """Note that it has ended otherwise."""
        self._locked(target).started_at = None

    def listed(self) -> Sequence[Backup]:
        """Return the last backup of everything that ever was."""
        rows = self._session.scalars(select(BackupRow).order_by(BackupRow.target))
        return [
            Backup(
                Target(row.target), row.started_at, row.succeeded_at, row.duration_seconds, row.size
            )
            for row in rows
        ]

    def _locked(self, target: Target) -> BackupRow:
        row = self._session.get(BackupRow, target.value, with_for_update=True)
        if row is None:
            row = BackupRow(target=target.value)
            self._session.add(row)
            self._session.flush()
        return row


class SqlJobs:
    """The scheduled jobs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> ScheduledJob | None:
        """Return a job, as far as it ever ran."""
        row = self._session.get(ScheduledJobRow, name)
        return None if row is None else _job(row)

    def listed(self) -> Sequence[ScheduledJob]:
        """Return all of them, by name."""
        rows = self._session.scalars(select(ScheduledJobRow).order_by(ScheduledJobRow.name))
        return [_job(row) for row in rows]

    def begin(self, name: str, every: float) -> bool:
        """Note that a job begins, if it is due; of two schedulers that ask, one is told so."""
        row, now = self._locked(name, every), database_time(self._session)
        last = row.started_at
        if last is not None and now - last < timedelta(seconds=every * _EARLY):
            return False
        row.started_at = now
        return True

    def succeeded(self, name: str, every: float, seconds: float) -> datetime:
        """Note that a job was done; return when."""
        row, now = self._locked(name, every), database_time(self._session)
        row.succeeded_at, row.duration_seconds, row.error = now, seconds, None
        return now

    def failed(self, name: str, every: float, error: str) -> None:
        """Note why a job was not done."""
        self._locked(name, every).error = error[:_ERROR_LENGTH]

    def lease(self, name: str, every: float, period: timedelta) -> bool:
        """Keep others from a job for a period; False where another keeps us from it.

        A period of nothing gives the lease back.
        """
        row, now = self._locked(name, every), database_time(self._session)
        until = row.state.get(_LEASED)
        if period and until is not None and datetime.fromisoformat(until) > now:
            return False
        row.state = {**row.state, _LEASED: (now + period).isoformat()}
        return True

    def forget(self, name: str) -> None:
        """Have a job as if it had never run."""
        self._session.execute(delete(ScheduledJobRow).where(ScheduledJobRow.name == name))

    def keep(self, name: str, state: Mapping[str, object]) -> None:
        """Keep what a job that ran wants to know when it runs again."""
        self._session.get_one(ScheduledJobRow, name).state = dict(state)

    def _locked(self, name: str, every: float) -> ScheduledJobRow:
        row = self._session.get(ScheduledJobRow, name, with_for_update=True)
        if row is None:
            row = ScheduledJobRow(name=name, every_seconds=every, state={})
            self._session.add(row)
            self._session.flush()
        row.every_seconds = every
        return row


def _job(row: ScheduledJobRow) -> ScheduledJob:
    return ScheduledJob(
        row.name,
        row.every_seconds,
        row.started_at,
        row.succeeded_at,
        row.duration_seconds,
        row.error,
        row.state,
    )
