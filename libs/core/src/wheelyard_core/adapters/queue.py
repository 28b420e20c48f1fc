"""Celery on Redis, as a way to tell workers that a row of the outbox is due.

The settings are those that were measured to survive a Redis that restarts, freezes or is emptied,
and workers that are killed. What Redis still loses, the sweep sends again.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any, Final

from celery import Celery
from celery.app.amqp import AMQP
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from wheelyard_core.adapters.redis_probe import probing_client
from wheelyard_core.adapters.transport import BrokerConnection
from wheelyard_core.domain.work import Promise, Task

QUEUE_OF: Final = {
    Task.VERIFY: "verify",
    Task.INDEX: "index",
    Task.DISCARD: "maintenance",
    Task.RECONCILE: "maintenance",
    Task.COLLECT: "maintenance",
}
TASK_NAME: Final = "wheelyard.{}"
_REST: Final = 2.0


class _Amqp(AMQP):  # type: ignore[misc]  # celery ships no types
    Connection = BrokerConnection


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is. It must not evict: `maxmemory-policy noeviction`."""

    url: str = field(repr=False)
    prefix: str = "wheelyard:"


def make_celery(settings: BrokerSettings, *, socket_timeout: float = 10) -> Celery:
    """Return the Celery application, for workers and for those who only send."""
    app = Celery("wheelyard", broker=settings.url, set_as_current=False, amqp=_Amqp)
    app.conf.update(
        # The row is claimed by lease and deleted with its effect: acknowledging late is safe.
        task_acks_late=True,
        # A child that the kernel kills would otherwise lose its message in silence.
        task_reject_on_worker_lost=True,
        # State is in the database; results in Redis would pile up for a day each.
        task_ignore_result=True,
        task_soft_time_limit=840,
        task_time_limit=870,
        # One message a child: a long verification must not hold others behind it.
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        # Against what leaks slowly; KiB, looked at between tasks.
        worker_max_tasks_per_child=500,
        worker_max_memory_per_child=300_000,
        worker_enable_soft_shutdown_on_idle=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        task_serializer="json",
        accept_content=["json"],
        # A typo in a queue's name is an error, not a message nobody reads.
        task_create_missing_queues=False,
        task_queues=[_queue(name) for name in sorted(set(QUEUE_OF.values()))],
        task_default_queue="maintenance",
        broker_connection_retry_on_startup=True,
        # The default gives up after 100 tries, and the worker exits.
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        task_publish_retry_policy={
            "max_retries": 1,
            "interval_start": 0.1,
            "interval_step": 0.2,
            "interval_max": 0.5,
        },
        broker_transport_options=_transport(settings, socket_timeout),
    )
    return app


def _transport(settings: BrokerSettings, socket_timeout: float) -> dict[str, Any]:
    return {
        # Longer than the hard time limit, or a task would run twice at once.
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "global_keyprefix": settings.prefix,
        "socket_connect_timeout": 2,
        # Without it a frozen Redis blocks for ever.
        "socket_timeout": socket_timeout,
        "socket_keepalive": True,
        "health_check_interval": 15,
    }


class CeleryQueue:
    """Sends hints. See Queue for the contract."""

    def __init__(self, settings: BrokerSettings) -> None:
        # A frozen broker costs three of it: the try, the connection, the second try.
        self._app = make_celery(settings, socket_timeout=1)
        self._settings = settings
        self._resting_until = 0.0
        self._is_away = False
        self._finding_out = Lock()

    def send(self, promised: Sequence[Promise]) -> bool:
        """Send the hints; False, soon, when the broker does not take them."""
        if not self._is_away:
            return self._send(promised)
        # One finds out whether it is back, after a rest; the others must not wait for that.
        if monotonic() < self._resting_until or not self._finding_out.acquire(blocking=False):
            return False
        try:
            return self._send(promised)
        finally:
            self._finding_out.release()

    def _send(self, promised: Sequence[Promise]) -> bool:
        try:
            for promise in promised:
                self._app.send_task(
                    TASK_NAME.format(promise.task.value),
                    args=[promise.message_id],
                    queue=QUEUE_OF[promise.task],
                )
        except (OperationalError, OSError):
            # Committed work must not wait for a broker that is away; the sweep sends it again.
            self._is_away, self._resting_until = True, monotonic() + _REST
            return False
        self._is_away = False
        return True

    def covered(self, waiting: Mapping[Task, int]) -> Collection[Task]:
        """Return the tasks in whose queues there are no fewer hints than rows that are *waiting*.

        None while the broker is away.
        """
        rows = Counter[str]()
        for task, number in waiting.items():
            rows[QUEUE_OF[task]] += number
        try:
            with probing_client(self._settings.url) as client:
                full = {
                    queue
                    for queue, number in rows.items()
                    if int(str(client.llen(self._settings.prefix + queue))) >= number
                }
        # Of an address that kombu reads and redis-py does not, the last two.
        except (RedisError, OSError, ValueError, TypeError):
            return []
        return [task for task in waiting if QUEUE_OF[task] in full]

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()


def _queue(name: str) -> KombuQueue:
    # An exchange each: queues that share one by default would each get every message.
    return KombuQueue(name, Exchange(name), routing_key=name)
