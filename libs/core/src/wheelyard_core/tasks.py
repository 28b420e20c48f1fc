"""The Celery tasks: one for each kind of promise, all of them a claim and a handler.

The message carries the number of a row of the outbox and nothing else; what is true is read anew.
"""

import os
from collections.abc import Callable, Collection
from typing import Any

import structlog
from celery import Celery

from wheelyard_core.adapters.queue import TASK_NAME, make_celery
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.work import Claim, Task
from wheelyard_core.settings import Settings
from wheelyard_core.usecases.run_promise import run_promise

log = structlog.get_logger()


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
    registries = PerProcess(make)
    for task in tasks:
        name = TASK_NAME.format(task.value)
        app.task(_run(registries), name=name, shared=False)
    return app


def run_worker(app: Celery, queues: Collection[str], concurrency: int) -> None:
    """Work until told to stop."""
    app.Worker(
        queues=list(queues),
        concurrency=concurrency,
        loglevel="WARNING",
        # Workers have nothing to tell each other; gossip and mingle are start-up time and traffic.
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    ).start()


def _run(registries: PerProcess) -> Callable[[int], Any]:
    def run(message_id: int) -> None:
        registry = registries.get()
        outcome, claim = run_promise(
            registry.database, registry.handlers(), message_id, registry.give_up(), _report
        )
        if claim is not None:
            log.info(
                "task_done",
                task=claim.task.value,
                outcome=outcome.value,
                outbox_id=claim.message_id,
                attempt=claim.attempt,
                request_id=claim.request_id,
            )

    return run


def _report(claim: Claim, error: BaseException) -> None:
    log.warning(
        "task_failed",
        task=claim.task.value,
        outbox_id=claim.message_id,
        attempt=claim.attempt,
        error=f"{type(error).__name__}: {error}",
        exc_info=error,
    )
