"""Entry point: `python -m wheelyard_indexer serve` or `… worker`."""

import os
import sys

# Celery reads it when it is imported: SIGTERM gives work back, instead of finishing it all.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # noqa: TID251  this is the entry point

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from wheelyard_core.bootstrap import crash_point_from, make_registry, open_tracing
from wheelyard_core.domain.work import Task
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.operation import (
    health_checks,
    open_endpoint,
    settings_of,
    start_logging,
    watch_database,
)
from wheelyard_core.settings import Settings
from wheelyard_core.tasks import work
from wheelyard_indexer.app import create_app
from wheelyard_web.application import Wsgi

_PARTS = (Part.EACH, Part.WEB, Part.INDEXER, Part.RENDERING, Part.DATABASE)


def main(arguments: list[str]) -> int:
    """Serve until told to stop; 2 when the settings or the arguments are wrong."""
    if arguments not in (["serve"], ["worker"]):
        sys.stderr.write("usage: python -m wheelyard_indexer serve|worker\n")
        return 2
    environment = os.environ  # noqa: TID251  this is the entry point
    settings = settings_of(environment)
    if arguments == ["worker"]:
        reach = crash_point_from(environment)
        work(settings, "index-worker", [Task.INDEX], reach)
        return 0
    _serve(settings)
    return 0


def _serve(settings: Settings) -> None:
    start_logging(settings, "indexer")
    host, port = settings.http.listen
    server = Granian(
        "wheelyard_indexer.__main__:load",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=settings.http.threads,
        log_access=False,
        log_level=LogLevels.warning,
        # Its records go where all go.
        log_dictconfig={"handlers": {}, "loggers": {"_granian": {"propagate": True}}},
    )
    server.serve()


def load() -> Wsgi:
    """Build the application in the process that serves it: connections do not survive a fork."""
    settings = settings_of(os.environ)  # noqa: TID251  this is the entry point
    redact = start_logging(settings, "indexer")
    metrics = Metrics("indexer", _PARTS, revision=settings.revision)
    tracing = open_tracing(settings, "indexer")
    registry = make_registry(settings, "indexer", metrics=metrics, tracing=tracing)
    watch_database(metrics, registry)
    metrics.show_threads(settings.http.threads)
    open_endpoint(settings).serve(metrics.exposition, health_checks(registry), redact=redact)
    return create_app(registry)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
