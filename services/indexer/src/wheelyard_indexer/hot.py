"""The hot path: simple pages out of this process's memory, in front of Flask.

A hit is one look-up for the grant, one for the page, and a write. Whatever is not certain, from a
query to a name spelled otherwise, falls through to Flask, which decides, answers and remembers.
"""

from collections.abc import Callable, Iterable
from time import monotonic, perf_counter
from typing import Any, Final, NamedTuple, TypeAlias

from wheelyard_core.domain.access import Actor
from wheelyard_core.simple.negotiation import accepts_gzip, etag_matches, negotiate
from wheelyard_indexer.answers import Answer
from wheelyard_indexer.memory import GrantKey, Memory
from wheelyard_web.watching import Exchange, Origin

Environ: TypeAlias = dict[str, Any]
Wsgi: TypeAlias = Callable[..., Iterable[bytes]]


class Hit(NamedTuple):
    """A request that was answered from memory."""

    exchange: Exchange
    method: str
    form: str
    seconds: float


Observe: TypeAlias = Callable[[Hit], None]

PROJECT_ROUTE: Final = "/api/v4/projects/<path:reference>/packages/pypi"
ALIAS_ROUTE: Final = "/<path:reference>"
_SIMPLE: Final = "/simple"


def address_of(path: str) -> tuple[str, str] | None:
    """Return what comes before `/simple`, and the package, which is empty for the root.

    None for what is no simple page, and for the page of a package called `simple`, which may as
    well be the root of a project called so.
    """
    before, _, last = path.rstrip("/").rpartition("/")
    if before.endswith(_SIMPLE):
        return None if last == "simple" else (before[: -len(_SIMPLE)], last)
    return (before, "") if last == "simple" else None


def grant_key(environ: Environ, place: str) -> GrantKey:
    """Return what a decision depends on: the place, and every header that may carry a secret."""
    get = environ.get
    return (
        place,
        get("HTTP_AUTHORIZATION"),
        get("HTTP_PRIVATE_TOKEN"),
        get("HTTP_DEPLOY_TOKEN"),
        get("HTTP_JOB_TOKEN"),
    )


class HotPath:
    """A WSGI application that answers what *memory* has, and leaves the rest to another one."""

    def __init__(
        self,
        application: Wsgi,
        memory: Memory,
        observe: Observe,
        origin: Origin | None = None,
    ) -> None:
        self._application = application
        self._memory = memory
        self._observe = observe
        self._origin = origin or Origin(())

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer from memory, or as the application does."""
        began = perf_counter()
        address = address_of(environ["PATH_INFO"])
        found = None if address is None else self._answer(environ, address)
        if address is None or found is None:
            return self._application(environ, start_response)
        answer, actor = found
        request_id, client_ip = self._origin.of(environ)
        tied = ("X-Request-ID", request_id)
        status, body = 200, answer.body
        if etag_matches(environ.get("HTTP_IF_NONE_MATCH"), answer.etag):
            status, body = 304, b""
            # A copy: a server or another middleware may add to it.
            start_response("304 NOT MODIFIED", [*answer.headers_unchanged, tied])
        else:
            start_response("200 OK", [*answer.headers, tied])
        method = environ["REQUEST_METHOD"]
        if method == "HEAD":
            body = b""
        exchange = Exchange(request_id, client_ip, _route(*address), actor, status, len(body))
        self._observe(Hit(exchange, method, answer.form, perf_counter() - began))
        return [body] if body else []

    def _answer(
        self, environ: Environ, address: tuple[str, str]
    ) -> tuple[Answer, Actor | None] | None:
        place, package = address
        # First: what Redis has told by now is forgotten by now.
        if not self._memory.is_current() or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return None
        grant = self._memory.grant(grant_key(environ, place))
        if grant is None or grant.until <= monotonic() or environ.get("QUERY_STRING"):
            return None
        page = self._memory.page(grant.stem + package)
        if page is None:
            return None
        offer = negotiate(environ.get("HTTP_ACCEPT"), None)
        if offer is None:
            return None
        gzip = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING"))
        return page.answer(offer, gzip=gzip, public=grant.public), grant.actor


def _route(place: str, package: str) -> str:
    route = PROJECT_ROUTE if place.startswith("/api/v4/projects/") else ALIAS_ROUTE
    return f"{route}{_SIMPLE}/<package>" if package else f"{route}{_SIMPLE}"
