"""What it costs to log and count a request, beside the same application unwatched."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

import structlog
from bench.figures import Figure, Report, at_most

from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_web.watching import Watch

_REQUESTS = 2_000


def measure_watching(report: Report) -> None:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: structlog.ReturnLogger(),
    )
    try:
        watched = Watch(_application, "api", Metrics("api", [Part.WEB]), ("10.0.0.0/8",))
        cost = _seconds(watched) - _seconds(_application)
    finally:
        structlog.reset_defaults()
    report.begin("in this process")
    report.add(Figure("watching a request", 1e6 * cost, "us", target=at_most(50)))


def _application(_environ: Any, start: Any) -> Iterable[bytes]:
    start("200 OK", [])
    return [b"x"]


def _seconds(wsgi: Any) -> float:
    times = []
    for _ in range(_REQUESTS):
        environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", "REMOTE_ADDR": "192.0.2.9"}
        began = perf_counter()
        body = wsgi(environ, lambda *_: None)
        for _piece in body:
            pass
        if hasattr(body, "close"):
            body.close()
        times.append(perf_counter() - began)
    # The fastest quarter: others share these processors.
    return sorted(times)[len(times) // 4]
