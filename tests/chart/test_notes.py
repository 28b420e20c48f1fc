"""What helm says when it has installed."""

import pytest
from tests.support.chart import Chart, values_of


def notes(chart: Chart, name: str, *sets: str) -> str:
    arguments = [part for one in sets for part in ("--set-json", one)]
    done = chart.run(
        *("install", "yard", str(chart.chart), "--dry-run=client", "--namespace", "packages"),
        *("--values", str(values_of(name)), *arguments),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:\n")[2]


def test_the_notes_say_how_to_begin_and_no_secret(chart: Chart) -> None:
    text = notes(chart, "default")

    exec_ = "kubectl -n packages exec deploy/yard-wheelyard-api -c api --"
    assert f"{exec_} wheelyard-admin user create alice --admin" in text
    assert "twine upload --repository-url https://packages.example.com/team/app/legacy" in text
    assert "pip install --index-url https://packages.example.com/team/app/simple/" in text
    assert 'TOKEN: $TOKEN" https://packages.example.com/api/v4/projects -d name=app' in text
    assert "helm -n packages test yard" in text
    assert "db.example.com" in text
    assert "passwords are known" not in text


def test_the_notes_warn_of_what_is_for_a_try(chart: Chart) -> None:
    text = notes(chart, "dev")

    for words in (
        *("passwords are known to everybody", "a store that restarts is empty"),
        *("publicUrl is not https", "api: one pod; a restart is an outage", "backs nothing up"),
    ):
        assert words in text
    assert "wheelyard-dev-secret" not in text


@pytest.mark.parametrize("name", ["minimal"])
def test_the_notes_fit_what_was_left_out(name: str, chart: Chart) -> None:
    text = notes(chart, name)

    assert "as in the Secret wheelyard" in text
    assert "migrations.enabled is false" in text
    assert "networkPolicy.enabled is false" in text
