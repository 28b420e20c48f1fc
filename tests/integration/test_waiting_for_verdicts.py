"""An upload waits for its verdict from its last byte on, whatever the time is spent with.

And for nothing that is away does it wait twice.
"""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import Client

from wheelyard_api.app import create_app
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_client import Patience
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.adapters.cache.redis import RedisVerdicts
from wheelyard_core.bootstrap import make_database
from wheelyard_core.domain.work import Promise

pytestmark = pytest.mark.integration


class Watched(RedisVerdicts):
    """Verdicts that remember for how long each wait was to be, and tell of it before it begins."""

    def __init__(self, yard: Yard, tell: Callable[[], object]) -> None:
        super().__init__(yard.registry.settings.cache)
        self.waits: list[float] = []
        self._tell = tell

    def wait(self, upload_id: str, seconds: float) -> None:
        self.waits.append(seconds)
        self._tell()
        super().wait(upload_id, seconds)


class Broker:
    """Takes so long for a hint, and delivers nothing before it is told to."""

    def __init__(self, yard: Yard, seconds: float = 0.0) -> None:
        self._yard = yard
        self._seconds = seconds
        self._taken: list[Promise] = []

    def send(self, promised: Sequence[Promise]) -> None:
        self._taken += promised
        time.sleep(self._seconds)

    def deliver(self) -> None:
        taken, self._taken = self._taken, []
        self._yard.hand.send(taken)


def upload(
    yard: Yard, project: SeededProject, secret: str, broker: Broker, verdicts: Watched
) -> int:
    database = make_database(yard.registry.settings.database, "test", broker.send)
    registry = replace(yard.registry, database=database, verdicts=verdicts)
    try:
        client = Client(create_app(registry))
        answer = replace(yard, client=client).publish(project.id, ADistribution().wheel(), secret)
    finally:
        database.close()
    return answer.status_code


@pytest.mark.parametrize("settings", [{"WHEELYARD_VERDICT_SECONDS": "1"}], indirect=True)
def test_time_that_the_broker_takes_is_time_of_the_wait(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    broker = Broker(yard, seconds=1.1)
    verdicts = Watched(yard, broker.deliver)

    assert upload(yard, project, developer, broker, verdicts) == 202
    assert verdicts.waits == []


def test_an_upload_over_a_quick_broker_waits(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    broker = Broker(yard)
    verdicts = Watched(yard, broker.deliver)

    # Nobody works on it before it waits.
    assert upload(yard, project, developer, broker, verdicts) == 201
    assert verdicts.waits != []


@pytest.mark.parametrize(
    "settings",
    [
        {
            "WHEELYARD_VERDICT_SECONDS": "1",
            "WHEELYARD_PUBLIC_URL": "http://yard.example/registry",
        }
    ],
    indirect=True,
)
def test_the_status_address_is_below_the_public_one(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    with yard.hand.resting():
        answer = yard.publish(project.id, ADistribution().wheel(), developer)
        path = f"/api/v4/projects/{project.id}/packages/pypi/uploads/{answer.get_json()['id']}"
        status = yard.ask("GET", path, developer)

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/registry{path}"
    assert status.get_json()["status"] == "received"


def connected(server: socket.socket) -> int:
    """Return how many connections were made, none of which the server has taken."""
    server.settimeout(0)
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_store_that_is_silent_is_waited_for_once(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        away = S3Settings(address, "us-east-1", "some-bucket", "key", "secret")
        blobs = S3BlobStore(away, Patience(connect=1, read=2, retries=0))
        registry = replace(yard.registry, blobs=blobs)
        client = Client(create_app(registry))
        answer = replace(yard, client=client).publish(
            project.id, ADistribution().wheel(), developer
        )
        blobs.close()
        connections = connected(silent)

    assert answer.status_code == 503
    assert connections == 1
    yard.kept.sweep()
    assert yard.kept.uploads(project.id) == []
    yard.must_publish(project.id, developer, ADistribution().wheel())
