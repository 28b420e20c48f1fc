"""The Celery tasks: one for each kind of promise, all of them a claim and a handler.

The message carries the number of a row of the outbox and nothing else; what is true is read anew.
"""

import os
import warnings
from collections.abc import Callable, Collection
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from celery import Celery, signals
from celery.apps import worker as worker_program
from celery.exceptions import SoftTimeLimitExceeded
from celery.utils.log import get_multiprocessing_logger

from wheelyard_core.adapters.consumer import beating_consumer
from wheelyard_core.adapters.queue import QUEUE_OF, TASK_NAME, make_celery
from wheelyard_core.bootstrap import Registry, make_registry, open_tracing
from wheelyard_core.domain.work import TRACEPARENT, WAITED, Claim, Task
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.heartbeat import Heartbeat
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.observability.sharing import SharedValues, prepare_folder
from wheelyard_core.operation import (
    open_endpoint,
    passing_health_checks,
    process_environment,
    start_logging,
)
from wheelyard_core.ports import Attributes, DatabaseUnavailable, Span, Tracing
from wheelyard_core.settings import Settings
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.run_promise import Handler, Outcome, run_promise

log = structlog.get_logger()


def work(settings: Settings, service: str, tasks: Collection[Task], reach: CrashPoint) -> None:
    """Do *tasks*, or those of them that the settings choose, until told to stop."""
    tasks = chosen(tasks, settings.worker_queues)
    redact = start_logging(settings, service)
    endpoint = open_endpoint(settings)
    folder = prepare_folder(process_environment(), service)
    parts = {Part.EACH, Part.TASKS, Part.AUDITED} | (
        {Part.RENDERING} if Task.INDEX in tasks else set()
    )
    mine = {"task": [task.value for task in tasks]}
    metrics = Metrics(service, parts, shared=True, only=mine, revision=settings.revision)
    heartbeat, queues = Heartbeat(), {QUEUE_OF[task] for task in tasks}
    show_heartbeat(metrics, heartbeat, queues)
    shared = SharedValues(folder, metrics.observed)
    checks = passing_health_checks(partial(make_registry, settings, f"{service}-health"))
    endpoint.serve(shared.exposition, checks, heartbeat.alive, redact)
    # A child that outlived its parent would keep the port from the next one.
    signals.worker_process_init.connect(lambda **_: endpoint.close(), weak=False)

    def make() -> Registry:
        # In a child: what sends spans is a thread, which a fork leaves behind.
        tracing = open_tracing(settings, service)
        signals.worker_process_shutdown.connect(lambda **_: tracing.close(), weak=False)
        return make_registry(settings, service, reach, metrics, tracing)

    app = make_worker(settings, make, tasks)
    run_worker(app, queues, settings.worker_concurrency, heartbeat)


def chosen(tasks: Collection[Task], queues: Collection[str]) -> list[Task]:
    """Return those of *tasks* that come by *queues*; all where none is named."""
    chosen = [task for task in tasks if not queues or QUEUE_OF[task] in queues]
    if not chosen:
        names = ", ".join(QUEUE_OF[task] for task in tasks)
        raise SystemExit(f"WHEELYARD_WORKER_QUEUES: this worker knows {names} only")
    return chosen


def show_heartbeat(metrics: Metrics, heartbeat: Heartbeat, queues: Collection[str]) -> None:
    """Show when the worker last lived, once for each queue that it consumes.

    By queue and not by program: one program may run as a group for each of its queues, and then
    the living of one group would hide that another is gone.
    """
    metrics.observed.add(
        "wheelyard_worker_heartbeat_timestamp_seconds",
        lambda: {(queue,): heartbeat.timestamp() for queue in queues},
    )


