"""Bodies of requests: what is wrong with one is a refusal, wherever it is read."""

from collections.abc import Iterable
from typing import Any

from gunicorn.http.errors import ParseException

from wheelyard_core.domain.errors import Broken
from wheelyard_web.watching import Wsgi


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
    """Return the application, which reads bodies by `Body`."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = Body(environ["wsgi.input"])
        return application(environ, start_response)

    return answer
