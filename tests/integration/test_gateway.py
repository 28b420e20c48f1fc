"""deploy/nginx in a real nginx, in front of servers that write down what reaches them."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.gateway import Gateway, find_nginx
from tests.support.recorder import Behave, Handler, Recorder, answers, hangs_up
from tests.support.servers.finding import Machine, Missing, Source
from tests.support.servers.report import without
from tests.support.servers.running import free_port

from wheelyard_standalone.web import dispatch
from wheelyard_web.application import Wsgi

pytestmark = pytest.mark.integration

P = "/api/v4/projects/1/packages/pypi"
G = "/api/v4/groups/acme/-/packages/pypi"
SHA = "ab" * 32
WHEEL = "demo-1.0-py3-none-any.whl"

READS = [
    f"{P}/simple",
    f"{P}/simple/",
    f"{P}/simple/demo",
    f"{P}/simple/demo/",
    f"{P}/simple/My.Package?format=json",
    f"{P}/simple/a%2Db/",
    f"{P}/files/{SHA}/{WHEEL}",
    f"{P}/files/{SHA.upper()}/{WHEEL}.metadata",
    f"{P}/files/{SHA}/demo-1.0+local.tar.gz",
    f"{P}/files/{SHA}/demo-1.0%2Blocal.tar.gz",
    "/api/v4/projects/acme%2Ftools/packages/pypi/simple/demo/",
    f"{G}/simple",
    f"{G}/simple/demo/",
    f"{G}/files/{SHA}/{WHEEL}",
    "/acme/tools/simple",
    "/acme/tools/simple/demo/",
    f"/acme/tools/files/{SHA}/{WHEEL}",
    "/acme//tools/simple/",
]
THE_REST = [
    "/",
    "/livez",
    "/readyz",
    P,
    f"{P}/",
    "/api/v4/projects/acme%2Ftools/packages/pypi",
    f"{P}/uploads/7f",
    f"{P}/yank/simple/1.0",
    f"{P}/status/simple",
    "/api/v4/projects/acme%2Fsimple",
    "/api/v4/groups/simple",
    "/simple",
    "/_/simple/",
    "/api/v4//projects/1/packages/pypi/simple/",
    f"{P}/simple/demo/1.0",
    f"{P}/simple/a%2Fb",
    f"{P}/files/{SHA}",
    f"{P}/files/nothex/{WHEEL}",
    "/acme/tools/legacy/",
    "/acme/simplest",
    "/api/v4/projects?search=/simple/",
    "/api/v4/user",
    "/_/oidc/audience",
]


@dataclass
class Answer:
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stage:
    gateway: Gateway
    api: Recorder
    indexer: Recorder

    def ask(
        self, target: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=20)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, target, body, given)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.reason, found, response.read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def nginx(machine: Machine) -> Source:
    try:
        return find_nginx(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)


class Stages:
    """Starts gateways; each has its own services behind it."""

    def __init__(self, nginx: Source, folder: Path, stack: ExitStack) -> None:
        self._nginx = nginx
        self._folder = folder
        self._stack = stack

    def __call__(self, api: Behave | None = None, indexer: Behave | None = None) -> Stage:
        behind_api = self._stack.enter_context(Recorder(api or answers("api")))
        behind_indexer = self._stack.enter_context(Recorder(indexer or answers("indexer")))
        return Stage(
            self.gateway(behind_api.address, behind_indexer.address), behind_api, behind_indexer
        )

    def gateway(self, api: str, indexer: str, extra: str = "") -> Gateway:
        gateway = Gateway(self._nginx, self._folder / "nginx", api, indexer, extra)
        return self._stack.enter_context(gateway)


@pytest.fixture
def start(nginx: Source, tmp_path: Path) -> Iterator[Stages]:
    with ExitStack() as stack:
        yield Stages(nginx, tmp_path, stack)


@pytest.fixture(scope="module")
def stage(nginx: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stages(nginx, tmp_path_factory.mktemp("gateway"), stack)()


@pytest.mark.parametrize(
    ("target", "service"), [(t, "indexer") for t in READS] + [(t, "api") for t in THE_REST]
)
def test_each_address_reaches_its_service_as_it_came(
    stage: Stage, target: str, service: str
) -> None:
    answer = stage.ask(target)

    assert answer.body.decode() == service
    assert getattr(stage, service).received[-1].target == target


@pytest.mark.parametrize("target", READS + THE_REST)
def test_one_machine_routes_by_the_same_rule(target: str) -> None:
    called: list[str] = []
    application = dispatch(_notes("api", called), _notes("indexer", called))

    application({"PATH_INFO": unquote(target.partition("?")[0])}, None)

    assert called == ["indexer" if target in READS else "api"]


def _notes(name: str, called: list[str]) -> Wsgi:
    def application(*_: object) -> list[bytes]:
        called.append(name)
        return []

    return application


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_the_method_does_not_decide_where_a_request_goes(stage: Stage, method: str) -> None:
    stage.ask(f"{P}/simple/demo/", method)
    stage.ask(P, method)

    assert stage.indexer.received[-1].method == stage.api.received[-1].method == method


def test_a_strong_etag_arrives_strong_and_nothing_is_compressed_again(stage: Stage) -> None:
    answer = stage.ask(f"{P}/simple/demo/", Accept_Encoding="gzip")

    assert answer.headers["etag"] == '"strong"'
    assert "content-encoding" not in answer.headers


def test_credentials_and_host_reach_the_service(stage: Stage) -> None:
    stage.ask(P, Authorization="Basic eDp5", PRIVATE_TOKEN="wyp_1", Host="yard.example:81")

    headers = stage.api.received[-1].headers
    assert headers["authorization"] == "Basic eDp5"
    assert headers["private-token"] == "wyp_1"
    assert headers["host"] == "yard.example:81"


def test_a_request_has_an_identifier_of_its_own_or_a_fresh_one(stage: Stage) -> None:
    for given in ("ci-job-7.2_a", "two words", "x" * 129):
        stage.ask(P, X_Request_ID=given)
    stage.ask(P)

    passed, *made = [request.headers["x-request-id"] for request in stage.api.received[-4:]]
    assert passed == "ci-job-7.2_a"
    assert len(set(made)) == 3
    assert all(len(one) == 32 for one in made)


def test_the_clients_address_is_appended_to_what_was_claimed(stage: Stage) -> None:
    stage.ask(P, X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="gopher")

    headers = stage.api.received[-1].headers
    assert headers["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"


def test_what_a_query_says_stays_out_of_the_log(stage: Stage) -> None:
    stage.ask(f"{P}/simple/logged/?private_token=wyp_secret")

    # The line is written once the answer is on its way.
    deadline = time.monotonic() + 5
    while f"{P}/simple/logged/" not in stage.gateway.log and time.monotonic() < deadline:
        time.sleep(0.02)
    assert f"{P}/simple/logged/" in stage.gateway.log
    assert "wyp_secret" not in stage.gateway.log


def test_connections_to_the_indexer_are_kept_and_those_to_the_api_are_not(stage: Stage) -> None:
    for _ in range(3):
        stage.ask(f"{P}/simple/demo/")
        stage.ask(P)

    assert len({request.connection for request in stage.indexer.received[-3:]}) == 1
    assert len({request.connection for request in stage.api.received[-3:]}) == 3
    assert stage.api.received[-1].headers["connection"] == "close"


def test_an_upload_arrives_while_it_is_being_sent(stage: Stage) -> None:
    stage.api.body_begun.clear()
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=20) as client:
        client.sendall(f"POST {P} HTTP/1.1\r\nHost: y\r\nContent-Length: 20000\r\n\r\n".encode())
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
        "upload", "--repository-url", f"{stage.gateway.url}{P}", "-u", "x", "-p", "y",
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

    answer = stage.ask(P, "POST", bytes(64 << 20))

    assert (answer.status, answer.reason) == (413, "The file is too large")


def test_a_service_that_is_away_is_503_in_the_words_of_the_contract(start: Stages) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    stage = Stage(start.gateway(nobody, nobody), Recorder(hangs_up), Recorder(hangs_up))

    for target in (P, f"{P}/simple/demo/"):
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

        answer = Stage(gateway, one, two).ask(P, method, b"x" * 1000 if method == "POST" else None)

    assert answer.status == 503
    assert len(one.received) + len(two.received) == times


def test_a_post_goes_to_another_replica_when_it_cannot_have_arrived(start: Stages) -> None:
    with Recorder(answers("api")) as alive:
        away = f"server 127.0.0.1:{free_port()} max_fails=0;"
        servers = f"{away} server {alive.address} max_fails=0;"
        gateway = start.gateway("replicas", alive.address, f"upstream replicas {{ {servers} }}")
        stage = Stage(gateway, alive, alive)

        statuses = [stage.ask(P, "POST", b"x" * 1000).status for _ in range(4)]

    assert statuses == [200] * 4


def test_what_no_gateway_understands_is_400_in_json(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = client.recv(4000).decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert '"code": "400 ' in answer


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
