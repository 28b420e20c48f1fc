"""Celery's consumer, with a heartbeat.

It beats in the event loop, so a stuck loop is seen; and while the broker is away, when there is no
loop, at each attempt to reach it: an outage of the broker is no reason to restart workers.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

log = structlog.get_logger()

_BEAT_SECONDS: Final = 5.0


def beating_consumer(beat: Callable[[], None]) -> type[Consumer]:
    """Return a class of consumers that call *beat* every few seconds."""

    class BeatingConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
        def register_with_event_loop(self, hub: Any) -> None:
            beat()
            # The loop cancels it when the connection fails, and comes here again.
            hub.timer.call_repeatedly(_BEAT_SECONDS, beat)
            super().register_with_event_loop(hub)

        def ensure_connected(self, connection: Any) -> Any:
            def failed(error: Exception, pause: float) -> None:
                beat()
                log.warning("broker_away", error=str(error), next_try_seconds=pause)

            def waiting() -> None:
                beat()
                maybe_shutdown()

            # As Celery's own, without its settings to give up: they are not ours (queue.py).
            connected = connection.ensure_connection(failed, None, callback=waiting)
            self.first_connection_attempt = False
            self.broker_connection_retry_attempt = 0
            return connected

    return BeatingConsumer
