"""What the gateway passes on, in both directions, and what it keeps to itself."""

import http.client
import socket
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.gateway.conftest import PYPI, Stage, Stages
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.recorder import Handler

pytestmark = pytest.mark.integration


def test_a_strong_etag_arrives_strong_and_nothing_is_compressed_again(stage: Stage) -> None:
    answer = stage.ask(f"{PYPI}/simple/demo/", Accept_Encoding="gzip")

    assert answer.headers["etag"] == '"strong"'
    assert "content-encoding" not in answer.headers


def test_credentials_and_host_reach_the_service(stage: Stage) -> None:
    stage.ask(PYPI, Authorization="Basic eDp5", PRIVATE_TOKEN="wyp_1", Host="yard.example:81")

    headers = stage.api.received[-1].headers
    assert headers["authorization"] == "Basic eDp5"
    assert headers["private-token"] == "wyp_1"
    assert headers["host"] == "yard.example:81"


def test_a_request_has_an_identifier_of_its_own_or_a_fresh_one(stage: Stage) -> None:
    # What the services take, too: else their logs have another one (tests/unit/web/).
    good = ["ci-job-7.2_a", "x" * 8, "x" * 64]
    for given in (*good, "two words", "x" * 7, "x" * 65):
        stage.ask(PYPI, X_Request_ID=given)
    stage.ask(PYPI)

    ids = [request.headers["x-request-id"] for request in stage.api.received[-7:]]
    made = ids[3:]
    assert ids[:3] == good
    assert len(set(made)) == 4
    assert all(len(one) == 32 for one in made)


def test_the_clients_address_is_appended_to_what_was_claimed(stage: Stage) -> None:
    stage.ask(PYPI, X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="gopher")

    headers = stage.api.received[-1].headers
    assert headers["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"


def test_what_a_query_says_stays_out_of_the_log(stage: Stage) -> None:
    stage.ask(f"{PYPI}/simple/logged/?private_token=wyp_secret")

    # The line is written once the answer is on its way.
    deadline = time.monotonic() + 5
    while f"{PYPI}/simple/logged/" not in stage.gateway.log and time.monotonic() < deadline:
        time.sleep(0.02)
    assert f"{PYPI}/simple/logged/" in stage.gateway.log
    assert "wyp_secret" not in stage.gateway.log


def test_connections_to_the_indexer_are_kept_and_those_to_the_api_are_not(stage: Stage) -> None:
    for _ in range(3):
        stage.ask(f"{PYPI}/simple/demo/")
        stage.ask(PYPI)

    assert len({request.connection for request in stage.indexer.received[-3:]}) == 1
    assert len({request.connection for request in stage.api.received[-3:]}) == 3
    assert stage.api.received[-1].headers["connection"] == "close"


def test_an_upload_arrives_while_it_is_being_sent(stage: Stage) -> None:
    stage.api.body_begun.clear()
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=20) as client:
        client.sendall(f"POST {PYPI} HTTP/1.1\r\nHost: y\r\nContent-Length: 20000\r\n\r\n".encode())
        client.sendall(bytes(10_000))

        assert stage.api.body_begun.wait(10), "the gateway keeps the upload to itself"

        client.sendall(bytes(10_000))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_the_sentence_of_a_refusal_reaches_twine(start: Stages, tmp_path: Path) -> None:
    sentence = "demo_pkg: Caf\xe9 is no version; 1.0 would be"

    def refuse(handler: Handler) -> None:
        handler.read_body()
        handler.reply(400, sentence, b"{}")

    stage = start(api=refuse)
    wheel = ADistribution().wheel()
    (tmp_path / wheel.filename).write_bytes(wheel.content)

    upload = Person(tmp_path, stage.gateway.url).twine(
        "upload", "--repository-url", f"{stage.gateway.url}{PYPI}", "-u", "x", "-p", "y",
        tmp_path / wheel.filename,
    )  # fmt: skip

    assert sentence in upload.failed().output


def test_a_refusal_before_the_end_of_a_large_upload_arrives(start: Stages) -> None:
    def refuse(handler: Handler) -> None:
        # As the api does: answer first, and read on, or the connection's end would undo the answer.
        handler.reply(413, "The file is too large", b"{}", {"Connection": "close"})
        handler.wfile.flush()
        handler.read_body()

    stage = start(api=refuse)

    answer = stage.ask(PYPI, "POST", bytes(64 << 20))

    assert (answer.status, answer.reason) == (413, "The file is too large")


@pytest.mark.parametrize("target", [f"{PYPI}/simple", "/demo/first/simple/demo/"])
def test_an_upload_to_a_simple_page_is_told_so_whatever_its_size(stage: Stage, target: str) -> None:
    answer = stage.ask(target, "POST", bytes(64 << 20))

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["code"] == "405 This address takes GET and HEAD only"


def test_a_small_body_does_not_reach_the_indexer(stage: Stage) -> None:
    stage.ask(f"{PYPI}/simple", "POST", bytes(100_000))

    assert stage.indexer.received[-1].headers["content-length"] == "0"


@pytest.mark.parametrize(("header", "length"), [("Location", 8100), ("Link", 9800)])
def test_an_answer_that_repeats_a_long_query_arrives(
    start: Stages, header: str, length: int
) -> None:
    # A redirect has the query of its request once, the links of a list have it four times.
    def lead_on(handler: Handler) -> None:
        handler.reply(301, "Moved Permanently", headers={header: "a" * length})

    stage = start(api=lead_on, indexer=lead_on)

    for target in (f"{PYPI}/simple/Demo", "/api/v4/projects"):
        answer = stage.ask(target)
        assert answer.status == 301
        assert answer.headers[header.lower()] == "a" * length


def test_its_own_figures_are_prometheus_text(stage: Stage) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stage.gateway.metrics_port, timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()

    (family,) = text_string_to_metric_families(text)
    assert family.name == "wheelyard_gateway_connections"
    assert {sample.labels["state"] for sample in family.samples} == {
        "active",
        "reading",
        "writing",
        "waiting",
    }
