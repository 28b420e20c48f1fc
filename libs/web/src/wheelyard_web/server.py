"""Gunicorn, started by a program and configured by our settings.

gthread, because a slow upload on a synchronous worker ends in its time-out, and because it passes
a reason phrase of our own to the client, which is all that twine shows.
"""

from collections.abc import Callable

from gunicorn.app.base import BaseApplication

from wheelyard_core.settings import HttpSettings
from wheelyard_web.application import Wsgi


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """One process of many threads; replicas are the orchestrator's."""

    def __init__(self, http: HttpSettings, load: Callable[[], Wsgi]) -> None:
        self._http = http
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        """Take our settings, and none of gunicorn's own files and variables."""
        host, port = self._http.listen
        settings = {
            "bind": [f"{host}:{port}"],
            "worker_class": "gthread",
            "workers": 1,
            "threads": self._http.threads,
            "graceful_timeout": 6,
            "timeout": 120,
            # Above the gateway's idle time, or it would send a request into a closing connection.
            "keepalive": 75,
            "limit_request_line": 8190,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Wsgi:
        """Build the application where it serves: connections do not survive a fork."""
        return self._load()
