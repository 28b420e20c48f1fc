"""The budget of connections: counted by hand, and held to what the chart has by default."""

from pathlib import Path

import yaml
from scripts.budget import Pool, budget, parts_of

CHART = Path(__file__).parent.parent.parent / "charts" / "wheelyard" / "values.yaml"
OPERATIONS = CHART.parent.parent.parent / "docs" / "OPERATIONS.md"


def test_a_budget_counts_what_threads_may_hold_during_a_roll_out() -> None:
    found = budget(parts_of({"api": 2, "indexer": 3, "worker": 1}), Pool(5, 10))

    assert dict(found.lines) == {
        "api": 45,
        "indexer": 60,
        "worker": 10,
        "index-worker": 10,
        "maintenance-worker": 6,
        "scheduler": 3,
        "migration, exporter, a person": 5,
    }
    assert (found.total, found.max_connections) == (139, 174)


def test_the_charts_defaults_have_the_budget_that_the_page_says() -> None:
    values = yaml.safe_load(CHART.read_text())
    pool = Pool(**values["externalDatabase"]["pool"])
    replicas = dict.fromkeys(("api", "indexer", "worker", "index-worker"), 2)

    usual, small = budget(parts_of(replicas), pool), budget(parts_of(replicas), Pool(pool.size, 0))

    page = OPERATIONS.read_text()
    assert (
        f"at most {usual.total} connections, so `max_connections` of {usual.max_connections}"
        in page
    )
    assert f"`max_connections` of {small.max_connections}" in page
