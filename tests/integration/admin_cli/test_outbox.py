"""Work that was set aside: looked at, offered again, thrown away."""

import time

import pytest
from tests.integration.admin_cli.conftest import Run, recorded, rows, succeeded
from tests.support.distributions import ADistribution
from tests.support.in_process import in_process

from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.work import Task
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.sweep import sweep_outbox

pytestmark = pytest.mark.integration


def set_aside(settings: dict[str, str], task: Task, **arguments: str | int) -> int:
    registry = make_registry(read_settings(settings), "test")
    with registry.database.begin() as uow:
        uow.outbox.promise(task, **arguments)
        number = uow.outbox.promised[0].message_id
        uow.outbox.set_aside(number, "ValueError: no\ngood")
        uow.outbox.promised.clear()
        uow.commit()
    registry.close()
    return number


@pytest.mark.usefixtures("migrated")
def test_work_that_was_set_aside_is_listed_shown_and_offered_again(
    run: Run, settings: dict[str, str]
) -> None:
    numbers = [set_aside(settings, Task.INDEX, project_id=1, package="demo") for _ in range(3)]

    listed = rows(succeeded(run("outbox", "list")))
    assert listed[:2] == [["waiting", "0"], ["set aside", "3"]]
    assert listed[-1] == [str(numbers[2]), "index", "0", "ValueError: no good"]
    shown = succeeded(run("outbox", "show", str(numbers[0])))
    assert 'arguments   {"project_id": 1, "package": "demo"}' in shown

    assert "Offered 1 message" in succeeded(run("outbox", "replay", str(numbers[0])))
    assert rows(succeeded(run("outbox", "list")))[:2] == [["waiting", "1"], ["set aside", "2"]]
    assert "Offered 2 messages" in succeeded(run("outbox", "replay", "--all"))
    assert succeeded(run("outbox", "list")) == "waiting    3\nset aside  0\n"


@pytest.mark.usefixtures("migrated")
def test_a_discard_wants_to_be_confirmed(run: Run, settings: dict[str, str]) -> None:
    number = str(set_aside(settings, Task.INDEX, project_id=1, package="demo"))

    assert run("outbox", "discard", number, input="n\n").exit_code == 1
    assert len(rows(succeeded(run("outbox", "list")))) > 2
    succeeded(run("outbox", "discard", number, input="y\n"))
    [event] = recorded(settings)
    assert (event.event.action, event.event.agent.name) == ("work_discarded", "wheelyard-admin")
    assert event.event.details["message_id"] == int(number)
    assert succeeded(run("outbox", "list")) == "waiting    0\nset aside  0\n"


@pytest.mark.usefixtures("migrated")
def test_a_file_whose_verification_is_discarded_gives_its_name_and_bytes_back(
    run: Run, settings: dict[str, str]
) -> None:
    with in_process(settings | {"WHEELYARD_VERDICT_SECONDS": "0"}) as yard:
        project = yard.seed.project()
        token = yard.seed.developer_token(project)
        with yard.hand.resting() as promised:
            accepted = yard.publish(project.id, ADistribution().wheel(), token)
            assert accepted.status_code == 202
            with yard.registry.database.begin() as uow:
                [waiting] = promised
                uow.outbox.set_aside(waiting.message_id, "ValueError: no good")
                uow.commit()
        succeeded(run("outbox", "discard", str(waiting.message_id), "--yes"))
        status = yard.ask("GET", accepted.headers["Location"], token).get_json()
        assert status["status"] == "rejected"
        assert "upload it again" in status["errors"][0]
        deadline = time.monotonic() + 10
        while list(yard.registry.blobs.keys("files/")) and time.monotonic() < deadline:
            time.sleep(0.1)
            sweep_outbox(yard.registry.database, yard.hand)
        assert list(yard.registry.blobs.keys("files/")) == []
        other = ADistribution().with_payload(b"x = 1\n").wheel()
        assert yard.publish(project.id, other, token).status_code in {201, 202}
