"""What the gateway does when nobody answers, or nothing that it understands is asked."""

import json
import socket

import pytest
from tests.integration.gateway.conftest import PYPI, Stage, Stages
from tests.support.recorder import Recorder, answers, hangs_up
from tests.support.servers.running import free_port

pytestmark = pytest.mark.integration


def test_a_service_that_is_away_is_503_in_the_words_of_the_contract(start: Stages) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    stage = Stage(start.gateway(nobody, nobody), Recorder(hangs_up), Recorder(hangs_up))

    for target in (PYPI, f"{PYPI}/simple/demo/"):
        answer = stage.ask(target)

        assert answer.status == 503
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["retry-after"] == "5"
        body = json.loads(answer.body)
        assert set(body) == {"message", "code", "title"}
        assert body["code"].startswith("503 ")


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1)])
def test_another_replica_is_asked_but_never_twice_for_a_post(
    start: Stages, method: str, times: int
) -> None:
    with Recorder(hangs_up) as one, Recorder(hangs_up) as two:
        servers = f"server {one.address} max_fails=0; server {two.address} max_fails=0;"
        gateway = start.gateway("replicas", one.address, f"upstream replicas {{ {servers} }}")

        answer = Stage(gateway, one, two).ask(
            PYPI, method, b"x" * 1000 if method == "POST" else None
        )

    assert answer.status == 503
    assert len(one.received) + len(two.received) == times


def test_a_post_goes_to_another_replica_when_it_cannot_have_arrived(start: Stages) -> None:
    with Recorder(answers("api")) as alive:
        away = f"server 127.0.0.1:{free_port()} max_fails=0;"
        servers = f"{away} server {alive.address} max_fails=0;"
        gateway = start.gateway("replicas", alive.address, f"upstream replicas {{ {servers} }}")
        stage = Stage(gateway, alive, alive)

        statuses = [stage.ask(PYPI, "POST", b"x" * 1000).status for _ in range(4)]

    assert statuses == [200] * 4


@pytest.mark.parametrize(
    "raw",
    [
        "GET / HTTP/1.1",
        "TRACE / HTTP/1.1\r\nHost: x",
        "GET / HTTP/3.0\r\nHost: x",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x",
        f"GET /{'a' * 40_000} HTTP/1.1\r\nHost: x",
    ],
    ids=["no host", "TRACE", "another version", "another coding", "too long"],
)
def test_what_no_gateway_understands_is_400_in_json(stage: Stage, raw: str) -> None:
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=20) as client:
        client.sendall(f"{raw}\r\n\r\n".encode())
        answer = client.recv(4000).decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert '"code": "400 ' in answer
