"""A registry in this process, over each database in turn, and who is in it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from tests.support.in_process import Yard, environment, working
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.postgres import Databases
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


@pytest.fixture(scope="module")
def shared_yard(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    redis_source: Source,
) -> Iterator[Callable[[str], Yard]]:
    """Gives the registry of a module's tests over a kind of database; nothing in it may fail."""
    with ExitStack() as stack:

        @cache
        def start(kind: str) -> Yard:
            folder = tmp_path_factory.mktemp("shared")
            if kind == "sqlite":
                tables: Path = request.getfixturevalue("sqlite_tables")
                url = f"sqlite:///{shutil.copy(tables, folder / 'wheelyard.db')}"
            else:
                databases = Databases(request.getfixturevalue("postgres_server"))
                stack.callback(databases.drop_all)
                url = databases.copied_database(request.getfixturevalue("postgres_tables"))
            redis = stack.enter_context(RedisServer(redis_source))
            return stack.enter_context(working(environment(folder, url, redis.url)))

        yield start


@pytest.fixture
def yard(own_yard: Yard) -> Yard:
    """A registry. Where tests look at nothing but what they made, theirs is `shared_yard`."""
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
