"""What clients do that publish, what they print, and what they ask for."""

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Action, Cell, each
from tests.e2e.clients.publishers import PUBLISHERS, Publisher
from tests.support.distributions import ADistribution
from tests.support.seed import Seed

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution()


def answers(cell: Cell[Publisher], desk: Desk) -> list[int]:
    """Return the status of each upload; that nothing else was asked is asserted."""
    uploads = f"{desk.project}/packages/pypi"
    others = [each for each in desk.tap.exchanges if each.method != "POST"]
    assert {each.target for each in desk.asked("POST")} == {uploads}
    assert {(each.target, each.status) for each in others} <= {
        (f"{uploads}{cell.client.also_asks}", 404)
    }
    return [each.status for each in desk.asked("POST")]


@each(PUBLISHERS, Action.PUBLISH)
def test_what_is_new_is_published(cell: Cell[Publisher], desk: Desk) -> None:
    cell.client.has(desk, DEMO)

    cell.client.publish(desk).succeeded()

    assert answers(cell, desk) == [201, 201]
    assert desk.listed("demo") == {DEMO.wheel().filename, DEMO.sdist().filename}


@each(PUBLISHERS, Action.AGAIN)
def test_the_same_again_is_a_success(cell: Cell[Publisher], desk: Desk) -> None:
    cell.client.has(desk, DEMO)
    cell.client.publish(desk).succeeded()

    cell.client.publish(desk).succeeded()

    assert answers(cell, desk) == [201, 201, 200, 200]


@each(PUBLISHERS, Action.OTHER_BYTES)
def test_other_bytes_of_a_name_are_refused_in_words(cell: Cell[Publisher], desk: Desk) -> None:
    cell.client.has(desk, DEMO)
    cell.client.publish(desk).succeeded()
    cell.client.has(desk, DEMO.with_payload(b"OTHER = True\n"))

    refused = cell.client.publish(desk).failed()

    assert "File already exists: demo-1.0" in refused.output
    assert "has already been taken; choose a new version or build number" in refused.output
    assert answers(cell, desk) == [201, 201, 400]


@each(PUBLISHERS, Action.INVALID)
def test_what_is_wrong_inside_a_file_is_printed(cell: Cell[Publisher], desk: Desk) -> None:
    cell.client.has(desk, DEMO.with_entry_points("[console_scripts]\n../evil = demo:main\n"))

    refused = cell.client.publish(desk).failed()

    assert (
        "the entry point '../evil' in console_scripts has a name that is a path" in refused.output
    )
    # Some begin with the sdist, whose entry points nobody knows yet.
    assert answers(cell, desk)[-1] == 400
    assert DEMO.wheel().filename not in desk.listed("demo")


@each(PUBLISHERS, Action.UNWELCOME)
def test_why_a_token_is_refused_is_printed(cell: Cell[Publisher], desk: Desk, seed: Seed) -> None:
    cell.client.has(desk, DEMO)
    seed.revoked(desk.secret)

    refused = cell.client.publish(desk).failed()

    assert "The token was revoked" in refused.output
    assert desk.secret not in refused.output
    assert answers(cell, desk) == [401]
    assert desk.listed("demo") == set()
