"""A toy TCP proxy between a client and a server on 127.0.0.1, which can be unkind to both."""

import contextlib
import socket
import ssl
import threading
import time
from typing import Self

_PIECE = 64 * 1024
_METHODS = (b"GET ", b"PUT ", b"POST ", b"HEAD ", b"DELETE ")


class Proxy:
    """Forwards connections to *port*, and remembers what passed: connections, lines of requests.

    *answers_end_after* bytes, each answering side is cut off. *bytes_a_second* slows what the
    client sends. Both may be changed while it runs. With *tls*, clients speak TLS.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self.answers_end_after: int | None = None
        self.bytes_a_second: int | None = None
        self._target = port
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    @property
    def port(self) -> int:
        """The port to talk to instead."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        port = self.port
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        # Not every system wakes an accept() by a shutdown.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            pass
        for thread in self._threads:
            thread.join(5)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            self.connections += 1
            try:
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                    self._open.append(client)
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            self._open.append(server)
            self._run(self._forward_requests, client, server)
            self._run(self._forward_answers, server, client)

    def _forward_requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(_PIECE):
                if piece.startswith(_METHODS):
                    self.requests.append(piece.partition(b"\r\n")[0].decode())
                if self.bytes_a_second:
                    time.sleep(len(piece) / self.bytes_a_second)
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)

    def _forward_answers(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := server.recv(_PIECE):
                limit = self.answers_end_after
                if limit is not None and passed + len(piece) > limit:
                    client.sendall(piece[: max(0, limit - passed)])
                    break
                client.sendall(piece)
                passed += len(piece)
            client.shutdown(socket.SHUT_RDWR)

    def _run(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]  # any of the three above
        self._threads.append(thread)
        thread.start()
