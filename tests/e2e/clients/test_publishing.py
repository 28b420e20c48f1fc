"""What publishing clients do and print, and what they ask."""

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Action, Cell, each
from tests.e2e.clients.publishers import PUBLISHERS, Publisher, lay_out
from tests.support.distributions import ADistribution

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@each(PUBLISHERS, Action.PUBLISH)
def test_what_is_new_is_published(cell: Cell[Publisher], desk: Desk) -> None:
    lay_out(desk.folder, ADistribution())

    cell.client.publish(desk).succeeded()

    assert [each.status for each in desk.asked("POST")] == [201, 201]


@each(PUBLISHERS, Action.OTHER_BYTES)
def test_other_bytes_of_a_name_are_refused_in_words(cell: Cell[Publisher], desk: Desk) -> None:
    lay_out(desk.folder, ADistribution())
    cell.client.publish(desk).succeeded()
    lay_out(desk.folder, ADistribution().with_payload(b"OTHER = True\n"))

    refused = cell.client.publish(desk).failed()

    assert "has already been taken" in refused.output
    assert [each.status for each in desk.asked("POST")] == [201, 201, 400]
