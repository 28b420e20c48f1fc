"""One registry in this process for all examples of a module."""

from collections.abc import Iterator

import pytest
from tests.support.in_process import Yard, small
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory, redis_source: Source) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with small(folder, redis_source) as started:
        yield started


@pytest.fixture(scope="module")
def project(yard: Yard) -> SeededProject:
    return yard.seed.project()


@pytest.fixture(scope="module")
def secret(yard: Yard) -> str:
    """A token of an administrator, who is let through to all that may break."""
    return yard.seed.personal_token(yard.seed.user(admin=True))
