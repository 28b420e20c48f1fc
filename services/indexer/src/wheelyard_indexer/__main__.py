"""Entry point: `python -m wheelyard_indexer serve` or `… worker`."""

import os
import sys
from functools import partial

# Celery reads it when it is imported: SIGTERM gives work back, instead of finishing it all.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # noqa: TID251  this is the entry point

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from wheelyard_core.bootstrap import crash_point_from, make_registry
from wheelyard_core.domain.work import Task
from wheelyard_core.settings import Settings, SettingsError, read_settings
from wheelyard_core.tasks import make_worker, run_worker
from wheelyard_indexer.app import create_app
from wheelyard_web.application import Wsgi


def main(arguments: list[str]) -> int:
    """Serve until told to stop; 2 when the settings or the arguments are wrong."""
    if arguments not in (["serve"], ["worker"]):
        sys.stderr.write("usage: python -m wheelyard_indexer serve|worker\n")
        return 2
    try:
        settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments == ["worker"]:
        reach = crash_point_from(os.environ)  # noqa: TID251  this is the entry point
        make = partial(make_registry, settings, "index-worker", reach)
        app = make_worker(settings, make, [Task.INDEX])
        run_worker(app, ["index"], settings.worker_concurrency)
        return 0
    _serve(settings)
    return 0


def _serve(settings: Settings) -> None:
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
    )
    server.serve()


def load() -> Wsgi:
    """Build the application in the process that serves it: connections do not survive a fork."""
    settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    return create_app(make_registry(settings, "indexer"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
