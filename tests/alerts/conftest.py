"""The tools of Prometheus, and the rules as a release has them."""

import shutil

import pytest
from tests.alerts.rules import Group
from tests.support.chart import Chart, find_helm
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without


@pytest.fixture(scope="session")
def promtool(machine: Machine) -> str:
    """Its path."""
    found = shutil.which("promtool")
    if found is None:
        without(Missing("promtool", ["on PATH"]), required=machine.requires_all)
    return found


@pytest.fixture(scope="session")
def released(machine: Machine) -> list[Group]:
    """The groups of rules that the chart makes for a release."""
    try:
        chart = Chart(find_helm(machine))
    except Missing as missing:
        without(missing, required=machine.requires_all)
    rendered = chart.render("default", sets=["metrics.prometheusRule.enabled=true"])
    return [
        group
        for rules in rendered.of("PrometheusRule").values()
        for group in rules["spec"]["groups"]
    ]
