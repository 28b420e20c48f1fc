"""The tests themselves."""

from collections import Counter

import pytest


def test_every_test_has_a_name_of_its_own(request: pytest.FixtureRequest) -> None:
    names = Counter(item.nodeid for item in request.session.items)

    # Of those that share one, a run in several processes makes but one, and does not say so.
    assert [name for name, tests in names.items() if tests > 1] == []
