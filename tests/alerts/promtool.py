"""Runs cases in promtool: Prometheus' own engine, over series that we write."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.alerts.case import Case, Fires
from tests.alerts.rules import Alert, Group, groups_of_files, recorded

_FAILED = re.compile(r'expr: .*?alertname=\\"(\w+)\\"')


def run(
    program: str,
    folder: Path,
    cases: Mapping[str, Sequence[Case]],
    alerts: Iterable[Alert],
    groups: Sequence[Group] = (),
) -> str:
    """Return what promtool says of *alerts*, each tested with the cases of its name's beginning.

    What they ask for is recorded as *groups* say, or else as the files do.
    """
    groups = groups or groups_of_files()
    files = []
    for name, all_of_them in cases.items():
        variants = [alert for alert in alerts if alert.name.partition("_")[0] == name]
        for step in sorted({case.step for case in all_of_them}) if variants else ():
            chosen = [case for case in all_of_them if case.step == step]
            file = folder / f"{name}-{step}.json"
            file.write_text(json.dumps(_test_file(folder, variants, chosen, groups)))
            files.append(file)
    done = subprocess.run(
        [program, "test", "rules", *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=800,
        check=False,
    )
    # Whatever else it complains of would hide what was not tested.
    assert done.returncode == 0 or failed(done.stdout), done.stdout
    return done.stdout


def failed(output: str) -> set[str]:
    """Return the names of the alerts that did otherwise than a case wants."""
    return set(_FAILED.findall(output))


def _test_file(
    folder: Path, alerts: Sequence[Alert], cases: Sequence[Case], groups: Sequence[Group]
) -> dict[str, Any]:
    step = cases[0].step
    rules = folder / f"{alerts[0].name}.rules.json"
    tested = [*recorded(alerts[0], groups), *(alert.as_rule() for alert in alerts)]
    rules.write_text(json.dumps({"groups": [{"name": "tested", "rules": tested}]}))
    return {
        "rule_files": [rules.name],
        "evaluation_interval": f"{step}m",
        "tests": [
            {
                "name": case.what or type(case).__name__,
                "interval": f"{step}m",
                "input_series": [
                    {"series": series, "values": values} for series, values in case.series.items()
                ],
                "promql_expr_test": [look for alert in alerts for look in _looks(alert, case)],
            }
            for case in cases
        ],
    }


def _looks(alert: Alert, case: Case) -> list[dict[str, Any]]:
    firing = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
    if not isinstance(case, Fires):
        # Whether it ever fired.
        window = f"count_over_time({firing}[{case.until + 1}m])"
        return [{"expr": window, "eval_time": f"{case.until}m", "exp_samples": []}]
    labels = {"alertname": alert.name, "alertstate": "firing", "severity": alert.severity}
    pairs = [f"{key}={json.dumps(value)}" for key, value in (labels | dict(case.labels)).items()]
    sample = {"labels": f"ALERTS{{{','.join(pairs)}}}", "value": 1}
    looks: list[dict[str, Any]] = [
        {"expr": firing, "eval_time": f"{case.at}m", "exp_samples": [sample]}
    ]
    if case.at:
        before = f"{case.at - case.step}m"
        looks.append({"expr": firing, "eval_time": before, "exp_samples": []})
    return looks
