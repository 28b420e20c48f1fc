"""Gunicorn's threads, which stay with a connection whose next request comes at once.

What gunicorn refuses by itself is refused in the words and the form of everything else.
"""

import select
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from wheelyard_web import reading
from wheelyard_web.errors import error_body, reason_of

_STAY_MILLISECONDS: Final = 10
_NO_REQUEST: Final = "This is no HTTP request that the registry understands"
_REFUSALS: Final[dict[type[ParseException], tuple[HTTPStatus, str]]] = {
    LimitRequestLine: (
        HTTPStatus.REQUEST_URI_TOO_LONG,
        "The address is too long: with its method it has at most 8190 bytes",
    ),
    LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "There are more than 100 headers, or one of them has more than 8190 bytes",
    ),
    ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "The only thing to expect is 100-continue",
    ),
    UnsupportedTransferCoding: (
        HTTPStatus.NOT_IMPLEMENTED,
        "The only transfer coding of a body is chunked",
    ),
    ParseException: (HTTPStatus.BAD_REQUEST, _NO_REQUEST),
}


class StayingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A thread worker that hands a connection back only when there is nothing to do on it.

    Gunicorn gives it to its main thread after each request, which takes three times as long as to
    answer one out of memory. While there are as many threads as connections, nobody waits for the
    thread that stays.
    """

    wsgi: Any

    def load_wsgi(self) -> None:
        """Load the application, to which a request comes when its head is there."""
        super().load_wsgi()
        self._times = reading.ReadingTimes()
        self._times.watch()
        self.wsgi = self._times.in_front_of(self.wsgi)

    def handle(self, conn: Any) -> Any:
        """Answer requests of a connection, in one of the threads."""
        if not conn.initialized:
            reading.bound_waits(conn.sock)
        while True:
            self._times.give(conn.sock, reading.HEAD_SECONDS)
            try:
                result = super().handle(conn)
            finally:
                self._times.lift(conn.sock)
            if result is not True or not self._stays(conn):
                break
        if not result and not _closed(conn):
            # Gunicorn's lingering is for who still sends: unread bytes undo the answer.
            conn.close(graceful=_readable(conn, 0))
        return result

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request; False ends the connection."""
        try:
            return super().handle_request(req, conn)
        except (TimeoutError, BlockingIOError):
            # The client took nothing of its answer for too long; its event tells how much it got.
            return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Go on with a connection, in the thread that accepts them, unless its own closed it.

        Gunicorn closes here, where it waits up to two seconds for the client to close: for so long
        nobody else would get in.
        """
        if _closed(conn):
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def _stays(self, conn: Any) -> bool:
        """Tell whether another request is there already, or in a moment."""
        if not self.alive or self.nr_conns > self.cfg.threads:
            return False
        if conn.parser.unreader.buf.getvalue():
            # The worker's own way looks after what was read ahead.
            return False
        return _readable(conn, _STAY_MILLISECONDS)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse what is no request, and leave the rest to gunicorn."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status, sentence = next(_REFUSALS[kind] for kind in type(exc).__mro__ if kind in _REFUSALS)
        self.log.warning("Not understood: %s", type(exc).__name__)
        body = error_body(status, sentence)
        lines = [
            f"HTTP/1.1 {status.value} {reason_of(sentence)}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        with suppress(OSError):
            write_nonblock(client, "\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def _readable(conn: Any, milliseconds: int) -> bool:
    arrivals = select.poll()
    arrivals.register(conn.sock, select.POLLIN)
    return bool(arrivals.poll(milliseconds))


def _closed(conn: Any) -> bool:
    closed: bool = conn.sock.fileno() == -1
    return closed
