"""Coverage is taken of the tests that are meant to give it: it doubles what a test costs."""

from collections.abc import Generator

import pytest
from coverage import Coverage

# What drives other processes covers nothing; a twin on PostgreSQL covers what its first one did;
# and what these read or delete is covered by what publishes it, but for groups' pages.
_FOLDERS = ("unit", "contract", "integration")
_COVERED = ("indexer", "packages", "invariants")


class Measuring:
    """Pauses coverage, where it runs at all, during every other test and what it sets up."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a test, measured or not."""
        coverage = None if measured(item) else Coverage.current()
        if coverage is None:
            return (yield)
        coverage.stop()
        try:
            return (yield)
        finally:
            coverage.start()


def measured(item: pytest.Item) -> bool:
    """Tell whether coverage is taken of a test."""
    folder, below, *_ = *item.path.relative_to(item.config.rootpath / "tests").parts, ""
    return folder in _FOLDERS and below not in _COVERED and "[postgresql" not in item.nodeid
