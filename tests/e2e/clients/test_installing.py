"""What installing clients do and print, and what they ask."""

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.installers import INSTALLERS, Installer
from tests.e2e.clients.matrix import Action, Cell, each
from tests.support.distributions import ADistribution

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@each(INSTALLERS, Action.INSTALL)
def test_what_is_published_is_installed(cell: Cell[Installer], desk: Desk) -> None:
    desk.has(ADistribution())

    cell.client.install(desk, "demo").succeeded()

    assert desk.installed("demo") == "1.0"
    assert [each.status for each in desk.asked("GET", ".whl")] == [200]
