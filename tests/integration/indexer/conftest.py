"""A registry in this process, over SQLite and over PostgreSQL, and its readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.in_process import Yard, environment, in_process
from tests.support.seed import SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.test import TestResponse

from wheelyard_core.domain.access import Visibility

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres").fresh_database()
        return url
    return f"sqlite:///{tmp_path}/yard.db"


@pytest.fixture
def yard(database_url: str, tmp_path: Path, redis_server: RedisServer) -> Iterator[Yard]:
    settings = environment(tmp_path, database_url, redis_server.url)
    with in_process({**settings, "WHEELYARD_VERDICT_SECONDS": "2"}) as running:
        yield running


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
