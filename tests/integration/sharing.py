"""One registry for a module's tests, which takes a third of the time of one for each."""

from collections.abc import Callable

import pytest
from tests.support.in_process import Yard


@pytest.fixture
def yard(
    request: pytest.FixtureRequest,
    database_kind: str,
    settings: dict[str, str],
    shared_yard: Callable[[str], Yard],
) -> Yard:
    """The module's registry, or the test's own where it sets something or is marked."""
    if settings or request.node.get_closest_marker("own_registry"):
        own: Yard = request.getfixturevalue("own_yard")
        return own
    return shared_yard(database_kind)
