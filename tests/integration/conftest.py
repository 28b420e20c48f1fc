"""A registry in this process, over each database in turn, and who is in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.in_process import Yard, environment, in_process
from tests.support.seed import SeededProject
from tests.support.servers.redis import RedisServer

from wheelyard_core.domain.access import Role


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with our tables and nothing in them."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a test sets beside the usual: by a fixture of this name, or as a parameter."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def yard(
    database_url: str, tmp_path: Path, redis_server: RedisServer, settings: dict[str, str]
) -> Iterator[Yard]:
    """A registry; what is promised in it must not have failed."""
    with in_process(environment(tmp_path, database_url, redis_server.url) | settings) as started:
        yield started
        assert started.hand.failures == []


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
