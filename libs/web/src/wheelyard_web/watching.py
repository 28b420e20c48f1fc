"""One event and one count for each request, and the id that ties its logs together."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from time import perf_counter
from typing import Any, Final, TypeAlias
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from wheelyard_core.domain.access import Actor, DeployToken, JobToken, Person, TrustedPublisher
from wheelyard_core.observability.metrics import UNMATCHED, Metrics, known_method
from wheelyard_core.ports import UNTRACED, Span, Tracing
from wheelyard_web.parts import wrap

Wsgi: TypeAlias = Callable[..., Iterable[bytes]]

log = structlog.get_logger()

EXCHANGE: Final = "wheelyard.exchange"
_PROBES: Final = frozenset({"/livez", "/readyz"})
# As in the gateway (deploy/nginx), so that one request has one id in all logs.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Far fewer are ever seen by one process, unless it stands in the open without a proxy.
_PEERS: Final = 4096


@dataclass(slots=True)
class Exchange:
    """A request and its answer, as far as it has come."""

    request_id: str
    client_ip: str
    route: str = UNMATCHED
    actor: Actor | None = None
    status: int = 500
    sent: int = 0


class Watch:
    """A WSGI application that watches another one."""

    def __init__(
        self,
        application: Wsgi,
        service: str,
        metrics: Metrics,
        trusted_proxies: tuple[str, ...],
        tracing: Tracing = UNTRACED,
    ) -> None:
        self._application = application
        self._service = service
        self._metrics = metrics
        self._in_flight = metrics.in_flight(service)
        self._origin = Origin(trusted_proxies)
        self._tracing = tracing

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        if environ.get("PATH_INFO") in _PROBES:
            return self._application(environ, start_response)
        began = perf_counter()
        request_id, client_ip = self._origin.of(environ)
        exchange = environ[EXCHANGE] = Exchange(request_id, client_ip)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        method = environ["REQUEST_METHOD"]
        self._in_flight.inc()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            exchange.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", request_id)], *more)

        def finish() -> None:
            self._finish(exchange, method, perf_counter() - began)

        with self._tracing.begin(
            Span.REQUEST,
            self._origin.traceparent(environ),
            request_id=request_id,
            method=known_method(method),
        ):
            try:
                body = self._application(environ, start)
            except BaseException:
                finish()
                raise
            self._tracing.annotate(route=exchange.route, status=exchange.status)
        return _Body(body, exchange, finish)

    def _finish(self, exchange: Exchange, method: str, seconds: float) -> None:
        self._in_flight.dec()
        self._metrics.observe_request(
            self._service, exchange.route, method, exchange.status, seconds
        )
        tell(exchange, self._service, method, seconds)


def tell(exchange: Exchange, service: str, method: str, seconds: float) -> None:
    """Log the one event of a request that took *seconds*."""
    kind, number = describe(exchange.actor)
    log.info(
        "http_request",
        request_id=exchange.request_id,
        # In one process there may be two applications.
        service=service,
        actor=kind,
        actor_id=number,
        route=exchange.route,
        method=method,
        status=exchange.status,
        duration_ms=round(seconds * 1000, 3),
        bytes=exchange.sent,
        client_ip=exchange.client_ip,
    )


class _Body:
    """The answer's bytes, counted; the end of the request is when they are closed."""

    def __init__(
        self, pieces: Iterable[bytes], exchange: Exchange, finish: Callable[[], None]
    ) -> None:
        self._pieces = pieces
        self._exchange = exchange
        self._finish: Callable[[], None] | None = finish

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._exchange.sent += len(piece)
            yield piece

    def close(self) -> None:
        """End the request, then let its rest be closed."""
        # Before the rest is closed: what a refused client still sends is read there.
        finish, self._finish = self._finish, None
        if finish is not None:
            finish()
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


class Origin:
    """Tells where a request comes from; only trusted proxies are believed about it."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        self._networks = tuple(ip_network(text, strict=False) for text in trusted_proxies)
        self.trusts = lru_cache(_PEERS)(self._trusts) if self._networks else _trusts_nobody

    def of(self, environ: dict[str, Any]) -> tuple[str, str]:
        """Return the request's id and its client's address."""
        peer = environ.get("REMOTE_ADDR", "")
        if not self.trusts(peer):
            return uuid4().hex, peer
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        return request_id, self._client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))

    def traceparent(self, environ: dict[str, Any]) -> str | None:
        """Return the span that the request goes on with, where a trusted proxy says so."""
        given: str | None = environ.get("HTTP_TRACEPARENT")
        return given if given and self.trusts(environ.get("REMOTE_ADDR", "")) else None

    def _client(self, peer: str, forwarded: str) -> str:
        """Return the last address that no trusted proxy has: those before it anybody can write."""
        for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
            if not _is_address(hop):
                return peer
            peer = hop
            if not self.trusts(hop):
                return hop
        return peer

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _trusts_nobody(_peer: str) -> bool:
    return False


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def describe(actor: Actor | None) -> tuple[str, int | None]:
    """Return the kind and the number of an actor; never a name or more."""
    match actor:
        case Person(is_bot=True):
            return "bot", actor.user_id
        case Person():
            return "person", actor.user_id
        case DeployToken():
            return "deploy_token", actor.token_id
        case JobToken():
            return "job_token", actor.user_id
        case TrustedPublisher():
            return "trusted_publisher", actor.token_id
    return "anonymous", None


def watch(
    app: Flask,
    service: str,
    metrics: Metrics,
    trusted_proxies: tuple[str, ...],
    tracing: Tracing,
) -> None:
    """Have every request of *app* told and counted; to be called when it has its addresses."""
    app.before_request(_begin)
    app.after_request(_note)
    metrics.expect_requests(service, _routes(app))
    wrap(app, lambda inner: Watch(inner, service, metrics, trusted_proxies, tracing))


def request_id() -> str | None:
    """Return the id of the request at hand; None where nobody watches the application."""
    found: str | None = g.get("request_id")
    return found


def _begin() -> None:
    exchange = request.environ.get(EXCHANGE)
    if exchange is not None:
        g.request_id = exchange.request_id


def _note(response: Response) -> Response:
    exchange = request.environ.get(EXCHANGE)
    if exchange is not None:
        exchange.actor = g.get("actor")
        if request.url_rule is not None:
            exchange.route = request.url_rule.rule
    return response


def _routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.rule not in _PROBES:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield rule.rule, method
