"""Do promised work: claim its row, keep the lease while working, count what fails.

A message that fails by itself is offered again with growing pauses and set aside after
MAX_ATTEMPTS; one that fails because a dependency is away is offered again for as long as it takes,
the more rarely the longer that is.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final, TypeAlias

from wheelyard_core.domain.wording import printable
from wheelyard_core.domain.work import Claim, Task
from wheelyard_core.ports import (
    CacheUnavailable,
    Conflict,
    Database,
    DatabaseUnavailable,
    StorageUnavailable,
    TrustRootUnavailable,
)

MAX_ATTEMPTS: Final = 5
_RENEW_EVERY: Final = 5.0
_LONGEST_PAUSE: Final = 30.0
# For so long a database is waited for that went away during an attempt, so that it is not counted.
_GIVING_BACK: Final = 300.0
_TRY_AGAIN_EVERY: Final = 0.5
_LONGEST_ERROR: Final = 2_000
_OUTAGES: Final = (
    DatabaseUnavailable, StorageUnavailable, CacheUnavailable, TrustRootUnavailable, Conflict,
)  # fmt: skip

Handler: TypeAlias = Callable[[Claim], None]


class Outcome(StrEnum):
    """How doing a promise ended; the label of its metric."""

    SUCCESS = "success"
    SKIPPED = "skipped"
    RETRY = "retry"
    FAILURE = "failure"
    SET_ASIDE = "set_aside"


GiveUp: TypeAlias = Callable[[Claim, str], None]
Report: TypeAlias = Callable[[Claim, BaseException], None]


def run_promise(
    database: Database,
    handlers: Mapping[Task, Handler],
    message_id: int,
    give_up: GiveUp,
    report: Report,
) -> tuple[Outcome, Claim | None]:
    """Do the work of one row of the outbox, if it is still to be done and nobody is at it.

    A handler deletes the row in the transaction of its effect. *give_up* is told of a message
    before it is set aside, *report* of everything that went wrong.
    """
    with database.begin() as uow:
        claim = uow.outbox.claim(message_id)
        uow.commit()
    if claim is None:
        return Outcome.SKIPPED, None
    if claim.attempt > MAX_ATTEMPTS:
        # Its worker died each time, or it would have been set aside by now.
        _set_aside(database, claim, "The process that worked on it died each time", give_up)
        return Outcome.SET_ASIDE, claim
    try:
        with _kept_lease(database, claim):
            handlers[claim.task](claim)
    except _OUTAGES as outage:
        report(claim, outage)
        _forgive(database, claim, outage)
        return Outcome.RETRY, claim
    except SystemExit:
        # Told to stop in the middle, which is no fault of the message: others go on with it.
        with suppress(DatabaseUnavailable, Conflict):
            _release(database, claim, "The worker was told to stop", timedelta(0), forgive=True)
        raise
    except Exception as failure:  # noqa: BLE001  the outermost edge of a task
        report(claim, failure)
        if claim.attempt >= MAX_ATTEMPTS:
            _set_aside(database, claim, _described(failure), give_up)
            return Outcome.SET_ASIDE, claim
        pause = _pause(2.0**claim.attempt)
        _release(database, claim, _described(failure), pause, forgive=False)
        return Outcome.FAILURE, claim
    return Outcome.SUCCESS, claim


@contextmanager
def _kept_lease(database: Database, claim: Claim) -> Iterator[None]:
    """Renew the lease for as long as the work takes; a dead process stops renewing."""
    finished = Event()

    def renew() -> None:
        while not finished.wait(_RENEW_EVERY):
            try:
                with database.begin() as uow:
                    kept = uow.outbox.renew(claim.message_id, claim.attempt)
                    uow.commit()
            except (DatabaseUnavailable, Conflict):
                continue
            if not kept:
                return

    keeper = Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        finished.set()
        keeper.join()


def _forgive(database: Database, claim: Claim, outage: Exception) -> None:
    """Give the row back uncounted, when the database is there again.

    Without it there is nothing else to do; and a few outages would make any message look like
    one whose process died each time.
    """
    ends = monotonic() + _GIVING_BACK
    # What has waited for long may wait for half as long again.
    pause = _pause(max(2.0, claim.age / 2))
    while True:
        try:
            _release(database, claim, _described(outage), pause, forgive=True)
        except (DatabaseUnavailable, Conflict):
            if monotonic() >= ends:
                raise
            sleep(_TRY_AGAIN_EVERY)
        else:
            return


def _release(
    database: Database, claim: Claim, error: str, pause: timedelta, *, forgive: bool
) -> None:
    with database.begin() as uow:
        uow.outbox.release(claim, error, pause, forgive=forgive)
        uow.commit()


def _pause(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, _LONGEST_PAUSE) * random.uniform(0.5, 1.0))  # noqa: S311  jitter


def _set_aside(database: Database, claim: Claim, error: str, give_up: GiveUp) -> None:
    give_up(claim, error)
    with database.begin() as uow:
        uow.outbox.set_aside(claim.message_id, error)
        uow.commit()


def _described(error: BaseException) -> str:
    # An error may quote what no database takes: a NUL, half of a surrogate pair.
    return printable(f"{type(error).__name__}: {error}", _LONGEST_ERROR)
