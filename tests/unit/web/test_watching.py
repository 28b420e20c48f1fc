from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask, Response, g
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from werkzeug.test import Client

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Person,
    TrustedPublisher,
)
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import UNTRACED
from wheelyard_web.watching import Watch, describe, watch

PROXY, STRANGER = "10.1.2.3", "192.0.2.9"
ID = "given-id.1"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("api", [Part.WEB])


@pytest.fixture
def client(metrics: Metrics) -> Client:
    app = Flask("x", static_folder=None)

    @app.get("/projects/<name>")
    def show(name: str) -> Response:
        g.actor = Person(7, "ann", 3, frozenset())
        structlog.get_logger().info("inside")
        return Response([name.encode(), b"!"])

    @app.get("/livez")
    def livez() -> str:
        return "alive"

    @app.get("/broken")
    def broken() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"12345"
            raise OSError("gone")

        return Response(pieces())

    watch(app, "api", metrics, ("10.0.0.0/8",), UNTRACED)
    return Client(app)


def _request(client: Client, path: str = "/projects/secret-name", **more: Any) -> tuple[Any, Any]:
    """Return the answer and the events of one request."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        response = client.get(path, **more)
        response.get_data()
        response.close()
    return response, events


def test_a_request_is_one_event_with_its_template_and_actor(client: Client) -> None:
    response, events = _request(client, environ_base={"REMOTE_ADDR": STRANGER})

    (event,) = [event for event in events if event["event"] == "http_request"]
    assert event.pop("duration_ms") >= 0
    assert event == {
        "event": "http_request",
        "log_level": "info",
        "service": "api",
        "request_id": response.headers["X-Request-ID"],
        "actor": "person",
        "actor_id": 7,
        "route": "/projects/<name>",
        "method": "GET",
        "status": 200,
        "bytes": 12,
        "client_ip": STRANGER,
    }


def test_the_id_is_in_every_event_of_the_request(client: Client) -> None:
    response, events = _request(client)

    assert {event["request_id"] for event in events} == {response.headers["X-Request-ID"]}
    assert [event["event"] for event in events] == ["inside", "http_request"]


def test_an_unknown_address_has_no_route_of_its_own(client: Client, metrics: Metrics) -> None:
    _, events = _request(client, "/nowhere/wyp_secret")

    assert events[-1]["route"] == "unmatched"
    assert events[-1]["actor"] == "anonymous"
    assert b"nowhere" not in generate_latest(metrics.registry)


def test_probes_are_neither_told_nor_counted(client: Client, metrics: Metrics) -> None:
    _, events = _request(client, "/livez")

    assert events == []
    assert b"livez" not in generate_latest(metrics.registry)


@pytest.mark.parametrize("peer", [PROXY, "::ffff:10.1.2.3x", STRANGER, ""])
def test_only_a_trusted_proxy_gives_an_id_and_an_address(client: Client, peer: str) -> None:
    headers = {"X-Request-ID": ID, "X-Forwarded-For": "198.51.100.1, 203.0.113.5, 10.9.9.9"}

    response, events = _request(client, headers=headers, environ_base={"REMOTE_ADDR": peer})

    trusted = peer == PROXY
    assert (response.headers["X-Request-ID"] == ID) is trusted
    # The first hop is what the client wrote itself; the last is another proxy of ours.
    assert events[-1]["client_ip"] == ("203.0.113.5" if trusted else peer)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", "new\tline", "semi;colon", ""])
def test_an_id_of_another_form_is_replaced(client: Client, given: str) -> None:
    headers = {"X-Request-ID": given}

    response, _ = _request(client, headers=headers, environ_base={"REMOTE_ADDR": PROXY})

    assert response.headers["X-Request-ID"] != given


@pytest.mark.parametrize("forwarded", ["", "unknown", "10.9.9.9", "<script>, unknown"])
def test_a_proxy_that_tells_nothing_of_use_is_the_client(client: Client, forwarded: str) -> None:
    headers = {"X-Forwarded-For": forwarded}

    _, events = _request(client, headers=headers, environ_base={"REMOTE_ADDR": PROXY})

    assert events[-1]["client_ip"] in {PROXY, "10.9.9.9"}


def test_a_request_is_counted_with_its_time(client: Client, metrics: Metrics) -> None:
    _request(client)

    text = generate_latest(metrics.registry).decode()
    labels = 'method="GET",route="/projects/<name>",service="api"'
    assert f'wheelyard_http_requests_total{{code="200",{labels}}} 1.0' in text
    timed = 'kind="other",service="api"'
    assert f"wheelyard_http_request_duration_seconds_count{{{timed}}} 1.0" in text
    assert 'wheelyard_http_requests_in_flight{service="api"} 0.0' in text


def test_an_answer_that_breaks_off_is_told_with_what_was_sent(client: Client) -> None:
    with (
        capture_logs() as events,
        pytest.raises(OSError, match="gone"),
        client.get("/broken", buffered=False) as response,
    ):
        response.get_data()

    assert events[-1]["bytes"] == 5


def test_an_application_that_fails_is_told_and_fails_as_before(metrics: Metrics) -> None:
    def application(_environ: Any, _start: Any) -> Iterable[bytes]:
        raise RuntimeError("x")

    with capture_logs() as events, pytest.raises(RuntimeError):
        Client(Watch(application, "api", metrics, ())).get("/")

    assert [event["status"] for event in events] == [500]
    assert b'requests_in_flight{service="api"} 0.0' in generate_latest(metrics.registry)


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        (None, ("anonymous", None)),
        (Anonymous(), ("anonymous", None)),
        (Person(1, "n", 2, frozenset()), ("person", 1)),
        (Person(1, "n", 2, frozenset(), is_bot=True), ("bot", 1)),
        (DeployToken(3, "n", frozenset(), None, None), ("deploy_token", 3)),
        (JobToken(4, 5, "n", 6), ("job_token", 5)),
        (TrustedPublisher(7, "n", frozenset()), ("trusted_publisher", 7)),
    ],
)
def test_an_actor_is_shown_by_kind_and_number(
    actor: Actor | None, shown: tuple[str, int | None]
) -> None:
    assert describe(actor) == shown
