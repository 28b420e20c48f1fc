"""`wheelyard-admin maintenance`, `reconcile`, `gc` and `repair`."""

from pathlib import Path

import pytest
from tests.integration.admin_cli.conftest import Run, recorded, refused, rows, succeeded
from tests.support.distributions import ADistribution
from tests.support.in_process import in_process

from wheelyard_core.domain.audit import Action


@pytest.mark.usefixtures("migrated")
def test_a_mode_is_set_shown_and_lifted(run: Run) -> None:
    assert rows(succeeded(run("maintenance", "show")))[:2] == [["mode", "open"], ["reason", "-"]]

    said = succeeded(run("maintenance", "set", "read_only", "--reason", "we move"))
    assert said == "The registry is read-only: we move\n"
    shown = rows(succeeded(run("maintenance", "show")))
    assert shown[:2] == [["mode", "read_only"], ["reason", "we move"]]

    assert succeeded(run("maintenance", "set", "open")) == "Everything may change.\n"
    assert rows(succeeded(run("maintenance", "show")))[0] == ["mode", "open"]


@pytest.mark.usefixtures("migrated")
def test_a_mode_and_a_restore_are_recorded_as_acts_of_the_command(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("maintenance", "set", "read_only"))
    succeeded(run("restore", "begin"))

    events = [one.event for one in recorded(settings)]

    acts = [(event.action, event.agent.name) for event in events]
    assert acts == [
        (Action.MODE_CHANGED, "wheelyard-admin"),
        (Action.DATABASE_RESTORED, "wheelyard-admin"),
    ]


@pytest.mark.usefixtures("migrated")
def test_a_mode_that_there_is_not_is_refused_by_a_sentence(run: Run) -> None:
    done = run("maintenance", "set", "closed")

    assert done.exit_code == 2
    assert "'closed' is not one of" in done.stderr


@pytest.mark.usefixtures("migrated")
def test_database_and_object_store_are_held_against_each_other_and_mended(
    run: Run, settings: dict[str, str], tmp_path: Path
) -> None:
    wheel = ADistribution().wheel()
    with in_process(settings) as yard:
        project = yard.seed.project()
        yard.must_publish(project.id, yard.seed.developer_token(project), wheel)
        (key,) = (key for key in yard.registry.blobs.keys("") if "." not in key)
        yard.registry.blobs.delete(key)
    copy = tmp_path / wheel.filename
    copy.write_bytes(wheel.content)

    wrong = run("reconcile")
    assert wrong.exit_code == 1
    assert rows(wrong.stdout)[-1][-1] == key
    assert run("reconcile", "--show").stdout == wrong.stdout
    assert "1 blobs are missing" in refused(run("gc"))

    assert succeeded(run("repair", str(copy))) == f"{copy} is {key} again.\n"
    assert succeeded(run("reconcile", "--read-all")) == "missing  0\norphan   0\ncorrupt  0\n"
    dry = rows(succeeded(run("gc", "--dry-run")))
    assert dry == [["candidates", "0"], ["thrown away 0"], ["bytes", "0"]]
