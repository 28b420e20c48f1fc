"""Metrics of the service as a whole: one truth each, from the database and from the broker.

Every other metric is of one process. These are shown in one place, by the scheduler, so that a
scrape of many replicas asks the database once. What cannot be read is missing, and not 0.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias

from wheelyard_core.adapters.broker_state import queue_states
from wheelyard_core.adapters.db.watching import holdings, outbox_state
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.operating import Backup, ScheduledJob, Target
from wheelyard_core.observability.looking import Look
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.usecases.collect import COLLECT
from wheelyard_core.usecases.reconcile import RECONCILE, Progress
from wheelyard_core.usecases.robot import ROBOT, last_success

Values: TypeAlias = Mapping[tuple[str, ...], float]
Truths: TypeAlias = Mapping[str, Values]

# They are asked this often, however often metrics are scraped; counting files takes longer.
_REMEMBERED_SECONDS: Final = 5.0
_COUNTED_SECONDS: Final = 60.0

OUTBOX: Final = (
    "wheelyard_outbox_pending",
    "wheelyard_outbox_oldest_age_seconds",
    "wheelyard_outbox_set_aside",
    "wheelyard_index_staleness_seconds",
)
HOLDINGS: Final = ("wheelyard_files", "wheelyard_projects", "wheelyard_stored_bytes")
UPKEEP: Final = (
    "wheelyard_reconcile_objects",
    "wheelyard_reconcile_verified_objects",
    "wheelyard_reconcile_last_success_timestamp_seconds",
    "wheelyard_gc_candidates",
    "wheelyard_scheduled_job_last_success_timestamp_seconds",
    "wheelyard_scheduled_job_interval_seconds",
    "wheelyard_scheduled_job_duration_seconds",
    "wheelyard_backup_last_success_timestamp_seconds",
    "wheelyard_backup_last_duration_seconds",
    "wheelyard_backup_last_size_bytes",
    "wheelyard_restore_drill_last_success_timestamp_seconds",
)
ROBOTS: Final = ("wheelyard_synthetic_last_success_timestamp_seconds",)
BROKER: Final = ("wheelyard_queue_messages", "wheelyard_queue_oldest_unacked_age_seconds")


def watch_service(metrics: Metrics, registry: Registry) -> None:
    """Show what the outbox, the registry and the broker hold, and how its upkeep goes."""

    def outbox() -> Truths:
        with registry.database.snapshot() as uow:
            state = outbox_state(uow.session)
        values = (state.pending, state.oldest_age, state.set_aside, state.staleness)
        return {name: {(): float(value)} for name, value in zip(OUTBOX, values, strict=True)}

    def held() -> Truths:
        with registry.database.snapshot() as uow:
            found = holdings(uow.session)
        values = (found.files, found.projects, found.stored_bytes)
        return {name: {(): float(value)} for name, value in zip(HOLDINGS, values, strict=True)}

    def broker() -> Truths:
        messages: dict[tuple[str, ...], float] = {}
        ages: dict[tuple[str, ...], float] = {}
        for name, queue in queue_states(registry.settings.broker).items():
            messages[name, "ready"] = queue.ready
            messages[name, "unacked"] = queue.unacked
            ages[name,] = queue.oldest_unacked_age
        return dict(zip(BROKER, (messages, ages), strict=True))

    def upkeep() -> Truths:
        collector = registry.collector()
        with registry.database.snapshot() as uow:
            jobs = {job.name: job for job in uow.jobs.listed() if job.name in (RECONCILE, COLLECT)}
            counts = uow.reconciling.counts()
            candidates = uow.collecting.count(collector.before(uow.operating.now()))
            backups = uow.backups.listed()
        found: Values = {(state.value,): float(count) for state, count in counts.items()}
        return {
            "wheelyard_reconcile_objects": found,
            "wheelyard_gc_candidates": {(): float(candidates)},
            **_reconciled(jobs.get(RECONCILE)),
            **_scheduled(jobs.values()),
            **_backed_up(backups),
        }

    _show(metrics, ROBOTS, Look(partial(_robot, registry), keep=_REMEMBERED_SECONDS))
    _show(metrics, UPKEEP, Look(upkeep, keep=_COUNTED_SECONDS))
    _show(metrics, OUTBOX, Look(outbox, keep=_REMEMBERED_SECONDS))
    _show(metrics, HOLDINGS, Look(held, keep=_COUNTED_SECONDS))
    _show(metrics, BROKER, Look(broker, keep=_REMEMBERED_SECONDS))


def _robot(registry: Registry) -> Truths:
    with registry.database.snapshot() as uow:
        moment = last_success(uow.jobs.get(ROBOT))
    return {ROBOTS[0]: {} if moment is None else {(): moment.timestamp()}}


def _reconciled(job: ScheduledJob | None) -> Truths:
    verified: Values = {}
    succeeded: Values = {}
    if job is not None and job.succeeded_at is not None:
        verified = {(): float(Progress.of(job.state).verified)}
        succeeded = {(): job.succeeded_at.timestamp()}
    return {
        "wheelyard_reconcile_verified_objects": verified,
        "wheelyard_reconcile_last_success_timestamp_seconds": succeeded,
    }


def _scheduled(jobs: Iterable[ScheduledJob]) -> Truths:
    """Return what is known of the jobs that workers do for the scheduler."""
    known = list(jobs)
    return {
        "wheelyard_scheduled_job_interval_seconds": {(job.name,): job.every for job in known},
        "wheelyard_scheduled_job_last_success_timestamp_seconds": {
            (job.name,): job.succeeded_at.timestamp() for job in known if job.succeeded_at
        },
        "wheelyard_scheduled_job_duration_seconds": {
            (job.name,): job.seconds for job in known if job.seconds is not None
        },
    }


def _backed_up(backups: Iterable[Backup]) -> Truths:
    done = {one.target: one for one in backups if one.succeeded_at is not None}
    drill = done.pop(Target.RESTORE_DRILL, None)
    return {
        "wheelyard_backup_last_success_timestamp_seconds": {
            (target.value,): _moment(one) for target, one in done.items()
        },
        "wheelyard_backup_last_duration_seconds": {
            (target.value,): one.seconds or 0.0 for target, one in done.items()
        },
        "wheelyard_backup_last_size_bytes": {
            (target.value,): float(one.size or 0) for target, one in done.items()
        },
        "wheelyard_restore_drill_last_success_timestamp_seconds": (
            {} if drill is None else {(): _moment(drill)}
        ),
    }


def _moment(backup: Backup) -> float:
    return 0.0 if backup.succeeded_at is None else backup.succeeded_at.timestamp()


def _show(metrics: Metrics, names: tuple[str, ...], look: Look[Truths]) -> None:
    for name in names:
        metrics.observed.add(name, _one_of(look, name))


def _one_of(look: Look[Truths], name: str) -> Callable[[], Values]:
    return lambda: look()[name]
