"""Traces, as a collector receives them from what `make run` starts."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.e2e.conftest import running
from tests.support.collector import Collector, Received, collecting
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, Answer, ask, basic, post
from tests.support.wheelyard import Wheelyard, start_embedded

pytestmark = pytest.mark.e2e

CALLER = "cd" * 8
# What an export may take, after which it is given up.
EXPORT_SECONDS = 1.5
# Of an upload that is published: what the api does, what workers do, and where they meet.
PUBLISHED = {
    ("http.request", None),
    *((name, "http.request") for name in ("db.write", "blob.put", "verdict.wait")),
    *((name, "db.write") for name in ("queue.send", "task.verify", "task.index")),
    *((name, "task.verify") for name in ("blob.get", "blob.put", "db.write")),
    *((name, "task.index") for name in ("page.render", "page.store", "db.write")),
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def traced(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, collector: Collector
) -> Iterator[Wheelyard]:
    """A registry that traces everything, and believes this machine about where a trace began."""
    with ExitStack() as stack:
        settings = {
            "WHEELYARD_TRACING_ENDPOINT": collector.url,
            "WHEELYARD_TRACING_SAMPLE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "WHEELYARD_TRUSTED_PROXIES": "127.0.0.0/8",
        }
        started = start_embedded(tmp_path_factory.mktemp("traced"), **settings)
        yield running(started, pytestconfig, stack)


def _upload(wheelyard: Wheelyard, name: str, **headers: str) -> Answer:
    form = AForm.of(ADistribution().named(name).wheel())
    return post(wheelyard.upload_url, form, wheelyard.token, headers)


def _page(wheelyard: Wheelyard, name: str, **headers: str) -> Answer:
    url = f"{wheelyard.upload_url}/simple/{name}/"
    return ask("GET", url, headers={**basic("__token__", wheelyard.token), **headers})


def _edges(spans: list[Received]) -> set[tuple[str, str | None]]:
    """Return each span's name with that of the span it is a part of."""
    names = {span.span_id: span.name for span in spans}
    return {(span.name, names.get(span.parent_id)) for span in spans}


def test_one_trace_leads_from_the_upload_through_the_workers_to_the_page(
    traced: Wheelyard, collector: Collector
) -> None:
    trace_id = "1a" * 16

    answer = _upload(traced, "led", traceparent=f"00-{trace_id}-{CALLER}-01")

    assert answer.status == 201
    collector.wait_for(lambda: _edges(collector.trace(trace_id)) >= PUBLISHED)
    spans = collector.trace(trace_id)
    assert _edges(spans) == PUBLISHED
    assert not [span.name for span in spans if span.failed]
    (first,) = [span for span in spans if span.name == "http.request"]
    assert first.parent_id == CALLER
    assert first.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/v4/projects/<path:reference>/packages/pypi",
        "http.response.status_code": 201,
        "wheelyard.request_id": answer.headers["x-request-id"],
        "wheelyard.project_id": traced.project_id,
        "wheelyard.package": "led",
        "wheelyard.filename": "led-1.0-py3-none-any.whl",
    }
    tasks = [span for span in spans if span.name.startswith("task.")]
    assert {span.service for span in tasks} == {"wheelyard-worker"}
    assert {span.attributes["wheelyard.request_id"] for span in tasks} == {
        answer.headers["x-request-id"]
    }


def test_a_reader_has_a_trace_that_says_what_was_read_once_it_is_known(
    traced: Wheelyard, collector: Collector
) -> None:
    assert _upload(traced, "read").status == 201
    found, missed = "2b" * 16, "2c" * 16

    _page(traced, "read", traceparent=f"00-{found}-{CALLER}-01")
    _page(traced, "never-published", traceparent=f"00-{missed}-{CALLER}-01")

    both = {("http.request", None)}
    collector.wait_for(lambda: all(_edges(collector.trace(one)) >= both for one in (found, missed)))
    (read,) = collector.trace(found)
    # What workers did not render is rendered here, in the reader's trace.
    unread = {span.name: span for span in collector.trace(missed)}["http.request"]
    assert _edges(collector.trace(missed)) == {
        ("http.request", None),
        ("page.render", "http.request"),
    }
    assert read.attributes["wheelyard.package"] == "read"
    assert read.attributes["wheelyard.project_id"] == traced.project_id
    assert unread.attributes["http.response.status_code"] == 404
    assert "wheelyard.package" not in unread.attributes


def test_every_line_of_a_trace_has_its_id(traced: Wheelyard, collector: Collector) -> None:
    trace_id = "3c" * 16
    answer = _upload(traced, "logged", traceparent=f"00-{trace_id}-{CALLER}-01")
    collector.wait_for(lambda: _edges(collector.trace(trace_id)) >= PUBLISHED)

    def mine() -> list[dict[str, Any]]:
        of_it = answer.headers["x-request-id"]
        return [event for event in traced.events() if event.get("request_id") == of_it]

    # A span is told of by a thread of its own, which may be ahead of the line.
    wanted = {"http_request", "task_done"}
    collector.wait_for(lambda: {event["event"] for event in mine()} >= wanted)
    assert {event.get("trace_id") for event in mine()} == {trace_id}


