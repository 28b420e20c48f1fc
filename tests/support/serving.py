"""The indexer as processes on its real servers, over a registry in this process."""

import http.client
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from redis import Redis
from sqlalchemy import update
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard, in_process
from tests.support.inherited import inherited
from tests.support.seed import SeededProject
from tests.support.servers.running import free_port
from tests.support.wheelyard import Process

from wheelyard_core.adapters.db.models import Token
from wheelyard_core.domain.tokens import lookup_of

JSON = "application/vnd.pypi.simple.v1+json"
_IMPATIENT = """
from wheelyard_web import reading
reading.HEAD_SECONDS = reading.BODY_SECONDS = reading.REST_SECONDS = reading.IDLE_SECONDS = 1
from wheelyard_standalone.__main__ import main
main()
"""
COMMANDS = {
    "granian": ["-m", "wheelyard_indexer", "serve"],
    "gunicorn": ["-m", "wheelyard_standalone", "run", "web"],
    # Gives a second where it is otherwise ten and more.
    "impatient gunicorn": ["-c", _IMPATIENT, "run", "web"],
}
ONE = ADistribution().named("demo", "1.0+local.1").wheel()


def pages_read(redis: Redis) -> int:
    """Return how often a page has been asked for."""
    told = redis.info("commandstats")
    assert isinstance(told, dict)
    return int(told.get("cmdstat_get", {"calls": 0})["calls"])


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Served:
    """One process that serves."""

    process: Process
    port: int
    cache: str

    def ask(self, method: str, path: str, secret: str, **headers: str) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers={"PRIVATE-TOKEN": secret, **given})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, names, answer.read())
        finally:
            connection.close()

    def warm(self, path: str, secret: str) -> None:
        """Ask until the answer comes from memory: Redis is not asked for a page then."""
        deadline = time.monotonic() + 10
        with Redis.from_url(self.cache) as redis:
            while True:
                before = pages_read(redis)
                assert self.ask("GET", path, secret, Accept=JSON).status == 200
                if pages_read(redis) == before:
                    return
                assert time.monotonic() < deadline
                time.sleep(0.02)


@dataclass(frozen=True)
class Stage:
    """A registry whose readers are other processes."""

    yard: Yard
    project: SeededProject
    secret: str
    serve: Callable[..., Served]

    @property
    def index(self) -> str:
        return f"/api/v4/projects/{self.project.id}/packages/pypi"

    @property
    def page(self) -> str:
        return f"{self.index}/simple/demo/"

    def revoke(self, secret: str) -> None:
        values = {"revoked_at": self.yard.registry.now()}
        self._change(secret, values)

    def expire(self, secret: str, seconds: float) -> None:
        self._change(secret, {"expires_at": self.yard.registry.now() + timedelta(seconds=seconds)})

    def _change(self, secret: str, values: Mapping[str, object]) -> None:
        with self.yard.registry.database.begin() as uow:
            query = update(Token).where(Token.lookup == lookup_of(secret)).values(**values)
            uow.session.execute(query)
            uow.access_changed()
            uow.commit()


def staged(stack: ExitStack, folder: Path, settings: dict[str, str], server: str) -> Stage:
    yard = stack.enter_context(in_process(settings))
    project = yard.seed.project()
    secret = yard.seed.developer_token(project)
    assert yard.publish(project.id, ONE, secret).status_code == 201

    def serve(**extra: str) -> Served:
        port = free_port()
        variables = {
            **inherited(),
            **settings,
            "WHEELYARD_LISTEN": f"127.0.0.1:{port}",
            "WHEELYARD_METRICS_LISTEN": "127.0.0.1:0",
            "WHEELYARD_LOG_LEVEL": "warning",
            **extra,
        }
        command = [sys.executable, *COMMANDS[server]]
        process = Process(server, command, variables, folder / f"{port}.log").start()
        stack.callback(process.stop)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert process.is_running(), process.log.read_text()
                assert time.monotonic() < deadline, process.log.read_text()
                time.sleep(0.05)
            else:
                return Served(process, port, settings["WHEELYARD_CACHE_URL"])

    return Stage(yard, project, secret, serve)
