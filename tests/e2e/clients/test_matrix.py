"""The matrix covers what it says, and its page says what it is."""

from itertools import product

import pytest
from tests.e2e.clients.installers import INSTALLERS
from tests.e2e.clients.matrix import PLACES, Action, Client, cells
from tests.e2e.clients.page import FILE, INSTALLING, PUBLISHING, page
from tests.e2e.clients.publishers import PUBLISHERS

TABLES = [(PUBLISHERS, PUBLISHING), (INSTALLERS, INSTALLING)]


@pytest.mark.parametrize(("clients", "actions"), TABLES, ids=["publishing", "installing"])
def test_every_run_meets_every_pair(clients: tuple[Client, ...], actions: list[Action]) -> None:
    """Each client and each action with each visibility and each kind of token, and those two."""
    run = [
        (cell, action) for action in actions for cell, covers in cells(clients, action) if covers
    ]

    met = {
        pair
        for cell, action in run
        for pair in product((str(cell.client), action), (cell.visibility, cell.token))
    }
    values = {value for place in PLACES for value in place}
    assert met == set(product([*map(str, clients), *actions], values))
    assert {(cell.visibility, cell.token) for cell, _ in run} == set(PLACES)


@pytest.mark.parametrize(("clients", "actions"), TABLES, ids=["publishing", "installing"])
def test_every_client_does_everything_or_says_why_not(
    clients: tuple[Client, ...], actions: list[Action]
) -> None:
    for client, action in product(clients, actions):
        found = [cell for cell, _ in cells(clients, action) if cell.client is client]
        assert len(found) == (0 if action in client.cannot else 6)
        assert client.cannot.get(action, "a reason").strip()


def test_the_page_is_the_tables() -> None:
    assert FILE.read_text() == page(), "run make clients-matrix"
