"""Large files by the gateway: nginx fetches what the indexer signed for, and nobody sees the odds.

The same registry is asked with and without the gateway, so whatever a client may notice shows.
"""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

import pytest
from tests.e2e.conftest import running, s3_environment
from tests.support.clients import Person
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, Answer, ask, basic, form_headers
from tests.support.gateway import Gateway, find_nginx
from tests.support.kept import Kept
from tests.support.scraping import metrics, metrics_ports
from tests.support.servers.finding import Machine, Missing, Source
from tests.support.servers.postgres import Databases, PostgresServer
from tests.support.servers.redis import RedisServer
from tests.support.servers.report import without
from tests.support.servers.s3 import MinioServer
from tests.support.wheelyard import Wheelyard, start_distributed

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

THREADS = 2
SIZE = 24 << 20
SMALL = ADistribution().named("small", "1.0").wheel()
# A server may tell of itself, of the moment and of the connection; and each answer has a name.
_OF_THE_MOMENT = {"server", "date", "connection", "x-request-id", "keep-alive"}


@cache
def large() -> Built:
    """Return what the gateway fetches; whoever only lists the tests need not wait for it."""
    payload = random.Random(7).randbytes(SIZE)
    return ADistribution().named("large", "1.0").with_payload(payload).wheel()


@dataclass(frozen=True)
class Stage:
    wheelyard: Wheelyard
    gateway: Gateway
    minio: MinioServer

    def path(self, built: Built) -> str:
        project = f"/api/v4/projects/{self.wheelyard.project_id}/packages/pypi"
        return f"{project}/files/{built.sha256}/{built.filename}"

    def ask(
        self, base: str, built: Built, method: str = "GET", token: str = "", **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        who = basic("__token__", token or self.wheelyard.token)
        return ask(method, f"{base}{self.path(built)}", None, {**who, **given})

    def handed_over(self) -> float:
        shown = metrics(metrics_ports(self.wheelyard)["standalone"])
        return shown.get('wheelyard_downloads_total{mode="gateway",result="ok"}', 0.0)


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    machine: Machine,
    postgres_server: PostgresServer,
    minio_source: Source,
    redis_source: Source,
) -> Iterator[Stage]:
    try:
        nginx = find_nginx(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)
    folder = tmp_path_factory.mktemp("gateway")
    with ExitStack() as stack:
        databases = Databases(postgres_server)
        stack.callback(databases.drop_all)
        # Its own, for it is stopped.
        minio = MinioServer(minio_source)
        stack.callback(minio.close)
        minio.start()
        bucket = minio.fresh_bucket()
        redis = stack.enter_context(RedisServer(redis_source))
        settings = {
            "WHEELYARD_DATABASE_URL": databases.fresh_database(),
            "WHEELYARD_BROKER_URL": redis.url,
            "WHEELYARD_CACHE_URL": redis.url,
            "WHEELYARD_THREADS": str(THREADS),
            "WHEELYARD_DOWNLOADS": "gateway",
            **s3_environment(bucket),
        }
        started = start_distributed(folder / "w", settings)
        wheelyard = running(started, pytestconfig, stack)
        filled = {
            "GATEWAY_TAKES_OVER": "X-Accel-Redirect",
            "GATEWAY_BLOBS_ADDRESS": bucket.endpoint.removeprefix("http://"),
        }
        gateway = Gateway(nginx, folder / "n", wheelyard.host, wheelyard.host, filled=filled)
        stack.enter_context(gateway)
        for built in (large(), SMALL):
            form, headers = AForm.of(built).body(), form_headers(wheelyard.token)
            assert ask("POST", wheelyard.upload_url, form, headers).status == 201
        yield Stage(wheelyard, gateway, minio)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Range": "bytes=100-1000000"},
        {"Range": "bytes=-2000000"},
        {"Range": "bytes=5-9"},
        {"Range": f"bytes={SIZE * 2}-"},
        {"Range": "bytes=100-1000000", "If_Range": '"{sha256}"'},
        {"Range": "bytes=100-1000000", "If_Range": '"another"'},
        {"If_None_Match": '"{sha256}"'},
    ],
    ids=lambda headers: " ".join(headers.values())[:24] or "whole",
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_the_same_with_and_without_the_gateway(
    stage: Stage, method: str, headers: dict[str, str]
) -> None:
    said = {name: value.format(sha256=large().sha256) for name, value in headers.items()}
    direct = stage.ask(stage.wheelyard.url, large(), method, **said)
    passed = stage.ask(stage.gateway.url, large(), method, **said)

    assert (passed.status, passed.body == direct.body) == (direct.status, True)
    seen, wanted = (
        {name: value for name, value in one.headers.items() if name not in _OF_THE_MOMENT}
        for one in (passed, direct)
    )
    assert seen == wanted
    assert passed.headers["x-request-id"]


