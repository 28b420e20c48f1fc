"""Coverage is taken of the tests that are meant to give it: it doubles what a test costs."""

from collections.abc import Generator, Iterable
from importlib import import_module
from pkgutil import walk_packages

import pytest
from coverage import Coverage

# What drives other processes covers nothing; a twin on PostgreSQL covers what its first one did;
# and what these read or delete is covered by what publishes it, but for groups' pages.
_FOLDERS = ("unit", "contract", "integration")
_COVERED = {
    *("indexer", "packages", "invariants"),
    *("test_odd_text.py", "test_races.py", "test_named_releases.py", "test_new_peppers.py"),
}
# Nor does the hundred thousandth time cover what the first one does not.
_REPEATED = (
    "[sdist: too many members]",
    "[sdist: pax records by the million]",
    "[wheel: RECORD of too many rows]",
    "::test_more_members_than_plain_zip_counts_pass",
)


class Measuring:
    """Pauses coverage, where it runs at all, during every other test and what it sets up."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Collect the tests unmeasured, once what is measured is loaded: it takes half the time."""
        coverage = Coverage.current()
        if coverage is None:
            return (yield)
        packages = coverage.get_option("run:source_pkgs")
        assert isinstance(packages, list)
        _load(packages)
        coverage.stop()
        try:
            return (yield)
        finally:
            coverage.start()

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
    folder, *below = item.path.relative_to(item.config.rootpath / "tests").parts
    if folder not in _FOLDERS or _COVERED.intersection(below) or "[postgresql" in item.nodeid:
        return False
    return not item.nodeid.endswith(_REPEATED)


def _load(packages: Iterable[str]) -> None:
    """Import packages with all that is in them: definitions count as covered, too."""
    for package in packages:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
