"""Counts pages and downloads by their answers."""

from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g, request

from wheelyard_core.observability.measured import page_built
from wheelyard_core.observability.metrics import Metrics
from wheelyard_indexer.hot import FILE, HANDED_OVER, Hit, Observe
from wheelyard_web.watching import tell

_PAGES: Final = frozenset(
    {"pages.root", "pages.package", "pages.group_root", "pages.group_package"}
)
_FILES: Final = frozenset({"files.project_file", "files.group_file"})
_GIVEN: Final = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED})
_GIVERS: Final = {FILE: "proxy", HANDED_OVER: "gateway"}
_HIDDEN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def measure(app: Flask, metrics: Metrics) -> None:
    """Count what *app* gives out."""

    @app.before_request
    def begin() -> None:
        page_built.set(False)

    @app.after_request
    def count(response: Response) -> Response:
        if g.get("stale", False) and response.status_code < HTTPStatus.BAD_REQUEST:
            response.headers["X-Wheelyard-Stale"] = "true"
        endpoint = request.endpoint
        if endpoint in _FILES:
            metrics.count("wheelyard_downloads_total", _mode(response), _result(response))
        elif endpoint in _PAGES and response.status_code in _GIVEN:
            metrics.count("wheelyard_index_requests_total", _format(response), _cache())
        return response


def _cache() -> str:
    if g.get("stale", False):
        return "stale"
    return "miss" if page_built.get() else "hit"


def _format(response: Response) -> str:
    """Return the answer's format; 304 tells none, so what was asked for counts then."""
    told = response.headers.get("Content-Type") or request.headers.get("Accept", "")
    return "json" if "json" in told else "html"


def _mode(response: Response) -> str:
    if response.status_code == HTTPStatus.FOUND:
        return "redirect"
    return "gateway" if "X-Accel-Redirect" in response.headers else "proxy"


def _result(response: Response) -> str:
    status = response.status_code
    if status in _HIDDEN:
        return "refused"
    if status == HTTPStatus.NOT_FOUND:
        return "missing"
    return "error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "ok"


def measured_hits(metrics: Metrics) -> Observe:
    """Return what counts the pages and files that were answered from memory, and tells of them."""

    def count(hit: Hit) -> None:
        exchange = hit.exchange
        metrics.observe_request("indexer", exchange.route, hit.method, exchange.status, hit.seconds)
        if hit.form in _GIVERS:
            metrics.count("wheelyard_downloads_total", _GIVERS[hit.form], "ok")
        else:
            metrics.count("wheelyard_index_requests_total", hit.form, "hit")
        tell(exchange, "indexer", hit.method, hit.seconds)

    return count
