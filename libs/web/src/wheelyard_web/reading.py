"""How long a client may take to send what it sends, and wait before it takes more of its answer.

Gunicorn's reader waits until a head, or as much of a body as it is asked for, is there, and a
time-out of the socket begins anew with every byte: whoever sends one now and then would keep a
thread for days. So one thread looks once a second who is late, and ends the reading. What came
until then is all that comes; the answer still goes out.
"""

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final

from wheelyard_web.watching import Wsgi

# Of the WSGI environment.
_GIVE: Final = "wheelyard.give_seconds"

HEAD_SECONDS: Final = 30.0
# All bodies but uploads are small.
BODY_SECONDS: Final = 60.0
# What comes of a body behind its answer.
REST_SECONDS: Final = 10.0
# The longest wait for a client that neither sends nor takes anything.
IDLE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 1.0


class ReadingTimes:
    """Until when each connection may be read from."""

    def __init__(self) -> None:
        self._ends: dict[socket.socket, float] = {}

    def watch(self) -> None:
        """Begin to look. Call it in the process that serves: threads do not fork."""
        Thread(target=self._look, name="reading-times", daemon=True).start()

    def give(self, connection: socket.socket, seconds: float) -> None:
        """Have reading from *connection* end so many seconds from now, whatever was said before."""
        self._ends[connection] = monotonic() + seconds

    def lift(self, connection: socket.socket) -> None:
        """Let *connection* be read from for as long as it takes."""
        self._ends.pop(connection, None)

    def end_late(self) -> None:
        """End the reading of whoever is late."""
        # A copy is made at once, whatever other threads do.
        for connection, ends in self._ends.copy().items():
            if monotonic() >= ends and self._ends.get(connection) == ends:
                self.lift(connection)
                # It may have been closed meanwhile.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)

    def _look(self) -> None:
        while True:
            sleep(_LOOK_SECONDS)
            self.end_late()

    def in_front_of(self, application: Wsgi) -> Wsgi:
        """Return the application, which gets requests whose head is there, and may `give`."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            connection = environ["gunicorn.socket"]
            if announces_body(environ):
                self.give(connection, BODY_SECONDS)
            else:
                self.lift(connection)
            environ[_GIVE] = partial(self.give, connection)
            body = application(environ, start_response)
            if isinstance(body, environ["wsgi.file_wrapper"]):
                # Python asks by itself whether more of a file can be sent, and asks for ever.
                connection.settimeout(IDLE_SECONDS)
            return body

        return answer


def bound_waits(connection: socket.socket) -> None:
    """Have no wait for the client be longer than IDLE_SECONDS; it fails as BlockingIOError then.

    By the kernel, which begins anew whenever something is sent or taken: a time-out of Python's is
    that of a whole answer, and costs a call before each read and write.
    """
    longest = struct.pack("ll", IDLE_SECONDS, 0)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, longest)


def announces_body(environ: dict[str, Any]) -> bool:
    """Tell whether a request has a body, by its head."""
    length = environ.get("CONTENT_LENGTH") or "0"
    return length != "0" or "HTTP_TRANSFER_ENCODING" in environ


def give(environ: dict[str, Any], seconds: float) -> None:
    """Have the rest of a request's body come within so many seconds from now, where we serve it."""
    if _GIVE in environ:
        environ[_GIVE](seconds)