def test_a_refused_upload_is_no_failure_of_the_service_and_tells_no_reason(
    traced: Wheelyard, collector: Collector
) -> None:
    trace_id = "4d" * 16
    form = AForm.of(ADistribution().named("refused").wheel()).saying(sha256_digest="0" * 64)

    answer = post(
        traced.upload_url, form, traced.token, {"traceparent": f"00-{trace_id}-{CALLER}-01"}
    )

    assert answer.status == 400
    collector.wait_for(lambda: any(s.name == "http.request" for s in collector.trace(trace_id)))
    spans = {span.name: span for span in collector.trace(trace_id)}
    assert not spans["http.request"].failed
    assert spans["blob.put"].failed
    assert spans["blob.put"].attributes == {"error.type": "InvalidDigest"}


def test_no_secret_is_in_any_span(traced: Wheelyard, collector: Collector) -> None:
    # The last one could be a name, too: somebody may ask for anything.
    secrets = [traced.token, traced.admin_token, "glpat-some'body", "a-secret-like-a-name-1"]
    for secret in secrets:
        named = quote(secret, safe="")
        post(traced.upload_url, AForm.of(ADistribution().wheel()), secret)
        _page(traced, named)
        _page(traced, "demo", tracestate=f"secret={named}", baggage=f"secret={named}")
        ask("GET", f"{traced.url}/{named}/simple/?private_token={named}")
        ask("GET", f"{traced.url}/api/v4/user?private_token={named}")
        ask("GET", f"{traced.url}/api/v4/user", headers={"PRIVATE-TOKEN": secret})
    # Spans are sent in their order: behind this one there is none of those above.
    last = "5e" * 16
    ask("GET", f"{traced.url}/api/v4/user", headers={"traceparent": f"00-{last}-{CALLER}-01"})
    collector.wait_for(lambda: bool(collector.trace(last)))

    told = b"".join(collector.raw).decode("latin-1")
    peppers = Path(traced.settings["WHEELYARD_TOKEN_PEPPER_FILE"]).read_text().split()
    assert peppers
    for secret in (*secrets, *peppers):
        for form in (secret, secret.partition("_")[2] or secret, quote(secret, safe="")):
            assert form not in told


@pytest.mark.slow
def test_what_was_told_last_arrives_though_the_registry_stops(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        settings = {
            "WHEELYARD_TRACING_ENDPOINT": collector.url,
            "WHEELYARD_TRACING_SAMPLE_RATIO": "1",
            # Long after its end: what arrives was sent because of that.
            "OTEL_BSP_SCHEDULE_DELAY": "60000",
        }
        wheelyard = running(start_embedded(tmp_path, **settings), pytestconfig, stack)

        # Nobody here is trusted: a trace of the registry's own begins.
        assert _upload(wheelyard, "last", traceparent=f"00-{'6f' * 16}-{CALLER}-01").status == 201
        wheelyard.stop()

        assert collector.trace("6f" * 16) == []
        (request,) = [span for span in collector.spans if span.name == "http.request"]
        assert request.parent_id == ""
        assert _edges(collector.trace(request.trace_id)) == PUBLISHED


@pytest.fixture(params=["nobody listens", "nobody answers"])
def absent_collector(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a collector that is not there, or that takes connections and is silent."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.slow
def test_a_collector_that_is_away_costs_uploads_nothing(
    tmp_path: Path, pytestconfig: pytest.Config, absent_collector: str
) -> None:
    with ExitStack() as stack:
        settings = {
            "WHEELYARD_TRACING_ENDPOINT": absent_collector,
            "WHEELYARD_TRACING_SAMPLE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        wheelyard = running(start_embedded(tmp_path, **settings), pytestconfig, stack)

        seconds = []
        for number in range(12):
            began = time.monotonic()
            assert _upload(wheelyard, f"unseen-{number}").status == 201
            seconds.append(time.monotonic() - began)
        began = time.monotonic()
        wheelyard.stop()

        # The suite shares its processors, so the quickest is what tells. Each has 20 spans.
        assert min(seconds) < EXPORT_SECONDS
        assert time.monotonic() - began < 10
        complaints = [line for line in wheelyard.logs().splitlines() if "opentelemetry" in line]
        # One a minute for each process: what serves, and what works.
        assert 1 <= len(complaints) <= 4, complaints


@pytest.mark.slow
def test_nothing_of_opentelemetry_is_loaded_where_nobody_traces(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    with ExitStack() as stack:
        # Python tells of every module that any of the processes imports.
        started = start_embedded(tmp_path, PYTHONPROFILEIMPORTTIME="1")
        wheelyard = running(started, pytestconfig, stack)
        assert _upload(wheelyard, "untold").status == 201
        assert _page(wheelyard, "untold").status == 200
        wheelyard.stop()

        imported = set(re.findall(r"^import time: .*\| +([\w.]+)$", wheelyard.logs(), re.MULTILINE))
        assert {"redis.observability.providers", "wheelyard_core.tasks"} <= imported
        # What redis-py asks for in vain is told of too.
        wanted = {name for name in imported if name.startswith(("opentelemetry", "google.proto"))}
        assert wanted <= {"opentelemetry.metrics", "opentelemetry.sdk.metrics"}
