"""What a query asks for: metrics, and labels with their values; compared with the catalogue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.alerts.rules import recorded_names

from wheelyard_core.observability.catalogue import METRICS, Kind, Label

# What a scrape adds to every series.
_TARGET = frozenset({"job", "instance", "namespace", "release", "pod", "container"})
# Of the exporters of others: Prometheus itself, kube-state-metrics, postgres_exporter,
# redis_exporter, cert-manager, and of every process that shows metrics.
FOREIGN = frozenset(
    {
        "up",
        "scrape_samples_scraped",
        "kube_job_status_failed",
        "kube_job_status_succeeded",
        "kube_pod_container_status_restarts_total",
        "kube_pod_container_status_last_terminated_reason",
        "kube_horizontalpodautoscaler_status_current_replicas",
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "pg_stat_activity_count",
        "pg_settings_max_connections",
        "redis_memory_used_bytes",
        "redis_memory_max_bytes",
        "redis_evicted_keys_total",
        "redis_rdb_last_bgsave_status",
        "redis_aof_last_write_status",
        "certmanager_certificate_expiration_timestamp_seconds",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "ALERTS",
    }
)
_WORDS = frozenset(
    [
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "and",
        "or",
        "unless",
        "offset",
        "bool",
        "sum",
        "max",
        "min",
        "avg",
        "count",
        "topk",
        "rate",
        "irate",
        "increase",
        "deriv",
        "histogram_quantile",
        "absent",
        "time",
        "vector",
        "label_replace",
        "clamp_min",
        "sort_desc",
        "scalar",
        "stddev",
        "quantile",
        "avg_over_time",
        "max_over_time",
    ]
)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Matcher:
    metric: str
    label: str
    values: frozenset[str]


def metrics_in(query: str) -> set[str]:
    """Return the names of the metrics that a query asks for."""
    bare = re.sub(r"\{[^}]*\}", "", _STRING.sub('""', query))
    bare = re.sub(r"\[[^\]]*\]", "", _GROUPING.sub(" ", bare))
    bare = re.sub(r"\boffset\s+\w+", "", bare)
    names = set(re.findall(r"(?<![\w.$])[a-zA-Z_:][\w:]*", bare))
    return names - _WORDS


def matchers_in(query: str) -> Iterator[Matcher]:
    """Yield what a query wants labels to be, as far as it wants certain values."""
    for metric, inside in _SELECTOR.findall(query):
        for label, sign, text in _MATCHER.findall(inside):
            certain = sign in {"=", "!="} or re.fullmatch(r"[\w|]+", text)
            values = frozenset(text.split("|")) if certain and "$" not in text else frozenset()
            yield Matcher(metric, label, values)


def selectors_in(query: str) -> Iterator[tuple[str, str]]:
    """Yield each metric that a query asks for, as often as it does, with its matchers."""
    names = metrics_in(query)
    for name, inside in re.findall(r"(?<![\w:])([a-zA-Z_:][\w:]*)(\{[^}]*\})?", query):
        if name in names:
            yield name, inside


def base(metric: str) -> str:
    """Return the name that a histogram's series have in the catalogue."""
    found = re.fullmatch(r"(\w+)_(bucket|count|sum)", metric)
    name = found[1] if found else metric
    return name if name in METRICS and METRICS[name].kind is Kind.HISTOGRAM else metric


def complaints(query: str) -> list[str]:
    """Return what of a query does not exist."""
    known = METRICS.keys() | FOREIGN | recorded_names()
    found = [f"no metric {name}" for name in metrics_in(query) if base(name) not in known]
    for matcher in matchers_in(query):
        metric = METRICS.get(base(matcher.metric))
        if metric is None or matcher.label in _TARGET | {"le"}:
            continue
        label = next((it for it in metric.labels if it.name == matcher.label), None)
        if label is None:
            found.append(f"{matcher.metric} has no label {matcher.label}")
        elif label.values and not matcher.values <= set(label.values):
            found.append(f"{matcher.metric}: {_wrong(matcher, label)}")
    return found


def _wrong(matcher: Matcher, label: Label) -> str:
    return f"{label.name} is never {', '.join(sorted(matcher.values - set(label.values)))}"
