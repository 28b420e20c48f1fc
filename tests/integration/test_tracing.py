"""Spans of one process, as they arrive at a collector."""

import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.support.collector import Collector, collecting
from werkzeug.test import Client

from wheelyard_core.adapters.tracing.otlp import OtlpTracing
from wheelyard_core.domain.work import Task
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import Span
from wheelyard_web.watching import Watch

SAMPLED = "00-" + "1a" * 16 + "-" + "cd" * 8 + "-01"
UNSAMPLED = SAMPLED[:-1] + "0"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def _answer(_environ: Any, start: Any) -> Iterable[bytes]:
    start("200 OK", [])
    return [b""]


@pytest.mark.parametrize(
    ("ratio", "given", "traces"),
    [
        (1.0, None, 1),
        (0.0, None, 0),
        (0.0, SAMPLED, 1),
        (1.0, UNSAMPLED, 0),
        (1.0, "no traceparent", 1),
    ],
)
def test_a_trace_is_recorded_as_it_was_begun(
    collector: Collector, ratio: float, given: str | None, traces: int
) -> None:
    tracing = OtlpTracing(collector.url, ratio, "test")

    with tracing.begin(Span.REQUEST, given), tracing.span(Span.DB_WRITE):
        carried = tracing.traceparent()
    tracing.close()

    assert len(collector.spans) == 2 * traces
    # Whoever goes on with it elsewhere decides nothing anew.
    assert carried is not None
    assert int(carried[-2:], 16) & 1 == traces
    assert (carried[3:35] == SAMPLED[3:35]) is (given in {SAMPLED, UNSAMPLED})


@pytest.mark.parametrize(("peer", "believed"), [("10.1.2.3", True), ("192.0.2.1", False)])
def test_only_trusted_proxies_say_what_a_request_goes_on_with(
    collector: Collector, peer: str, believed: bool
) -> None:
    tracing = OtlpTracing(collector.url, 1.0, "test")
    watched = Watch(_answer, "api", Metrics("api", [Part.WEB]), ("10.0.0.0/8",), tracing)

    Client(watched).get(
        "/", headers={"traceparent": SAMPLED}, environ_overrides={"REMOTE_ADDR": peer}
    )
    tracing.close()

    (span,) = collector.spans
    assert (span.trace_id == "1a" * 16) is believed
    assert (span.parent_id == "cd" * 8) is believed


def test_outside_of_a_trace_there_are_no_spans(collector: Collector) -> None:
    tracing = OtlpTracing(collector.url, 1.0, "test")

    with tracing.span(Span.DB_WRITE):
        tracing.annotate(package="demo")
        assert tracing.traceparent() is None
    with tracing.begin(Span.VERIFY, None):
        # As the thread that renews a lease meanwhile.
        other = threading.Thread(target=lambda: tracing.span(Span.DB_WRITE).__enter__())
        other.start()
        other.join()
    tracing.close()

    assert [span.name for span in collector.spans] == ["task.verify"]


def test_an_error_is_told_by_its_kind_and_never_by_its_words(collector: Collector) -> None:
    tracing = OtlpTracing(collector.url, 1.0, "test")

    with pytest.raises(OSError, match="wyp_secret"), tracing.begin(Span.REQUEST, None):
        raise OSError("wyp_secret")
    tracing.close()

    (span,) = collector.spans
    assert span.failed
    assert span.attributes == {"error.type": "OSError"}
    assert b"wyp_secret" not in b"".join(collector.raw)


def test_spans_that_nobody_takes_are_dropped_and_delay_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with closing(socket.socket()) as silent, caplog.at_level(logging.WARNING):
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        tracing = OtlpTracing(f"http://127.0.0.1:{silent.getsockname()[1]}", 1.0, "test")

        seconds = []
        for _ in range(5000):
            began = time.monotonic()
            with tracing.begin(Span.REQUEST, None):
                pass
            seconds.append(time.monotonic() - began)
        began = time.monotonic()
        tracing.close()

        # An export is given up after a second and a half, and four are due meanwhile: who waited
        # for them would show. A pause or two may be the machine's.
        assert sorted(seconds)[-3] < 1.0
        assert time.monotonic() - began < 10
        assert len([one for one in caplog.records if "opentelemetry" in one.name]) == 1


def test_every_task_has_a_span_of_its_name() -> None:
    assert {f"task.{task.value}" for task in Task} == {
        span.value for span in Span if span.value.startswith("task.")
    }