def test_pip_installs_a_large_file_by_the_gateway(stage: Stage, person: Person) -> None:
    before = stage.handed_over()
    host = stage.gateway.url.removeprefix("http://")
    index = f"/api/v4/projects/{stage.wheelyard.project_id}/packages/pypi/simple"
    url = f"http://__token__:{stage.wheelyard.token}@{host}{index}"

    person.pip("download", "--no-deps", "--index-url", url, "--dest", person.home, "large")

    assert (person.home / large().filename).read_bytes() == large().content
    # The indexer counts when its part is done, which nobody waits for.
    Kept.until(lambda: stage.handed_over() > before, "it is counted")


def test_slow_clients_hold_no_thread_of_the_indexer(stage: Stage) -> None:
    host, _, port = stage.gateway.url.removeprefix("http://").rpartition(":")
    who = basic("__token__", stage.wheelyard.token)["Authorization"]
    request = f"GET {stage.path(large())} HTTP/1.1\r\nHost: yard\r\nAuthorization: {who}\r\n\r\n"
    with ExitStack() as stack:
        # More than there are threads; each reads its first bytes, and then no more.
        for _ in range(3 * THREADS):
            slow = stack.enter_context(socket.create_connection((host, int(port)), 20))
            slow.sendall(request.encode())
            assert slow.recv(12) == b"HTTP/1.1 200"

        assert stage.ask(stage.gateway.url, SMALL).body == SMALL.content


def test_who_may_not_read_is_refused_by_the_registry(stage: Stage) -> None:
    refused = stage.ask(stage.gateway.url, large(), token="wyp_nobody")

    assert refused.status == 401
    assert "www-authenticate" in refused.headers


def test_nobody_but_the_gateway_has_files_handed_over(stage: Stage) -> None:
    told = {"X_Sendfile_Type": "X-Accel-Redirect"}
    host, folder = stage.wheelyard.host, stage.gateway.folder.parent / "off"
    with Gateway(stage.gateway.source, folder, host, host) as off:
        answer = stage.ask(off.url, large(), **told)

    assert answer.body == large().content
    assert not [name for name in answer.headers if name.startswith(("x-accel", "x-wheelyard"))]


def test_the_log_has_the_path_and_neither_signature_nor_secret(stage: Stage) -> None:
    stage.ask(stage.gateway.url, large())

    told = f'"path": "{stage.path(large())}"'
    # The line is written once the answer is on its way.
    Kept.until(lambda: told in stage.gateway.log, "it is in the log")
    assert "X-Amz-" not in stage.gateway.log
    assert stage.wheelyard.token not in stage.gateway.log


def test_a_store_that_is_away_is_an_outage_and_its_address_in_no_log(stage: Stage) -> None:
    stage.minio.stop()
    try:
        answer = stage.ask(stage.gateway.url, large())
    finally:
        stage.minio.start()

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "X-Amz-" not in answer.body.decode()
    assert "X-Amz-" not in stage.gateway.log
    assert stage.ask(stage.gateway.url, large()).body == large().content
