"""Gunicorn's threads, which stay with a connection whose next request comes at once."""

import select
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

_STAY_MILLISECONDS: Final = 10


class StayingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A thread worker that hands a connection back only when there is nothing to do on it.

    Gunicorn gives it to its main thread after each request, which takes three times as long as to
    answer one out of memory. While there are as many threads as connections, nobody waits for the
    thread that stays.
    """

    def handle(self, conn: Any) -> Any:
        """Answer requests of a connection, in one of the threads."""
        while True:
            result = super().handle(conn)
            if result is not True or not self._stays(conn):
                return result

    def _stays(self, conn: Any) -> bool:
        """Tell whether another request is there already, or in a moment."""
        if not self.alive or self.nr_conns > self.cfg.threads:
            return False
        if conn.parser.unreader.buf.getvalue():
            # The worker's own way looks after what was read ahead.
            return False
        arrivals = select.poll()
        arrivals.register(conn.sock, select.POLLIN)
        return bool(arrivals.poll(_STAY_MILLISECONDS))
