import json
import socket
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from wheelyard_core.observability.endpoint import Checks, Endpoint, Sick
from wheelyard_core.observability.heartbeat import OLDEST_SECONDS, Heartbeat


def _get(address: str, path: str) -> tuple[int, str]:
    try:
        with urlopen(address + path, timeout=5) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _fails() -> str:
    raise Sick("The cache does not answer: redis://:hunter2hunter2@cache")


def _breaks() -> str:
    raise RuntimeError("wyp_0123456789")


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Callable[..., str]:
    def start(checks: Checks, alive: Callable[[], str] = lambda: "well") -> str:
        endpoint = Endpoint(("127.0.0.1", 0))
        request.addfinalizer(endpoint.stop)
        endpoint.serve(lambda: b"a_metric 1\n", checks, alive)
        return endpoint.address

    return start


def test_metrics_are_shown(serve: Callable[..., str]) -> None:
    assert _get(serve({}), "/metrics?x=1") == (200, "a_metric 1\n")


def test_health_is_a_sentence_for_each(serve: Callable[..., str]) -> None:
    status, body = _get(serve({"database": lambda: "It answers."}), "/healthz")

    assert status == 200
    assert json.loads(body) == {"status": "ok", "checks": {"database": "It answers."}}


def test_what_fails_is_told_without_its_secrets(serve: Callable[..., str]) -> None:
    status, body = _get(serve({"a": _fails, "b": _breaks, "c": lambda: "well"}), "/healthz")

    checks = json.loads(body)["checks"]
    assert status == 503
    assert checks["a"] == "The cache does not answer: redis://[redacted]@cache"
    assert checks["b"] == "RuntimeError: wyp_[redacted]"
    assert checks["c"] == "well"


def test_a_prober_is_answered_by_the_heartbeat(serve: Callable[..., str]) -> None:
    now = [1000.0]
    heartbeat = Heartbeat(lambda: now[0])
    address = serve({}, heartbeat.alive)

    assert _get(address, "/livez")[0] == 200
    now[0] += OLDEST_SECONDS + 1
    assert _get(address, "/livez")[0] == 503
    heartbeat.beat()
    assert _get(address, "/livez")[0] == 200


def test_another_path_says_what_there_is(serve: Callable[..., str]) -> None:
    status, body = _get(serve({}), "/")

    assert status == 404
    assert "/metrics" in body


def test_a_client_that_says_nothing_holds_up_nobody(serve: Callable[..., str]) -> None:
    address = serve({})
    host, _, port = address.removeprefix("http://").partition(":")

    with socket.create_connection((host, int(port))):
        assert _get(address, "/metrics")[0] == 200


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        Endpoint(("127.0.0.1", other.getsockname()[1]))
