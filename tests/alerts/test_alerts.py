"""Every alert fires when it must, is silent when it must, and no number in it is without a case."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.alerts.case import Case, Fires, Silent
from tests.alerts.cases import CASES
from tests.alerts.promtool import failed, run
from tests.alerts.rules import ALERTS, FILES, Alert

BY_NAME: dict[str, list[Case]] = {
    name: [case for case in CASES if case.alert == name] for name in ALERTS
}


def test_promtool_accepts_the_rules(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", "--lint-fatal", *map(str, FILES)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_an_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(alert: Alert) -> None:
    assert {type(case) for case in BY_NAME[alert.name]} == {Fires, Silent}


def test_every_case_is_of_an_alert_that_exists() -> None:
    assert {case.alert for case in CASES} <= set(ALERTS)


@pytest.mark.timeout(400)
def test_every_alert_fires_to_the_minute_and_only_when_it_must(
    promtool: str, tmp_path: Path
) -> None:
    said = run(promtool, tmp_path, BY_NAME, ALERTS.values())

    assert failed(said) == set(), said


_NUMBER = re.compile(
    r"(?<![\w.\"\[{:(])(?<!vector\()\d+(?:\.\d+)?(?![\w.\]\"])|(?<=\()\d+(?:\.\d+)?(?= \*)"
)
_OPERATOR = re.compile(r" (==|>|<|and|or|unless) ")
_OTHERWISE = {"==": "!=", ">": "<", "<": ">", "and": "or", "or": "and", "unless": "and"}


def _other_numbers(number: float) -> tuple[float, float]:
    if number == 0:
        return 5, -1
    if number <= 5 and number == int(number):
        return number + 1, number - 1
    return number * 1.2, number * 0.8


def _mutants(alert: Alert) -> Iterator[Alert]:
    expr = alert.expr
    for found in _NUMBER.finditer(expr):
        for number in _other_numbers(float(found[0])):
            yield replace(alert, expr=f"{expr[: found.start()]}{number:g}{expr[found.end() :]}")
    for found in _OPERATOR.finditer(expr):
        other = _OTHERWISE[found[1]]
        yield replace(alert, expr=f"{expr[: found.start()]} {other} {expr[found.end() :]}")
    pause = int(alert.after.removesuffix("m").removesuffix("h"))
    yield replace(alert, after=f"{pause + 1}{alert.after[-1]}")


def _survivors(promtool: str, folder: Path, names: list[str]) -> dict[str, str]:
    """Change each number and each word in turn; return what no case finds to be wrong."""
    mutants = [
        replace(mutant, name=f"{name}_{number}")
        for name in names
        for number, mutant in enumerate(_mutants(ALERTS[name]))
    ]
    # As it is: were it refused, the others would prove nothing.
    same = [replace(ALERTS[name], name=f"{name}_same") for name in names]
    cases = {name: BY_NAME[name] for name in names}

    broken = failed(run(promtool, folder, cases, [*mutants, *same]))

    assert len(mutants) > 2 * len(names)
    assert not broken & {alert.name for alert in same}
    return {mutant.name: mutant.expr for mutant in mutants if mutant.name not in broken}


@pytest.mark.timeout(400)
def test_every_number_and_every_word_of_an_alert_is_held_by_a_case(
    promtool: str, tmp_path: Path
) -> None:
    assert _survivors(promtool, tmp_path, [name for name in ALERTS if "Burn" not in name]) == {}


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in ALERTS if "Burn" in name])
def test_every_number_and_every_word_of_a_budget_is_held_by_a_case(
    promtool: str, tmp_path: Path, name: str
) -> None:
    assert _survivors(promtool, tmp_path, [name]) == {}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_the_words_of_an_alert_name_only_labels_that_it_has(alert: Alert) -> None:
    assert alert.annotations.keys() == {"summary", "description", "runbook_url"}
    words = alert.annotations["summary"] + alert.annotations["description"]
    named = set(re.findall(r"\$labels\.(\w+)", words))

    for case in BY_NAME[alert.name]:
        if isinstance(case, Fires):
            assert named <= set(case.labels)
