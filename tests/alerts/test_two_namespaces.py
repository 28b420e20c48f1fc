"""A Prometheus that watches two Wheelyards: the rules of a release are about its own namespace."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.alerts.case import Case, Fires, Series, Silent
from tests.alerts.cases import CASES, aged, beats, gauge, running
from tests.alerts.promtool import failed, run
from tests.alerts.queries import metrics_in, selectors_in
from tests.alerts.rules import ALERTS, Group, read_alerts
from tests.support.chart import NAMESPACE

# One that has everything that could be absent, be it on one machine or not.
_WELL: Series = {
    **running("api", "indexer", "scheduler", "standalone"),
    **beats({}),
    "wheelyard_beat_last_tick_timestamp_seconds": aged(5),
    "wheelyard_outbox_oldest_age_seconds": gauge(0),
    'wheelyard_queue_messages{queue="verify",state="ready"}': gauge(0),
    'wheelyard_backup_last_success_timestamp_seconds{target="database"}': aged(60),
}
_ELSEWHERE = "staging"
# Exporters that are not ours stand where they like: their series have the namespace of that.
_OURS = re.compile(r"wheelyard[_:]|kube_")


def chosen() -> list[Case]:
    """Return the cases of alerts about ours; of a budget's one, since all its cases take long."""
    ours = [case for case in CASES if any(map(_OURS.match, metrics_in(ALERTS[case.alert].expr)))]
    first: dict[str, Fires] = {}
    for case in ours:
        if "Burn" in case.alert and isinstance(case, Fires):
            first[case.alert] = min(first.get(case.alert, case), case, key=lambda one: one.at)
    return [case for case in ours if "Burn" not in case.alert or case is first[case.alert]]


def within(namespace: str, series: Series) -> Series:
    """Return the series as a scrape shows them from *namespace*."""
    label = f'namespace="{namespace}"'
    found = {}
    for name, values in series.items():
        moved = name.replace('namespace="yard"', label)
        if "namespace=" not in moved:
            metric, _, labels = moved.removesuffix("}").partition("{")
            moved = f"{metric}{{{','.join(filter(None, [label, labels]))}}}"
        found[moved] = values
    return found


def beside_one_that_is_well(case: Case) -> Case:
    """Return the case of this namespace, while another has whatever could be absent."""
    series = {**within(_ELSEWHERE, _WELL), **within(NAMESPACE, case.series)}
    if isinstance(case, Fires):
        return replace(case, series=series, labels={**case.labels, "namespace": NAMESPACE})
    return replace(case, series=series)


def of_another(case: Case) -> Case:
    """Return the case of another namespace, while this one has whatever could be absent."""
    series = {**within(NAMESPACE, _WELL), **within(_ELSEWHERE, case.series)}
    until = case.at if isinstance(case, Fires) else case.until
    return Silent(case.alert, series, until, case.step, case.what)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("changed", [beside_one_that_is_well, of_another])
def test_a_release_alarms_for_its_namespace_and_for_no_other(
    promtool: str, tmp_path: Path, released: list[Group], changed: Callable[[Case], Case]
) -> None:
    alerts = read_alerts(released)
    cases: dict[str, list[Case]] = {}
    for case in chosen():
        cases.setdefault(case.alert, []).append(changed(case))

    said = run(promtool, tmp_path, cases, [alerts[name] for name in cases], released)

    assert {name for name in ALERTS if "absent(" in ALERTS[name].expr} <= cases.keys()
    assert failed(said) == set(), said


def test_every_series_of_ours_is_asked_for_in_the_release_s_namespace(
    released: list[Group],
) -> None:
    for group in released:
        for rule in group["rules"]:
            elsewhere = [
                metric
                for metric, matchers in selectors_in(rule["expr"])
                if _OURS.match(metric) and f'namespace="{NAMESPACE}"' not in matchers
            ]
            assert elsewhere == [], rule
