"""Promised work: written with the business transaction, claimed by lease, counted, set aside.

Celery on Redis may lose a message or deliver it twice. This table is what makes that harmless: a
message is only a hint that a row is due, and the sweep sends the hint again until the row is gone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import OutboxMessage
from wheelyard_core.adapters.db.serials import UNSYNCHRONIZED
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.work import TRACEPARENT, Claim, Promise, SetAside, Task

# The dispatch after the commit comes first; the sweep takes what it lost.
_HEAD_START: Final = timedelta(seconds=4)
LEASE: Final = timedelta(seconds=20)
_ERROR_LENGTH: Final = 2_000


class SqlOutbox:
    """The outbox of one transaction."""

    def __init__(
        self, session: Session, request_id: str | None, traceparent: Callable[[], str | None]
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._traceparent = traceparent
        self.promised: list[Promise] = []

    def promise(self, task: Task, **arguments: str | int) -> int:
        """Have *task* done after this transaction has committed, not before; return its number."""
        traceparent = self._traceparent()
        if traceparent is not None:
            arguments[TRACEPARENT] = traceparent
        now = database_time(self._session)
        row = OutboxMessage(
            task=task.value,
            arguments=arguments,
            request_id=self._request_id,
            attempts=0,
            created_at=now,
            not_before=now + _HEAD_START,
        )
        self._session.add(row)
        self._session.flush()
        self.promised.append(Promise(row.id, task))
        return row.id

    def claim(self, message_id: int) -> Claim | None:
        """Lease the row, or return None where it is done, leased by another, or set aside."""
        now = database_time(self._session)
        row = self._session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id, OutboxMessage.set_aside_at.is_(None), _free(now))
            .values(
                attempts=OutboxMessage.attempts + 1,
                leased_until=now + LEASE,
                not_before=now + LEASE,
            )
            .returning(OutboxMessage)
            .execution_options(**UNSYNCHRONIZED)
        ).scalar_one_or_none()
        if row is None:
            return None
        age = max((now - row.created_at).total_seconds(), 0.0)
        return Claim(row.id, Task(row.task), row.arguments, row.attempts, age, row.request_id)

    def renew(self, message_id: int, attempt: int) -> bool:
        """Prolong the lease of *attempt*; False when somebody else has the row by now."""
        now = database_time(self._session)
        renewed = self._session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id, OutboxMessage.attempts == attempt)
            .values(leased_until=now + LEASE, not_before=now + LEASE)
            .returning(OutboxMessage.id)
        )
        return renewed.first() is not None

    def done(self, message_id: int) -> None:
        """Forget the row, in the transaction of its effect."""
        gone = delete(OutboxMessage).where(OutboxMessage.id == message_id)
        self._session.execute(gone.execution_options(**UNSYNCHRONIZED))

    def release(self, claim: Claim, error: str, wait: timedelta, *, forgive: bool) -> None:
        """Give the row back after a failure, due again after *wait*; nothing if another has it.

        *forgive* takes the attempt back: a dependency that is away makes no message poison.
        """
        now = database_time(self._session)
        self._session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == claim.message_id, OutboxMessage.attempts == claim.attempt)
            .values(
                attempts=OutboxMessage.attempts - int(forgive),
                leased_until=None,
                not_before=now + wait,
                last_error=error[:_ERROR_LENGTH],
            )
        )

    def set_aside(self, message_id: int, error: str) -> None:
        """Take a poison row out of the way; a person decides (`wheelyard-admin outbox`)."""
        now = database_time(self._session)
        self._session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id)
            .values(leased_until=None, set_aside_at=now, last_error=error[:_ERROR_LENGTH])
        )

    def waiting(self) -> Mapping[Task, int]:
        """Return how many rows of each task nobody works on, without what was set aside."""
        now = database_time(self._session)
        rows = self._session.execute(
            select(OutboxMessage.task, func.count())
            .where(OutboxMessage.set_aside_at.is_(None), _free(now))
            .group_by(OutboxMessage.task)
        )
        return {Task(task): number for task, number in rows}

    def due(self, limit: int, pause: timedelta, but: Collection[Task]) -> Sequence[Promise]:
        """Return rows that nobody works on, and do not offer them again before *pause* is over.

        Those of the tasks in *but* are left for another time.
        """
        now = database_time(self._session)
        rows = self._session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.set_aside_at.is_(None),
                OutboxMessage.not_before <= now,
                OutboxMessage.task.not_in([task.value for task in but]),
            )
            .order_by(OutboxMessage.not_before)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.not_before = now + pause
        return [Promise(row.id, Task(row.task)) for row in rows]

    def count_waiting(self) -> int:
        """Return how much is promised and not done, without what was set aside."""
        query = select(func.count(OutboxMessage.id)).where(OutboxMessage.set_aside_at.is_(None))
        return self._session.scalar(query) or 0

    def list_set_aside(self) -> Sequence[SetAside]:
        """Return the poison rows, oldest first."""
        rows = self._session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.set_aside_at.is_not(None))
            .order_by(OutboxMessage.id)
        )
        return [
            SetAside(row.id, Task(row.task), row.arguments, row.attempts, row.last_error or "")
            for row in rows
        ]

    def replay(self, message_id: int) -> bool:
        """Offer a poison row again with its attempts forgotten; False when there is none."""
        now = database_time(self._session)
        row = self._session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message_id, OutboxMessage.set_aside_at.is_not(None))
            .values(set_aside_at=None, attempts=0, not_before=now)
            .returning(OutboxMessage.task)
        ).scalar_one_or_none()
        if row is not None:
            self.promised.append(Promise(message_id, Task(row)))
        return row is not None


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < now)
