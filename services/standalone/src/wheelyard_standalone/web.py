"""Api and indexer in one server process on one port."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from wheelyard_api.app import create_app as create_api
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.settings import read_settings
from wheelyard_indexer.app import create_app as create_indexer

Wsgi = Callable[..., Iterable[bytes]]

# What the gateway routes to the indexer (deploy/nginx), by the same rule.
_READS: Final = re.compile(r"/(?:simple(?:/[^/]*)?/?|files/[0-9a-fA-F]+/[^/]+)\Z")


def dispatch(api: Wsgi, indexer: Wsgi) -> Wsgi:
    """Return an application that sends each request where the gateway would send it."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        reads = _READS.search(environ["PATH_INFO"])
        return (indexer if reads else api)(environ, start_response)

    return application


class StandaloneServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with one process and many threads."""

    def __init__(self, settings: dict[str, object], load: Callable[[], Wsgi]) -> None:
        self._settings = settings
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        """Take the settings that were given, and no others."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Wsgi:
        """Build the application in the process that serves it."""
        return self._load()


def main() -> None:
    """Serve until told to stop."""
    settings = read_settings(os.environ)  # noqa: TID251  this is the entry point

    def load() -> Wsgi:
        registry = make_registry(settings, "standalone")
        return dispatch(create_api(registry), create_indexer(registry))

    host, port = settings.http.listen
    StandaloneServer(
        {
            "bind": [f"{host}:{port}"],
            "worker_class": "gthread",
            "threads": settings.http.threads,
            "workers": 1,
            "graceful_timeout": 5,
            "timeout": 120,
            "keepalive": 75,
            "loglevel": "warning",
            "control_socket_disable": True,
        },
        load,
    ).run()
