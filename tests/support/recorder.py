"""An HTTP server that writes down what reaches it, and answers as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request's head. `connection` is the client's port: equal where it was kept."""

    method: str
    target: str
    headers: dict[str, str]
    connection: int


Behave = Callable[["Handler"], None]


@dataclass
class Recorder:
    """Use as a context manager."""

    behave: Behave
    received: list[Received] = field(default_factory=list)
    # Set when the first bytes of a body are there.
    body_begun: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.recorder = self
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    recorder: Recorder

    def handle_error(self, *_: object) -> None:
        """Say nothing: that connections break is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """Behaves as the recorder says, for every method."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_anything(self) -> None:
        recorder = self.server.recorder
        headers = {name.lower(): value for name, value in self.headers.items()}
        port = self.client_address[1]
        recorder.received.append(Received(self.command, self.path, headers, port))
        recorder.behave(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_anything  # noqa: N815  http.server's names

    def read_body(self) -> int:
        """Read the body to its end; return its size. Tells when it begins."""
        left = total = int(self.headers.get("Content-Length", "0"))
        while left:
            piece = self.rfile.read1(min(left, 1 << 16))
            if not piece:
                break
            self.server.recorder.body_begun.set()
            left -= len(piece)
        return total - left

    def reply(
        self, status: int, reason: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status, reason)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answers(name: str) -> Behave:
    """Return the behaviour of a service that reads everything and says its name."""

    def behave(handler: Handler) -> None:
        handler.read_body()
        handler.reply(200, "OK", name.encode(), {"ETag": '"strong"'})

    return behave


def hangs_up(handler: Handler) -> None:
    """Take the request, and die before answering."""
    handler.read_body()
    handler.close_connection = True
