"""Bodies of requests: what is wrong with one is a refusal, wherever it is read."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Final

from gunicorn.http.errors import ParseException
from werkzeug.wsgi import ClosingIterator

from wheelyard_core.domain.errors import Broken
from wheelyard_web import reading
from wheelyard_web.watching import Wsgi

# A client that was answered early is still sending: reading on lets it see the answer.
_REST_BYTES: Final = 256 << 20


class Body:
    """The bytes that a client sends; those that do not come as announced are `Broken`."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def read(self, size: int = -1, /) -> bytes:
        """Return up to *size* bytes, and none at the end. Raises Broken."""
        try:
            read: bytes = self._raw.read(size)
        except ParseException as error:
            # Gunicorn's own, of a chunk that is none: neither an OSError nor a ValueError.
            raise Broken(f"The body is not in chunks, as its head says: {error}") from error
        except (OSError, ValueError) as error:
            raise Broken(
                "The connection broke in the middle of the request; send it again"
            ) from error
        return read


def with_sound_body(application: Wsgi) -> Wsgi:
    """Return the application, which reads bodies by `Body`, and what it left of one at the end.

    A connection that ends with bytes unread undoes its answer, and a proxy then makes one up.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"] = Body(environ["wsgi.input"])
        # Only a wait that has an end is waited, and granian gives none: its gateway reads on.
        if "gunicorn.socket" not in environ or not reading.announces_body(environ):
            return application(environ, start_response)
        return ClosingIterator(
            application(environ, start_response), partial(_read_on, environ, body)
        )

    return answer


def _read_on(environ: dict[str, Any], body: Body) -> None:
    deadline, left = monotonic() + reading.REST_SECONDS, _REST_BYTES
    reading.give(environ, reading.REST_SECONDS)
    with suppress(OSError, Broken):
        while left > 0 and monotonic() < deadline and (piece := body.read(64 << 10)):
            left -= len(piece)
