"""The tools of Prometheus."""

import shutil

import pytest
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without


@pytest.fixture(scope="session")
def promtool(machine: Machine) -> str:
    """Its path."""
    found = shutil.which("promtool")
    if found is None:
        without(Missing("promtool", ["on PATH"]), required=machine.requires_all)
    return found
