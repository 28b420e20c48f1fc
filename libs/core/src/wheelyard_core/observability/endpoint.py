"""The port for operators: `/metrics`, `/healthz` for people, `/livez` for those without another.

A thread of its own serves it, so that a saturated service still answers.
"""

import json
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, TypeAlias

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from wheelyard_core.observability.looking import Look, TooLate
from wheelyard_core.observability.redaction import Redact, make_redact

log = structlog.get_logger()

# Returns a sentence, or raises.
Check: TypeAlias = Callable[[], str]
Checks: TypeAlias = Mapping[str, Check]
# Status, content type, content.
_Page: TypeAlias = tuple[int, str, bytes]
# What is still wrong when it takes so long; people wait for the answer.
_CHECK_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 10.0
_BACKLOG: Final = 16


class Sick(Exception):
    """What is wrong with the process or with something it needs, as a sentence."""


def nothing_to_check() -> str:
    """Say that the process answers."""
    return "answers"


class Endpoint:
    """Listens from the start; serves when told what, maybe in a child of the process."""

    def __init__(self, address: tuple[str, int]) -> None:
        host, port = address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._server: _Server | None = None

    @property
    def address(self) -> str:
        """The address that is served, with the port that was free where none was given."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def close(self) -> None:
        """Stop listening in this process."""
        self._socket.close()

    def stop(self) -> None:
        """End serving."""
        if self._server is not None:
            self._server.shutdown()
        self._socket.close()

    def serve(
        self,
        exposition: Callable[[], bytes],
        checks: Checks,
        alive: Check = nothing_to_check,
        redact: Redact | None = None,
    ) -> None:
        """Serve in a thread until the process ends."""
        health = Health(checks, redact or make_redact())
        handler = _handler(_Pages(exposition, health, alive))
        server = _Server(self._socket.getsockname()[:2], handler, bind_and_activate=False)
        server.socket.close()
        server.socket = self._socket
        self._server = server
        Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        log.info("metrics_served", address=self.address)


class Health:
    """Looks at everything that the process needs, and tells it in sentences."""

    def __init__(self, checks: Checks, redact: Redact) -> None:
        self._looks = {name: Look(check, _CHECK_SECONDS, 1.0) for name, check in checks.items()}
        self._redact = redact

    def report(self) -> tuple[bool, dict[str, str]]:
        """Return whether all is well, and a sentence for each."""
        if not self._looks:
            return True, {}
        # Side by side: two that hang take no longer than one.
        with ThreadPoolExecutor(len(self._looks)) as threads:
            found = dict(
                zip(self._looks, threads.map(self._ask, self._looks.values()), strict=True)
            )
        return (
            all(well for well, _ in found.values()),
            {name: sentence for name, (_, sentence) in found.items()},
        )

    def _ask(self, look: Look[str]) -> tuple[bool, str]:
        try:
            return True, self._redact(look())
        except (Sick, TooLate) as sick:
            return False, self._redact(str(sick))
        except Exception as error:  # noqa: BLE001  whatever a check ends with is its result
            return False, self._redact(f"{type(error).__name__}: {error}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_request: Any) -> None:
        """Say nothing of a client that went away in the middle."""


@dataclass(frozen=True, slots=True)
class _Pages:
    """What the port shows."""

    exposition: Callable[[], bytes]
    health: Health
    alive: Check

    def of(self, path: str) -> _Page:
        match path:
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST, self.exposition()
            case "/healthz":
                well, sentences = self.health.report()
                status = "ok" if well else "failing"
                return _as_json(200 if well else 503, {"status": status, "checks": sentences})
            case "/livez":
                try:
                    return _as_json(200, {"status": self.alive()})
                except Sick as sick:
                    return _as_json(503, {"status": str(sick)})
        return 404, "text/plain", b"Here are /metrics, /healthz and /livez.\n"


def _as_json(status: int, body: object) -> _Page:
    return status, "application/json", json.dumps(body, indent=2).encode() + b"\n"


def _handler(pages: _Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:
            status, content_type, content = pages.of(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Keep scrapes and probes out of the log."""

    return Handler
