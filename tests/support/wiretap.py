"""Listens between a client and a registry: what was asked, and what was answered.

Bytes pass through untouched and are read afterwards, so a client meets exactly what it would meet
without it: reason phrases, connections that are kept, answers that it does not read to their end.
"""

import http.client
import io
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Names of headers are in lower case; `size` is of the body."""

    method: str
    target: str
    headers: Mapping[str, str]
    status: int
    answered: Mapping[str, str]
    size: int

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def __str__(self) -> str:
        asked = f" ({self.headers['range']})" if "range" in self.headers else ""
        return f"{self.method} {self.target}{asked} -> {self.status}, {self.size} bytes"


@dataclass
class _Connection:
    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)

    def exchanges(self) -> Iterator[Exchange]:
        requests, answers = _Kept(bytes(self.asked)), _Kept(bytes(self.answered))
        while line := requests.readline().decode("latin-1").split():
            headers = _lower(http.client.parse_headers(requests))
            _skip_body(requests, headers)
            answer = http.client.HTTPResponse(_Wire(answers), method=line[0])  # type: ignore[arg-type]  # all that it asks of a socket
            try:
                answer.begin()
            except http.client.HTTPException:
                return  # the client was gone before the answer
            yield Exchange(
                line[0],
                line[1],
                headers,
                answer.status,
                _lower(answer.headers),
                _size(answer),
            )


class _Kept(io.BytesIO):
    """Bytes that an answer, read to its end, does not close for the next one."""

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Wire:
    content: _Kept

    def makefile(self, _mode: str) -> _Kept:
        return self.content


class Wiretap:
    """Listens before *host*; use as a context manager, and let clients speak to `host` instead."""

    def __init__(self, host: str) -> None:
        self.behind = host
        name, _, port = host.rpartition(":")
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.target = (name, int(port))

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def exchanges(self) -> list[Exchange]:
        """What passed so far; requests of one connection stand together, in their order."""
        return [each for one in self._server.connections for each in one.exchanges()]


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    target: tuple[str, int]

    def __init__(self, address: tuple[str, int], handler: type[BaseRequestHandler]) -> None:
        super().__init__(address, handler)
        self.connections: list[_Connection] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients break connections when they have what they want."""


class _Handler(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        connection = _Connection()
        self.server.connections.append(connection)
        with socket.create_connection(self.server.target) as registry:
            back = Thread(
                target=_pass_on, args=(registry, self.request, connection.answered), daemon=True
            )
            back.start()
            _pass_on(self.request, registry, connection.asked)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket, copy: bytearray) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            copy += piece
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _lower(headers: http.client.HTTPMessage) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _skip_body(requests: _Kept, headers: Mapping[str, str]) -> None:
    if headers.get("transfer-encoding") == "chunked":
        while size := int(requests.readline() or b"0", 16):
            requests.read(size + 2)
        requests.readline()
    else:
        requests.read(int(headers.get("content-length", "0")))


def _size(answer: http.client.HTTPResponse) -> int:
    try:
        return len(answer.read())
    except http.client.IncompleteRead as cut:
        return len(cut.partial)
