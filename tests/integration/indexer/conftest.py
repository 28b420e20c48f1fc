"""A registry in this process, over SQLite and over PostgreSQL, and its readers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.integration.sharing import yard
from tests.integration.standstill import clock
from tests.support.in_process import Yard, counted, environment, small
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer
from tests.support.serving import Stage, staged
from werkzeug.test import Client, TestResponse

from wheelyard_core.adapters.cache import tracking
from wheelyard_core.adapters.db.models import Token
from wheelyard_core.domain.access import Visibility
from wheelyard_core.domain.tokens import lookup_of
from wheelyard_indexer.app import create_app

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PAGE = "simple/demo/"


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks for the pages and files of one project."""

    yard: Yard
    project: SeededProject
    secret: str

    @property
    def index(self) -> str:
        return f"/api/v4/projects/{self.project.id}/packages/pypi"

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        *,
        anonymous: bool = False,
    ) -> TestResponse:
        """Ask for *path* below the index, or for a whole path."""
        whole = path if path.startswith("/") else f"{self.index}/{path}"
        own = {} if anonymous else {"PRIVATE-TOKEN": self.secret}
        given = {**own, **(headers or {})}
        # As a server does: read to the end, then close.
        return self.yard.client.open(whole, method=method, headers=given, buffered=True)


@pytest.fixture(scope="module")
def one_yard(tmp_path_factory: pytest.TempPathFactory, redis_source: Source) -> Iterator[Yard]:
    """One registry for all tests of a module: they look at it, or have projects of their own."""
    folder = tmp_path_factory.mktemp("shared")
    with small(folder, redis_source) as started:
        yield started


@pytest.fixture
def reader(yard: Yard) -> Reader:
    """A developer of a private project."""
    project = yard.seed.project()
    return Reader(yard, project, yard.seed.developer_token(project))


@pytest.fixture
def public_reader(yard: Yard) -> Reader:
    """A developer of a public project."""
    project = yard.seed.project(visibility=Visibility.PUBLIC)
    return Reader(yard, project, yard.seed.developer_token(project))


def headers_of(answer: TestResponse) -> dict[str, str]:
    """Return the headers, but for the request's own number."""
    return {name: value for name, value in answer.headers if name != "X-Request-ID"}


@dataclass(frozen=True)
class Replica:
    """One serving process's application, and a client of it."""

    yard: Yard
    client: Client

    @classmethod
    def of(cls, yard: Yard) -> "Replica":
        return cls(yard, Client(create_app(yard.registry)))

    def ask(
        self,
        reader: Reader,
        path: str = PAGE,
        headers: dict[str, str] | None = None,
        method: str = "GET",
    ) -> TestResponse:
        mine = replace(reader, yard=replace(reader.yard, client=self.client))
        return mine.ask(path, headers, method)

    def statements(self, reader: Reader, path: str = PAGE) -> int:
        """Return how many statements a request costs the database."""
        with counted(self.yard) as statements:
            assert self.ask(reader, path).status_code == 200
        return len(statements)

    def warm(self, reader: Reader, path: str = PAGE) -> None:
        """Ask until the answer comes from memory."""
        deadline = time.monotonic() + 10
        while self.statements(reader, path):
            assert time.monotonic() < deadline, "the page is never remembered"
            time.sleep(0.02)


@pytest.fixture
def replica(yard: Yard) -> Replica:
    return Replica.of(yard)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have memory be trusted though the machine pauses: what is in it is the matter here.

    Else Redis is doubted when it was not heard for a second, or when the thread that hears it does
    not get its turn within a hundredth: a request is answered without memory then, rightly.
    """
    monkeypatch.setattr(tracking, "LEASE_SECONDS", 60.0)
    monkeypatch.setattr(tracking, "_MOMENT_SECONDS", 30.0)


def gets(server: RedisServer) -> int:
    """Return how often Redis was asked for anything but pings."""
    with server.client() as client:
        stats = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("get", "getrange"))


def change_access(yard: Yard, statement: object) -> None:
    """Do what an administrator's request does: change, and say that access has changed."""
    with yard.registry.database.begin() as uow:
        uow.session.execute(statement)  # type: ignore[call-overload]  # any statement
        uow.access_changed()
        uow.commit()


def revoke(yard: Yard, secret: str) -> None:
    gone = yard.registry.now()
    change_access(
        yard, update(Token).where(Token.lookup == lookup_of(secret)).values(revoked_at=gone)
    )


@pytest.fixture(params=["granian", "gunicorn"])
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(
    server: str, tmp_path: Path, sqlite_url: str, redis_server: RedisServer
) -> Iterator[Stage]:
    settings = environment(tmp_path, sqlite_url, redis_server.url)
    with ExitStack() as stack:
        yield staged(stack, tmp_path, settings, server)


__all__ = ["clock", "yard"]
