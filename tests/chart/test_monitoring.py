"""Rules and dashboards are files of the chart, and come out as they are but for what values say."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.chart import CHART, Chart, Rendered

_ON = ["metrics.prometheusRule.enabled=true", "metrics.dashboards.enabled=true"]
_RULES = """\
groups:
  - name: pages
    rules:
      - record: wheelyard:pages:rate5m
        expr: sum(rate(wheelyard_index_requests_total[5m]))
      - alert: PagesStale
        expr: max(wheelyard_index_staleness_seconds) > 120
        for: 5m
        labels: {severity: critical}
        annotations: {summary: "{{ $value }} seconds behind on {{ $labels.pod }}"}
      - alert: PodsRestart
        expr: sum by (pod) (increase(kube_restarts_total{pod=~".*wheelyard.*-api.*"}[1h])) > 3
      - alert: PagesWrong
        expr: max(a) > 1 and max(b) > 2 or vector(0)
  - name: other
    rules:
      - {alert: OtherThing, expr: "a == 0", labels: {severity: warning}}
"""


@pytest.fixture(scope="session")
def watched(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """The chart with a file of rules and a dashboard of this test's own."""
    copy = tmp_path_factory.mktemp("chart") / "wheelyard"
    shutil.copytree(CHART, copy)
    for folder in ("rules", "dashboards"):
        shutil.rmtree(copy / folder, ignore_errors=True)
        (copy / folder).mkdir()
    (copy / "rules" / "pages.yaml").write_text(_RULES)
    dashboard = {"uid": "own", "title": "{{ release }}", "panels": [{"expr": "rate(a[5m]) > 1"}]}
    (copy / "dashboards" / "own.json").write_text(json.dumps(dashboard))
    return Chart(chart.helm, copy)


def groups(rendered: Rendered, name: str = "pages") -> Any:
    return rendered.of("PrometheusRule")[name]["spec"]["groups"]


def rules(rendered: Rendered, name: str = "pages") -> dict[str, Any]:
    return {
        rule.get("alert") or rule["record"]: rule
        for group in groups(rendered, name)
        for rule in group["rules"]
    }


def test_rules_and_dashboards_arrive_as_they_are_but_for_the_release_s_names(
    watched: Chart,
) -> None:
    rendered = watched.render("default", sets=_ON)

    own = (
        _RULES.replace("total[5m]", 'total{namespace="packages"}[5m]')
        .replace("seconds)", 'seconds{namespace="packages"})')
        .replace('{pod=~".*wheelyard.*', '{namespace="packages",pod=~"yard-wheelyard.*')
    )
    assert groups(rendered) == yaml.safe_load(own)["groups"]
    (dashboard,) = rendered.of("ConfigMap")["dashboard-own"]["data"].items()
    assert dashboard[0] == "own.json"
    assert json.loads(dashboard[1])["title"] == "{{ release }}"
    assert (
        rendered.of("ConfigMap")["dashboard-own"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    )


def test_rules_are_left_out_and_changed_by_their_names(watched: Chart) -> None:
    given = "metrics.prometheusRule"
    rendered = watched.render(
        "default",
        sets=[
            *_ON,
            f'{given}.excludeRules=["OtherThing"]',
            f'{given}.overrides.PagesStale={{"for": "1m", "severity": "page"}}',
            f"{given}.overrides.PagesStale.threshold=2000000",
            f'{given}.runbookBaseUrl="https://runbooks.example.com/"',
            f'{given}.labels={{"release": "prometheus"}}',
        ],
    )

    assert [group["name"] for group in groups(rendered)] == ["pages"]
    stale = rules(rendered)["PagesStale"]
    assert stale["for"] == "1m"
    assert stale["labels"] == {"severity": "page"}
    assert stale["expr"].endswith(") > 2000000")
    assert stale["annotations"] == {
        "summary": "{{ $value }} seconds behind on {{ $labels.pod }}",
        "runbook_url": "https://runbooks.example.com/PagesStale.md",
    }
    assert "annotations" not in rules(rendered)["wheelyard:pages:rate5m"]
    assert rendered.of("PrometheusRule")["pages"]["metadata"]["labels"]["release"] == "prometheus"


def test_a_threshold_that_is_not_at_the_end_is_refused(watched: Chart) -> None:
    refusal = watched.refusal(
        "default", sets=[*_ON, "metrics.prometheusRule.overrides.PagesWrong.threshold=3"]
    )

    assert "PagesWrong.threshold: its expression does not end with a number" in refusal


def test_a_rule_that_was_renamed_is_refused(watched: Chart) -> None:
    refusal = watched.refusal(
        "default", sets=[*_ON, 'metrics.prometheusRule.overrides.Gone.for="1m"']
    )

    assert "there is no rule Gone" in refusal


def test_a_queue_whose_workers_may_all_rest_is_not_asked_for(chart: Chart) -> None:
    def asked(minimum: int) -> list[str]:
        keda = f'{{"enabled": true, "minReplicaCount": {minimum}}}'
        rendered = chart.render("default", sets=[*_ON, f"worker.groups.verify.keda={keda}"])
        return re.findall(
            r'absent\(wheelyard_worker_heartbeat_timestamp_seconds{.*?queue="(\w+)"}\)',
            rules(rendered, "publish")["WheelyardWorkersSilent"]["expr"],
        )

    assert asked(1) == ["verify", "index", "maintenance"]
    assert asked(0) == ["index", "maintenance"]


def test_every_file_of_rules_is_an_object(chart: Chart) -> None:
    rendered = chart.render("default", sets=_ON)

    for folder, kind, prefix in (
        ("rules/*.yaml", "PrometheusRule", ""),
        ("dashboards/*.json", "ConfigMap", "dashboard-"),
    ):
        names = {f"{prefix}{path.stem}" for path in Path(CHART).glob(folder)}
        assert names <= rendered.of(kind).keys()


def test_every_pod_with_figures_is_scraped_by_either(chart: Chart) -> None:
    service = chart.render("default", sets=["metrics.serviceMonitor.enabled=true"])
    pod = chart.render("default", sets=["metrics.podMonitor.enabled=true"])

    by_service = service.of("ServiceMonitor")["yard-wheelyard"]["spec"]
    by_pod = pod.of("PodMonitor")["yard-wheelyard"]["spec"]

    found = [
        one
        for one in service.of("Service").values()
        if by_service["selector"]["matchLabels"].items() <= one["metadata"]["labels"].items()
    ]
    assert [one["metadata"]["name"] for one in found] == ["yard-wheelyard-metrics"]
    selectors = (found[0]["spec"]["selector"], by_pod["selector"]["matchLabels"])
    for name, template in pod.pods():
        if name.startswith("Deployment/"):
            for selector in selectors:
                assert selector.items() <= template["metadata"]["labels"].items(), name
    assert (
        by_service["endpoints"][0]["honorLabels"] is by_pod["podMetricsEndpoints"][0]["honorLabels"]
    )
    assert by_service["sampleLimit"] == by_pod["sampleLimit"] == 5000