class PerProcess:
    """The registry of whichever process asks: connections do not survive a fork."""

    def __init__(self, make: Callable[[], Registry]) -> None:
        self._make = make
        self._made: tuple[int, Registry] | None = None

    def get(self) -> Registry:
        """Return this process's registry."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), self._make())
        return self._made[1]


def make_worker(
    settings: Settings, make: Callable[[], Registry], tasks: Collection[Task]
) -> Celery:
    """Return a Celery application that does *tasks*."""
    app = make_celery(settings.broker)
    # Together with REMAP_SIGTERM=SIGQUIT: finish what takes seconds, give back the rest.
    app.conf.worker_soft_shutdown_timeout = settings.drain_seconds
    registries = PerProcess(make)
    for task in tasks:
        name = TASK_NAME.format(task.value)
        app.task(_run(registries, task), name=name, shared=False)
    return app


def run_worker(
    app: Celery, queues: Collection[str], concurrency: int, heartbeat: Heartbeat
) -> None:
    """Work until told to stop."""
    # With a receiver Celery leaves logging as it is: what it says goes where all goes.
    signals.setup_logging.connect(_log_the_pool, weak=False)
    app.conf.worker_redirect_stdouts = False
    # Messages are JSON and run no code, whoever sends them; images run as another user.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    # What it prints when it is told to stop is no line of a log.
    worker_program.safe_say = _say
    app.Worker(
        queues=sorted(queues),
        concurrency=concurrency,
        consumer_cls=beating_consumer(heartbeat.beat),
        loglevel="WARNING",
        # Workers have nothing to tell each other; gossip and mingle are start-up time and traffic.
        without_gossip=True,
        without_mingle=True,
        # Nor does anybody hear their heartbeats. One that is sent while the broker is away is tried
        # for ever in a thread of its own, holding a lock that a worker waits for when it ends.
        without_heartbeat=True,
        quiet=True,
    ).start()


def _log_the_pool(**_: object) -> None:
    # It says which child was killed. Its logger is made when first asked for, and then keeps to
    # itself, so that logging would print bare sentences.
    get_multiprocessing_logger().propagate = True


def _say(message: str, _stream: object = None) -> None:
    log.info("celery", message=message)


class Attempt:
    """One try at a message: what of it is told and counted."""

    def __init__(self, task: Task, metrics: Metrics) -> None:
        self._task = task.value
        self._metrics = metrics
        self._began = perf_counter()
        self._timed_out = False

    def watching(self, handler: Handler, tracing: Tracing) -> Handler:
        """Return the handler, all of whose logs and spans say what they belong to."""

        def handle(claim: Claim) -> None:
            structlog.contextvars.bind_contextvars(
                request_id=claim.request_id, task=claim.task.value, outbox_id=claim.message_id
            )
            self._begin(claim)
            parent = claim.arguments.get(TRACEPARENT)
            with tracing.begin(Span(f"task.{claim.task}"), parent, **_about(claim)):
                handler(claim)

        return handle

    def _begin(self, claim: Claim) -> None:
        """Count what is known by now: an attempt whose process is killed has no end."""
        if claim.attempt == 1:
            queue = QUEUE_OF[claim.task]
            self._metrics.observe("wheelyard_task_queue_wait_seconds", claim.age, queue)
        else:
            self._count("wheelyard_task_redeliveries_total")

    def report(self, claim: Claim, error: BaseException) -> None:
        """Tell of what went wrong."""
        self._timed_out = isinstance(error, SoftTimeLimitExceeded)
        log.warning(
            "task_failed",
            task=claim.task.value,
            outbox_id=claim.message_id,
            request_id=claim.request_id,
            attempt=claim.attempt,
            error=f"{type(error).__name__}: {error}",
            exc_info=error,
        )

    def finish(self, outcome: Outcome, claim: Claim | None) -> None:
        """Tell and count how it ended."""
        if claim is None:
            self._count("wheelyard_tasks_total", "skipped")
            return
        seconds = perf_counter() - self._began
        self._count("wheelyard_tasks_total", self._label(outcome))
        self._metrics.observe("wheelyard_task_duration_seconds", seconds, self._task)
        if outcome is Outcome.SET_ASIDE:
            self._count("wheelyard_task_quarantined_total")
        if outcome is Outcome.SUCCESS and WAITED in claim.arguments:
            # What the file had waited when its page was promised, and what it waited for the page.
            waited = int(claim.arguments[WAITED]) / 1000 + claim.age + seconds
            self._metrics.observe("wheelyard_publish_duration_seconds", waited)
        log.info(
            "task_done",
            task=claim.task.value,
            outcome=outcome.value,
            outbox_id=claim.message_id,
            request_id=claim.request_id,
            attempt=claim.attempt,
            duration_ms=round(seconds * 1000, 3),
        )

    def postpone(self, outage: DatabaseUnavailable) -> None:
        """Tell of a message that could not even be claimed; the sweep brings it again."""
        self._count("wheelyard_tasks_total", "retry")
        log.warning("task_postponed", task=self._task, error=str(outage))

    def _label(self, outcome: Outcome) -> str:
        if self._timed_out:
            return "timeout"
        return "failure" if outcome is Outcome.SET_ASIDE else outcome.value

    def _count(self, name: str, *label_values: str) -> None:
        self._metrics.count(name, self._task, *label_values)


def _about(claim: Claim) -> Attributes:
    """Return what a span says of a claim; what it is about, as far as its arguments tell."""
    about: Attributes = {
        "request_id": claim.request_id,
        "outbox_id": claim.message_id,
        "attempt": claim.attempt,
    }
    if claim.task is Task.VERIFY:
        about["file_id"] = int(claim.arguments["file_id"])
    elif claim.task is Task.INDEX:
        about["project_id"] = int(claim.arguments["project_id"])
        about["package"] = str(claim.arguments["package"])
    return about


def _run(registries: PerProcess, task: Task) -> Callable[[int], Any]:
    def run(message_id: int) -> None:
        registry = registries.get()
        structlog.contextvars.clear_contextvars()
        attempt = Attempt(task, registry.metrics)
        handlers = {
            known: attempt.watching(handler, registry.tracing)
            for known, handler in registry.handlers().items()
        }
        try:
            outcome, claim = run_promise(
                registry.database, handlers, message_id, registry.give_up(), attempt.report
            )
        except DatabaseUnavailable as outage:
            attempt.postpone(outage)
        else:
            attempt.finish(outcome, claim)

    return run
