"""What a scrape costs: bounded by the code, whatever the processes do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from wheelyard_api.app import create_app as create_api
from wheelyard_core.bootstrap import Registry, make_registry
from wheelyard_core.observability.catalogue import METRICS, Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.settings import read_settings
from wheelyard_indexer.app import create_app as create_indexer

# A scrape that has more is refused whole (`sampleLimit`), so all of a process's metrics are lost.
LIMIT = 5_000
# How an address may end.
_CODES = (200, 201, 304, 400, 401, 403, 404, 409, 500, 503)
_WEB = (Part.EACH, Part.WEB, Part.DATABASE)


def _registry(folder: Path, metrics: Metrics) -> Registry:
    settings = read_settings(
        {
            "WHEELYARD_DATABASE_URL": f"sqlite:///{folder}/none.db",
            "WHEELYARD_BLOBS_DIRECTORY": str(folder / "blobs"),
            "WHEELYARD_BROKER_URL": "redis://127.0.0.1:9/0",
            "WHEELYARD_CACHE_URL": "redis://127.0.0.1:9/0",
            "WHEELYARD_TOKEN_PEPPER": "pepper",
        }
    )
    return make_registry(settings, "test", metrics=metrics)


def _series(metrics: Metrics) -> int:
    return sum(line[0] != "#" for line in metrics.exposition().decode().splitlines())


@pytest.mark.parametrize(
    ("service", "parts", "create"),
    [
        ("api", (*_WEB, Part.API), create_api),
        ("indexer", (*_WEB, Part.INDEXER, Part.RENDERING), create_indexer),
    ],
    ids=["api", "indexer"],
)
def test_a_process_whose_every_address_ended_in_every_way_can_be_scraped(
    tmp_path: Path, service: str, parts: tuple[Part, ...], create: Callable[[Registry], Flask]
) -> None:
    metrics = Metrics(service, parts)
    registry = _registry(tmp_path, metrics)
    for rule in create(registry).url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for code in _CODES:
                metrics.observe_request(service, rule.rule, method, code, 0.1)
    registry.close()

    assert _series(metrics) < LIMIT


@pytest.mark.parametrize("parts", [(Part.EACH, Part.TASKS, Part.RENDERING), tuple(Part)])
def test_what_is_not_of_addresses_is_little(parts: tuple[Part, ...]) -> None:
    assert _series(Metrics("x", parts)) < LIMIT / 9


def test_no_label_tells_replicas_apart() -> None:
    """The scrape adds who was scraped; a name of ours would leave a series behind at each roll."""
    labels = {label.name for metric in METRICS.values() for label in metric.labels}

    assert not labels & {"pid", "host", "hostname", "instance", "pod", "replica", "worker"}
