"""Gunicorn, started by a program and configured by our settings.

gthread, because a slow upload on a synchronous worker ends in its time-out, and because it passes
a reason phrase of our own to the client, which is all that twine shows.
"""

import logging
import signal
from collections.abc import Callable, Collection
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from wheelyard_core.bootstrap import Registry, make_registry, open_tracing
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.operation import (
    health_checks,
    open_endpoint,
    start_logging,
    watch_database,
)
from wheelyard_core.settings import HttpSettings, Settings
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_web.application import Wsgi
from wheelyard_web.worker import StayingWorker


def serve(
    settings: Settings,
    service: str,
    parts: Collection[Part],
    build: Callable[[Registry], Wsgi],
    reach: CrashPoint,
) -> None:
    """Serve what *build* returns, with logs and metrics, until told to stop."""
    redact = start_logging(settings, service)
    # Before the fork: a serving process that is replaced leaves the port to its successor.
    endpoint = open_endpoint(settings)

    def load() -> Wsgi:
        metrics = Metrics(service, parts, revision=settings.revision)
        tracing = open_tracing(settings, service)
        registry = make_registry(settings, service, reach, metrics, tracing)
        watch_database(metrics, registry)
        metrics.show_threads(settings.http.threads)
        endpoint.serve(metrics.exposition, health_checks(registry), redact=redact)
        _notice_stopping(registry)
        return build(registry)

    Server(settings.http, settings.drain_seconds, load).run()


def _notice_stopping(registry: Registry) -> None:
    """Be no longer ready once told to stop; then do what the server does."""
    then = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: Any) -> None:
        registry.stopping.set()
        if callable(then):
            then(number, frame)

    signal.signal(signal.SIGTERM, stop)


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's logger, whose records go where all records of this process go."""

    def setup(self, cfg: Any) -> None:
        """Take the level, and no handlers."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.error_log.setLevel(logging.WARNING)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """One process of many threads; replicas are the orchestrator's."""

    def __init__(self, http: HttpSettings, drain_seconds: int, load: Callable[[], Wsgi]) -> None:
        self._http = http
        self._drain_seconds = drain_seconds
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        """Take our settings, and none of gunicorn's own files and variables."""
        host, port = self._http.listen
        settings = {
            "bind": [f"{host}:{port}"],
            "worker_class": StayingWorker,
            "workers": 1,
            "threads": self._http.threads,
            "graceful_timeout": self._drain_seconds,
            "timeout": 120,
            # Above the gateway's idle time, or it would send a request into a closing connection.
            "keepalive": 75,
            "limit_request_line": 8190,
            "loglevel": "warning",
            "logger_class": QuietLogger,
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Wsgi:
        """Build the application where it serves: connections do not survive a fork."""
        return self._load()
