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

from wheelyard_core.bootstrap import Registry, make_registry
from wheelyard_core.exporter import watch_service
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.heartbeat import Heartbeat
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.operation import (
    health_checks,
    open_endpoint,
    start_logging,
    watch_database,
)
from wheelyard_core.ports import Conflict, DatabaseUnavailable
from wheelyard_core.settings import Settings
from wheelyard_core.usecases.sweep import sweep_outbox

log = structlog.get_logger()

_CLEAN_EVERY: Final = 60.0
_FORGET_EVERY: Final = 3600.0
# How often it is looked whether a job of the workers' is due.
_LOOK_EVERY: Final = 60.0


@dataclass(slots=True)
class Job:
    """Something done again and again; `due` is on the monotonic clock."""

    name: str
    every: float
    run: Callable[[datetime], int]
    records: bool = True
    due: float = 0.0
    succeeded: float | None = None
    seconds: float | None = None


def jobs_of(registry: Registry) -> list[Job]:
    """Return what the scheduler does."""
    cleaner, reconciler = registry.cleaner(), registry.reconciler()
    collector = registry.collector()
    return [
        Job(
            "sweep_outbox",
            registry.settings.sweep_seconds,
            lambda _now: sweep_outbox(registry.database, registry.queue),
        ),
        # Workers do these, and note when they are done.
        Job("reconcile", _LOOK_EVERY, lambda _now: int(reconciler.plan()), records=False),
        Job("collect", _LOOK_EVERY, lambda _now: int(collector.plan()), records=False),
        Job("clean_uploads", _CLEAN_EVERY, cleaner.clean_uploads),
        Job("forget_verdicts", _FORGET_EVERY, cleaner.forget_verdicts),
        Job("forget_minted_tokens", _FORGET_EVERY, cleaner.forget_minted_tokens),
        Job("forget_audit_events", _FORGET_EVERY, cleaner.forget_audit_events),
    ]


def schedule(settings: Settings, stop: Event) -> None:
    """Be the scheduler, with logs and metrics, until *stop*."""
    redact = start_logging(settings, "scheduler")
    endpoint = open_endpoint(settings)
    parts = (Part.EACH, Part.SCHEDULER, Part.DATABASE)
    metrics = Metrics("scheduler", parts, revision=settings.revision)
    registry = make_registry(settings, "scheduler", metrics=metrics)
    watch_database(metrics, registry)
    watch_service(metrics, registry)
    heartbeat = Heartbeat()
    endpoint.serve(metrics.exposition, health_checks(registry), heartbeat.alive, redact)
    run_scheduler(registry, stop, heartbeat)


def run_scheduler(registry: Registry, stop: Event, heartbeat: Heartbeat) -> None:
    """Do every job when it is due, until *stop*. An outage costs a turn and nothing else."""
    jobs = jobs_of(registry)
    _show(registry.metrics, jobs, heartbeat)
    while not stop.is_set():
        heartbeat.beat()
        for job in jobs:
            if monotonic() >= job.due and not stop.is_set():
                _run(registry, job)
                job.due = monotonic() + job.every
        stop.wait(max(0.0, min(job.due for job in jobs) - monotonic()))


def _record(registry: Registry, job: Job, seconds: float) -> float:
    with registry.database.begin() as uow:
        ended = uow.jobs.succeeded(job.name, job.every, seconds)
        uow.commit()
    return ended.timestamp()


def _show(metrics: Metrics, jobs: list[Job], heartbeat: Heartbeat) -> None:
    add, jobs = metrics.observed.add, [job for job in jobs if job.records]
    add("wheelyard_beat_last_tick_timestamp_seconds", lambda: {(): heartbeat.timestamp()})
    add(
        "wheelyard_scheduled_job_last_success_timestamp_seconds",
        lambda: {(job.name,): job.succeeded for job in jobs if job.succeeded is not None},
    )
    add(
        "wheelyard_scheduled_job_interval_seconds", lambda: {(job.name,): job.every for job in jobs}
    )
    add(
        "wheelyard_scheduled_job_duration_seconds",
        lambda: {(job.name,): job.seconds for job in jobs if job.seconds is not None},
    )


def _run(registry: Registry, job: Job) -> None:
    began = monotonic()
    try:
        done = job.run(registry.now())
        if job.records:
            job.succeeded = _record(registry, job, monotonic() - began)
    except (DatabaseUnavailable, Conflict) as outage:
        log.warning("job_postponed", job=job.name, error=str(outage))
    except Exception:
        log.exception("job_failed", job=job.name)
    else:
        if done:
            log.info("job_done", job=job.name, count=done)
    finally:
        job.seconds = monotonic() - began
