"""Counts and times what happens. One `Metrics` a process, made by its entry point.

A process that forks (Celery's pool) shares values through files; one that does not keeps them in
memory. prometheus_client decides that by an environment variable when it is imported; we decide it
here, by an argument (`shared`), before the first value is made.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from platform import python_version
from typing import Final, TypeAlias, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

import wheelyard_core
from wheelyard_core.observability.catalogue import METRICS, AskedFor, Kind, Metric, Part

Instrument: TypeAlias = Counter | Gauge | Histogram
Made = TypeVar("Made", Counter, Gauge, Histogram)
Read: TypeAlias = Callable[[], Mapping[tuple[str, ...], float]]

UNMATCHED: Final = "unmatched"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What alerts look for from the first one on.
_CODES: Final = (200, 500, 503)


class Observed(Collector):
    """Gauges that are read when somebody asks for them; what cannot be read is left out."""

    def __init__(self) -> None:
        self._reads: dict[str, list[Read]] = {}

    def add(self, name: str, read: Read) -> None:
        """Show the gauge *name*; *read* gives its values by label values, or raises."""
        self._reads.setdefault(METRICS[name].name, []).append(read)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Read every gauge."""
        for name, reads in self._reads.items():
            metric = METRICS[name]
            family = GaugeMetricFamily(
                name, metric.text, labels=[label.name for label in metric.labels]
            )
            for read in reads:
                for label_values, value in _read_or_nothing(read).items():
                    family.add_metric(label_values, value)
            if family.samples:
                yield family


def known_method(method: str) -> str:
    """Return the method where it is one of HTTP's, or `other`: clients write what they like."""
    return method if method in _METHODS else "other"


class Metrics:
    """The metrics of one process. Without *parts* it counts for nobody."""

    def __init__(
        self,
        service: str = "none",
        parts: Collection[Part] = (),
        *,
        shared: bool = False,
        only: Mapping[str, Collection[str]] | None = None,
        revision: str = "unknown",
    ) -> None:
        """Show *parts*; of labels that are named in *only* this process has these values alone."""
        if parts:
            # Also where the variable is set: a process that does not fork needs no files.
            disable_created_metrics()
            values.ValueClass = values.MultiProcessValue() if shared else values.MutexValue
        self.service = service
        self.observed = Observed()
        self.registry = CollectorRegistry()
        self._shown = frozenset(parts)
        self._only = only or {}
        self._made = {
            name: self._make(metric)
            for name, metric in METRICS.items()
            if metric.kind is not Kind.GAUGE or name == "wheelyard_http_requests_in_flight"
        }
        self._requests: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}
        self.observed.add("wheelyard_build_info", lambda: {_build(service, revision): 1.0})
        for kind in _label_values("wheelyard_db_errors_total", "class") if parts else ():
            self._counter("wheelyard_db_errors_total", service, kind)
        if not shared:
            self.registry.register(self.observed)
            ProcessCollector(registry=self.registry)

    def exposition(self) -> bytes:
        """Return everything as Prometheus reads it, of a process that shares no values."""
        return generate_latest(self.registry)

    def observe_request(
        self, service: str, route: str, method: str, status: int, seconds: float
    ) -> None:
        """Count one answered request; *route* is a template, or UNMATCHED."""
        key = (service, route, method, status)
        found = self._requests.get(key)
        if found is None:
            known = known_method(method)
            found = (
                self._counter("wheelyard_http_requests_total", service, route, known, str(status)),
                self._histogram(
                    "wheelyard_http_request_duration_seconds",
                    service,
                    AskedFor.by(service, route, method),
                ),
            )
            if known == method:
                self._requests[key] = found
        found[0].inc()
        found[1].observe(seconds)

    def expect_requests(self, service: str, routes: Iterable[tuple[str, str]]) -> None:
        """Have the counts of routes from the start, where their answers are promised."""
        for route, method in routes:
            if AskedFor.by(service, route, method) is AskedFor.OTHER:
                continue
            for code in _CODES:
                self._counter("wheelyard_http_requests_total", service, route, method, str(code))

    def in_flight(self, service: str) -> Gauge:
        """Return the gauge to raise and lower."""
        return self._child(Gauge, "wheelyard_http_requests_in_flight", service)

    def show_threads(self, limit: int) -> None:
        """Show how many of the threads that answer requests are at work."""
        in_flight = self._made["wheelyard_http_requests_in_flight"]

        def read() -> Mapping[tuple[str, ...], float]:
            busy = sum(sample.value for family in in_flight.collect() for sample in family.samples)
            return {(self.service, "busy"): busy, (self.service, "limit"): float(limit)}

        self.observed.add("wheelyard_http_threads", read)

    def count(self, name: str, *label_values: str, amount: float = 1) -> None:
        """Add to the counter *name*."""
        self._counter(name, *label_values).inc(amount)

    def observe(self, name: str, value: float, *label_values: str) -> None:
        """Add a value to the histogram *name*."""
        self._histogram(name, *label_values).observe(value)

    def count_db_error(self, kind: str) -> None:
        """Count an error of the database by its class."""
        self.count("wheelyard_db_errors_total", self.service, kind)

    def _counter(self, name: str, *label_values: str) -> Counter:
        return self._child(Counter, name, *label_values)

    def _histogram(self, name: str, *label_values: str) -> Histogram:
        return self._child(Histogram, name, *label_values)

    def _child(self, kind: type[Made], name: str, *label_values: str) -> Made:
        made = self._made[name]
        found = made.labels(*label_values) if label_values else made
        if not isinstance(found, kind):
            raise TypeError(f"{name} is no {kind.__name__}")
        return found

    def _make(self, metric: Metric) -> Instrument:
        names = [label.name for label in metric.labels]
        shown = metric.part in self._shown
        registry = self.registry if shown else None
        made: Instrument
        if metric.kind is Kind.COUNTER:
            made = Counter(metric.name, metric.text, names, registry=registry)
        elif metric.kind is Kind.HISTOGRAM:
            made = Histogram(
                metric.name, metric.text, names, registry=registry, buckets=metric.buckets
            )
        else:
            made = Gauge(
                metric.name, metric.text, names, registry=registry, multiprocess_mode="livesum"
            )
        # A time that was never taken is missed by nobody.
        if shown and metric.kind is Kind.COUNTER and metric.expected:
            for label_values in metric.label_sets_of(self._only):
                made.labels(*label_values)
        return made


def _label_values(name: str, label_name: str) -> tuple[str, ...]:
    return next(label.values for label in METRICS[name].labels if label.name == label_name)


def _build(service: str, revision: str) -> tuple[str, ...]:
    return (service, wheelyard_core.__version__, revision, python_version())


def _read_or_nothing(read: Read) -> Mapping[tuple[str, ...], float]:
    try:
        return read()
    except Exception:  # noqa: BLE001  one gauge that cannot be read must not hide the others
        return {}
