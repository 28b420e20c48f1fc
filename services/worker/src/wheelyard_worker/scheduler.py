"""The scheduler: sweeps the outbox every few seconds and clears up every few minutes.

It is a loop and not Celery's beat: the sweep exists because the broker loses messages, so it must
not travel through the broker itself (docs/decisions/0005-own-scheduler.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Final

import structlog

from wheelyard_core.bootstrap import Registry
from wheelyard_core.ports import Conflict, DatabaseUnavailable, StorageUnavailable
from wheelyard_core.usecases.sweep import sweep_outbox

log = structlog.get_logger()

_CLEAN_EVERY: Final = 60.0
_FORGET_EVERY: Final = 3600.0


@dataclass(slots=True)
class Job:
    """Something done again and again; `due` is on the monotonic clock."""

    name: str
    every: float
    run: Callable[[datetime], int]
    due: float = 0.0


def jobs_of(registry: Registry) -> list[Job]:
    """Return what the scheduler does."""
    cleaner = registry.cleaner()
    return [
        Job(
            "sweep_outbox",
            registry.settings.sweep_seconds,
            lambda _now: sweep_outbox(registry.database, registry.queue),
        ),
        Job("clean_uploads", _CLEAN_EVERY, cleaner.clean_uploads),
        Job("forget_verdicts", _FORGET_EVERY, cleaner.forget_verdicts),
    ]


def run_scheduler(registry: Registry, stop: Event) -> None:
    """Do every job when it is due, until *stop*. An outage costs a turn and nothing else."""
    jobs = jobs_of(registry)
    while not stop.is_set():
        for job in jobs:
            if monotonic() >= job.due and not stop.is_set():
                _run(job, registry.now())
                job.due = monotonic() + job.every
        stop.wait(max(0.0, min(job.due for job in jobs) - monotonic()))


def _run(job: Job, now: datetime) -> None:
    try:
        done = job.run(now)
    except (DatabaseUnavailable, StorageUnavailable, Conflict) as outage:
        log.warning("job_postponed", job=job.name, error=str(outage))
    except Exception:
        log.exception("job_failed", job=job.name)
    else:
        if done:
            log.info("job_done", job=job.name, count=done)
