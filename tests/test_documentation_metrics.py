import re
from pathlib import Path

import pytest

from wheelyard_core.observability.catalogue import METRICS, Kind, Metric, Part
from wheelyard_core.observability.metrics import Metrics

PAGE = Path(__file__).parent.parent / "docs" / "METRICS.md"


def _documented() -> dict[str, str]:
    """Return the rows of the page's table by metric."""
    rows = re.findall(r"^\| `(\w+)` (\|.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a metric is documented twice"
    return dict(rows)


def _row(metric: Metric) -> str:
    labels = ", ".join(
        f"`{label.name}`" + (f" ({', '.join(label.values)})" if label.values else "")
        for label in metric.labels
    )
    dash = "\N{EN DASH}"
    return f"| {metric.kind.value} | {labels or dash} | {metric.part.value} | {metric.text} |"


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    assert set(_documented()) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_is_documented_as_it_is(metric: Metric) -> None:
    assert _documented()[metric.name] == _row(metric)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_name_follows_prometheus_rules(metric: Metric) -> None:
    assert re.fullmatch(r"wheelyard_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
    assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(metric.buckets)


def test_what_a_process_shows_is_in_the_table() -> None:
    shown = Metrics("x", list(Part)).exposition().decode()
    names = set(re.findall(r"^# TYPE (wheelyard_\w+) ", shown, re.MULTILINE))

    assert names <= set(METRICS)
    assert names >= {name for name, metric in METRICS.items() if metric.kind is not Kind.GAUGE}
