"""`wheelyard-admin maintenance`: what may change."""

import pytest
from tests.integration.admin_cli.conftest import Run, rows, succeeded


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
def test_a_mode_that_there_is_not_is_refused_by_a_sentence(run: Run) -> None:
    done = run("maintenance", "set", "closed")

    assert done.exit_code == 2
    assert "'closed' is not one of" in done.stderr
