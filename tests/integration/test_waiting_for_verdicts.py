"""An upload waits for its verdict from its last byte on, whatever the time is spent with."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import Client

from wheelyard_api.app import create_app
from wheelyard_core.adapters.cache.redis import RedisVerdicts
from wheelyard_core.bootstrap import make_database
from wheelyard_core.domain.work import Promise

pytestmark = pytest.mark.integration


class Watched(RedisVerdicts):
    """Verdicts that remember for how long each wait was to be."""

    def __init__(self, yard: Yard) -> None:
        super().__init__(yard.registry.settings.cache)
        self.waits: list[float] = []

    def wait(self, upload_id: str, seconds: float) -> None:
        self.waits.append(seconds)
        super().wait(upload_id, seconds)


def upload(yard: Yard, project: SeededProject, secret: str, broker_takes: float) -> list[float]:
    """Upload over a broker that takes so long, and nobody behind it; return the waits."""

    def send(_promised: Sequence[Promise]) -> None:
        time.sleep(broker_takes)

    database = make_database(yard.registry.settings.database, "test", send)
    verdicts = Watched(yard)
    registry = replace(yard.registry, database=database, verdicts=verdicts)
    try:
        client = Client(create_app(registry))
        answer = replace(yard, client=client).publish(project.id, ADistribution().wheel(), secret)
    finally:
        database.close()
    assert answer.status_code == 202, answer.text
    return verdicts.waits


@pytest.mark.parametrize("settings", [{"WHEELYARD_VERDICT_SECONDS": "1"}], indirect=True)
def test_time_that_the_broker_takes_is_time_of_the_wait(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    assert upload(yard, project, developer, broker_takes=1.1) == []


@pytest.mark.parametrize("settings", [{"WHEELYARD_VERDICT_SECONDS": "1"}], indirect=True)
def test_an_upload_over_a_quick_broker_waits(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    assert upload(yard, project, developer, broker_takes=0.0) != []


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
