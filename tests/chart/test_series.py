"""What a scrape of a whole deployment costs: fewer than 5,000 series with twenty replicas."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from tests.support.chart import Rendered
from tests.support.in_process import environment

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.queue import QUEUE_OF
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.audit import Action
from wheelyard_core.observability.catalogue import METRICS, Kind, Metric, Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.settings import read_settings
from wheelyard_indexer.app import create_app as create_indexer

REPLICAS, MOST = 20, 5_000
_WEB = (Part.EACH, Part.WEB, Part.DATABASE)
_PARTS: Mapping[str, tuple[Part, ...]] = {
    "api": (*_WEB, Part.API, Part.AUDITED),
    "indexer": (*_WEB, Part.INDEXER, Part.RENDERING),
    "worker-verify": (Part.EACH, Part.TASKS, Part.AUDITED),
    "worker-maintenance": (Part.EACH, Part.TASKS, Part.AUDITED),
    "worker-index": (Part.EACH, Part.TASKS, Part.AUDITED, Part.RENDERING),
    "scheduler": (Part.EACH, Part.SCHEDULER, Part.DATABASE),
}
_APPS: Mapping[str, Callable[..., Flask]] = {"api": create_api, "indexer": create_indexer}
# What a label has where nothing but the process that shows it closes it.
_OPEN: Mapping[str, int] = {"job_name": 8, "target": 2}
# What of the store a process asks for, by who calls it (usecases, wheelyard_indexer.files).
_STORE: Mapping[str, tuple[str, ...]] = {
    "api": ("put", "head", "delete"),
    "indexer": ("get", "head"),
    "worker-verify": ("put", "get", "head", "delete"),
    "worker-maintenance": ("get", "head", "list", "delete"),
    "scheduler": ("delete",),
}
# The acts that workers record; all others are requests.
_ACTS = (Action.FILE_PUBLISHED.value, Action.PACKAGE_OVERLAP.value)


def deployment(rendered: Rendered) -> dict[str, int]:
    """Return how many pods of each component there are when there are twenty that show figures."""
    scalers = {**rendered.of("HorizontalPodAutoscaler"), **rendered.of("ScaledObject")}
    replicas, most = {}, {}
    for name, one in rendered.of("Deployment").items():
        scaler: Any = scalers.get(name, {}).get("spec", {})
        least = scaler.get("minReplicas") or scaler.get("minReplicaCount")
        replicas[name] = least or one["spec"]["replicas"]
        most[name] = scaler.get("maxReplicas") or scaler.get("maxReplicaCount") or replicas[name]
    # nginx has none.
    del replicas["gateway"]
    while sum(replicas.values()) < REPLICAS:
        # As load grows: whoever has the fewest of what it may have is next.
        growing = [name for name in replicas if replicas[name] < most[name]]
        replicas[min(growing, key=lambda name: replicas[name] / most[name])] += 1
    return replicas


def made(name: str) -> Metrics:
    queue = name.removeprefix("worker-")
    tasks = [task.value for task, by in QUEUE_OF.items() if by == queue]
    return Metrics(name, _PARTS[name], only={"task": tasks} if name.startswith("worker-") else None)


def ask_everything(metrics: Metrics, name: str, folder: Path) -> None:
    """Have every address asked once, and everything else that the process does happen once."""
    url = f"sqlite:///{folder}/none.db"
    settings = read_settings(environment(folder, url, "redis://127.0.0.1:9"))
    registry = make_registry(settings, "test", metrics=metrics)
    rules = _APPS[name](registry).url_map.iter_rules() if name in _APPS else ()
    for rule in rules:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            metrics.observe_request(name, rule.rule, method, 200, 0.1)
    registry.close()
    for metric in METRICS.values():
        if metric.part in _PARTS[name] and not metric.name.startswith("wheelyard_http_"):
            happen(metrics, metric, name)


def happen(metrics: Metrics, metric: Metric, name: str) -> None:
    """Have each thing that a process may do and that *metric* tells of happen once."""
    queue = name.removeprefix("worker-")
    only: dict[str, tuple[str, ...]] = {
        "task": tuple(task.value for task, by in QUEUE_OF.items() if by == queue),
        "queue": (queue,),
    }
    if metric.name.startswith("wheelyard_storage_"):
        only["operation"] = _STORE.get(name, ())
    if name.startswith("worker-"):
        only["action"] = _ACTS if queue == "verify" else ()
    for label_values in metric.label_sets_of(only) if metric.labels else [()]:
        if metric.kind is Kind.HISTOGRAM:
            metrics.observe(metric.name, 0.1, *label_values)
        elif metric.kind is Kind.COUNTER and "" not in label_values:
            metrics.count(metric.name, *label_values)


def gauges(metric: Metric) -> int:
    """Return how many series a gauge that is read when it is scraped may have."""
    found = 1
    for label in metric.labels:
        found *= len(label.values) or _OPEN.get(label.name, 1)
    return found


def series(metrics: Metrics, name: str) -> int:
    lines = metrics.exposition().decode().splitlines()
    read = [m for m in METRICS.values() if m.kind is Kind.GAUGE and m.part in _PARTS[name]]
    return sum(line[0] != "#" for line in lines) + sum(map(gauges, read))


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "after each kind of request"])
def test_twenty_replicas_show_fewer_than_five_thousand_series(
    busy: bool, examples: dict[str, Rendered], tmp_path: Path
) -> None:
    replicas = deployment(examples["ha"])
    assert sum(replicas.values()) == REPLICAS
    assert replicas.keys() == _PARTS.keys()

    each = {}
    for name in replicas:
        metrics = made(name)
        if busy:
            ask_everything(metrics, name, tmp_path)
        each[name] = series(metrics, name)

    total = sum(each[name] * count for name, count in replicas.items())
    assert total < MOST, {name: (count, each[name]) for name, count in replicas.items()}
