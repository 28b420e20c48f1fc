"""The hot path: pages and files out of what this process remembers, in front of Flask.

A hit is one look-up for the grant, one for the page or the file, and a write. Whatever is not
certain, from a query to a name spelled otherwise, falls through to Flask, which decides, answers
and remembers.
"""

from collections.abc import Callable, Iterable
from time import monotonic, perf_counter
from typing import Any, Final, NamedTuple, TypeAlias

from wheelyard_core.domain.access import Actor
from wheelyard_core.ports import OpenFile, StorageUnavailable
from wheelyard_core.simple.negotiation import accepts_gzip, etag_matches, negotiate
from wheelyard_indexer.addresses import (
    file_address,
    file_route,
    is_below_group,
    page_address,
    page_route,
)
from wheelyard_indexer.answers import Headers
from wheelyard_indexer.file_answers import ServedFile
from wheelyard_indexer.group_grants import GrantKey, GroupGrant
from wheelyard_indexer.memory import Grant, Memory
from wheelyard_indexer.sending import PIECE, Body, Sender, Told, ToldFile
from wheelyard_web.watching import Exchange, Origin, Wsgi

Environ: TypeAlias = dict[str, Any]

# In the environment of a request whose blob could not be opened: Flask need not ask again.
OUTAGE: Final = "wheelyard.outage"
# What a hit gave: a page in one of its forms, or a file, by us or by the gateway.
FILE: Final = "file"
HANDED_OVER: Final = "handed over"


class Hit(NamedTuple):
    """A request that was answered from memory."""

    exchange: Exchange
    method: str
    form: str
    seconds: float


Observe: TypeAlias = Callable[[Hit], None]


class Found(NamedTuple):
    """An answer of ours, before it is begun."""

    status: str
    headers: Headers
    body: bytes | Body
    route: str
    form: str
    actor: Actor | None


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


def remembered_grant(memory: Memory, environ: Environ, place: str) -> Grant | None:
    """Return the decision about this request's credentials, where it still holds."""
    # First: what Redis has told by now is forgotten by now.
    if not memory.is_current():
        return None
    grant = memory.grant(grant_key(environ, place))
    return None if grant is None or grant.until <= monotonic() else grant


def remembered_group(memory: Memory, environ: Environ, place: str) -> GroupGrant | None:
    """Return what these credentials may read below a group, where that still holds."""
    if not memory.is_current():
        return None
    below = memory.group(grant_key(environ, place))
    return None if below is None or below.until <= monotonic() else below


class HotPath:
    """A WSGI application that answers what is remembered, and leaves the rest to another one."""

    def __init__(
        self,
        application: Wsgi,
        sender: Sender,
        observe: Observe,
        origin: Origin | None = None,
    ) -> None:
        self._application = application
        self._memory = sender.memory
        self._sender = sender
        self._observe = observe
        self._origin = origin or Origin(())

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer from memory, or as the application does."""
        began = perf_counter()
        found = self._find(environ)
        if found is None:
            return self._application(environ, start_response)
        return self._answer(found, environ, start_response, began)

    def _find(self, environ: Environ) -> Found | None:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or environ.get("QUERY_STRING"):
            return None
        path = environ["PATH_INFO"]
        page = page_address(path)
        if page is not None:
            return self._page(environ, *page)
        file = file_address(path)
        return None if file is None else self._file(environ, *file)

    def _page(self, environ: Environ, place: str, package: str) -> Found | None:
        grant = remembered_grant(self._memory, environ, place)
        page = None if grant is None else self._memory.page(grant.stem + package)
        offer = negotiate(environ.get("HTTP_ACCEPT"), None)
        if grant is None or page is None or offer is None:
            return None
        gzip = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING"))
        answer = page.answer(offer, gzip=gzip, public=grant.public)
        route = page_route(place, package)
        if etag_matches(environ.get("HTTP_IF_NONE_MATCH"), answer.etag):
            unchanged = answer.headers_unchanged
            return Found("304 NOT MODIFIED", unchanged, b"", route, answer.form, grant.actor)
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body
        return Found("200 OK", answer.headers, body, route, answer.form, grant.actor)

    def _file(self, environ: Environ, place: str, sha256: str, filename: str) -> Found | None:
        readable = self._readable(environ, place, sha256, filename)
        if readable is None:
            return None
        file, public, actor = readable
        try:
            answer, body = self._sender.answer(file, environ, public=public)
        except StorageUnavailable as error:
            environ[OUTAGE] = error
            return None
        form = HANDED_OVER if answer.handed_over else FILE
        return Found(answer.status, answer.headers, body, file_route(place), form, actor)

    def _readable(
        self, environ: Environ, place: str, sha256: str, filename: str
    ) -> tuple[ServedFile, bool, Actor | None] | None:
        """Return a file, whether anybody may read it, and who does, as far as is remembered."""
        if is_below_group(place):
            below = remembered_group(self._memory, environ, place)
            if below is None:
                return None
            file = self._memory.file_below(below.group.project_ids, sha256, filename)
            return None if file is None else (file, below.group.public, below.actor)
        grant = remembered_grant(self._memory, environ, place)
        if grant is None:
            return None
        file = self._memory.file((grant.project_id, sha256, filename))
        return None if file is None else (file, grant.public, grant.actor)

    def _answer(
        self, found: Found, environ: Environ, start_response: Any, began: float
    ) -> Iterable[bytes]:
        request_id, client_ip = self._origin.of(environ)
        # A copy: a server or another middleware may add to it.
        start_response(found.status, [*found.headers, ("X-Request-ID", request_id)])
        status, method = int(found.status[:3]), environ["REQUEST_METHOD"]

        def tell(sent: int) -> None:
            exchange = Exchange(request_id, client_ip, found.route, found.actor, status, sent)
            self._observe(Hit(exchange, method, found.form, perf_counter() - began))

        if isinstance(found.body, bytes):
            tell(len(found.body))
            return [found.body] if found.body else []
        return _watched(found.body, environ, tell)


def _watched(body: Body, environ: Environ, tell: Callable[[int], None]) -> Iterable[bytes]:
    content, wrapper = body.content, environ.get("wsgi.file_wrapper")
    if wrapper is None or not isinstance(content, OpenFile):
        return Told(body, tell)
    sent: Iterable[bytes] = wrapper(ToldFile(body, content, tell), PIECE)
    return sent
