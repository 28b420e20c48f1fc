"""One registry for many tests, which takes a third of the time of one for each."""

from collections.abc import Iterator

import pytest
from tests.support.in_process import Yard


@pytest.fixture
def yard(
    request: pytest.FixtureRequest, database_kind: str, settings: dict[str, str]
) -> Iterator[Yard]:
    """The shared one, or its own for a test that is marked, sets something or has its Redis."""
    marked = request.node.get_closest_marker("own_registry")
    if settings or marked or "redis_server" in request.fixturenames:
        own: Yard = request.getfixturevalue("own_yard")
        yield own
        return
    shared: Yard = request.getfixturevalue(f"shared_{database_kind}_yard")
    yield shared
    # What it promised is not done while the next test counts.
    shared.hand.settle()
