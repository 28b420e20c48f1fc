"""A registry in this process, over each database in turn, and who is in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.in_process import Yard, environment, working
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.postgres import Databases, PostgresServer
from tests.support.servers.redis import RedisServer

from wheelyard_core.domain.access import Role


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of the database: each in turn."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """The address of a database with our tables and nothing in them."""
    url: str = request.getfixturevalue(f"{database_kind}_url")
    return url


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a test sets beside the usual: by a fixture of this name, or as a parameter."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def own_yard(
    database_url: str, tmp_path: Path, redis_server: RedisServer, settings: dict[str, str]
) -> Iterator[Yard]:
    """A registry of this test's own; what is promised in it must not have failed."""
    with working(environment(tmp_path, database_url, redis_server.url) | settings) as started:
        yield started


@pytest.fixture(scope="session")
def shared_sqlite_yard(
    tmp_path_factory: pytest.TempPathFactory, sqlite_tables: Path, redis_source: Source
) -> Iterator[Yard]:
    """A registry for many tests over SQLite; what is promised in it must not fail."""
    folder = tmp_path_factory.mktemp("shared")
    url = f"sqlite:///{shutil.copy(sqlite_tables, folder / 'wheelyard.db')}"
    with RedisServer(redis_source) as redis, working(environment(folder, url, redis.url)) as yard:
        yield yard


@pytest.fixture(scope="session")
def shared_postgresql_yard(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    postgres_tables: str,
    redis_source: Source,
) -> Iterator[Yard]:
    """The same over PostgreSQL."""
    folder, databases = tmp_path_factory.mktemp("shared"), Databases(postgres_server)
    url = databases.copied_database(postgres_tables)
    try:
        with (
            RedisServer(redis_source) as redis,
            working(environment(folder, url, redis.url)) as yard,
        ):
            yield yard
    finally:
        databases.drop_all()


@pytest.fixture
def yard(own_yard: Yard) -> Yard:
    """A registry. Where tests look at nothing but what they made, theirs is shared (sharing.py)."""
    return own_yard


@pytest.fixture
def project(yard: Yard) -> SeededProject:
    """A private project of this test's own."""
    return yard.seed.project()


@pytest.fixture
def developer(yard: Yard, project: SeededProject) -> str:
    """A personal token of a developer of the project."""
    return yard.seed.developer_token(project)


@pytest.fixture
def maintainer(yard: Yard, project: SeededProject) -> str:
    """A personal token of a maintainer of the project."""
    return yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))
