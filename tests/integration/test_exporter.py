"""What the scheduler shows of the service as a whole."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from kombu.message import Message
from sqlalchemy import update
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.broker_state import queue_states
from wheelyard_core.adapters.db.models import OutboxMessage
from wheelyard_core.adapters.queue import BrokerSettings, CeleryQueue, make_celery
from wheelyard_core.domain.work import Promise, Task
from wheelyard_core.exporter import watch_service
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import CacheUnavailable
from wheelyard_core.usecases.robot import forget_robot, note_failure, note_success

pytestmark = pytest.mark.integration

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()


@pytest.fixture
def shown(yard: Yard) -> Callable[[], dict[str, float]]:
    """What a scheduler that has just started shows."""

    def show() -> dict[str, float]:
        metrics = Metrics("scheduler", [Part.SCHEDULER])
        watch_service(metrics, yard.registry)
        lines = metrics.exposition().decode().splitlines()
        return {
            series.removeprefix("wheelyard_"): float(value)
            for series, _, value in (line.rpartition(" ") for line in lines)
            if series.startswith("wheelyard_")
        }

    return show


def test_files_projects_and_bytes_are_counted_as_people_see_them(
    yard: Yard,
    project: SeededProject,
    developer: str,
    maintainer: str,
    shown: Callable[[], dict[str, float]],
) -> None:
    yard.must_publish(project.id, developer, ONE, TWO)
    before = shown()
    packages = yard.ask("GET", f"/api/v4/projects/{project.id}/packages", maintainer).get_json()
    number = next(package["id"] for package in packages if package["version"] == "2.0")
    yard.ask("DELETE", f"/api/v4/projects/{project.id}/packages/{number}", maintainer)

    after = shown()
    assert (before["files"], before["projects"]) == (2, 1)
    assert before["stored_bytes"] == len(ONE.content) + len(TWO.content)
    assert (after["files"], after["stored_bytes"]) == (1, len(ONE.content))


def test_a_robot_that_never_succeeded_is_as_old_as_its_first_try(
    yard: Yard, shown: Callable[[], dict[str, float]]
) -> None:
    database, now = yard.registry.database, yard.registry.now()
    name = "synthetic_last_success_timestamp_seconds"
    assert name not in shown()

    for minutes in (0, 5):
        note_failure(database, "It no longer publishes", now + timedelta(minutes=minutes))
    tried = shown()[name]
    note_success(database, 1.0)
    succeeded = shown()[name]
    note_failure(database, "It no longer publishes", now)

    assert tried == pytest.approx(now.timestamp())
    assert succeeded > tried
    assert shown()[name] == succeeded
    forget_robot(database)
    assert name not in shown()


def test_a_page_is_stale_from_the_commit_until_it_shows_it(
    yard: Yard, shown: Callable[[], dict[str, float]]
) -> None:
    assert shown()["index_staleness_seconds"] == 0
    with yard.registry.database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="k")
        uow.outbox.promise(Task.INDEX, project_id=1, package="demo", upload_id="u")
        uow.session.execute(
            update(OutboxMessage).values(created_at=yard.registry.now() - timedelta(minutes=5))
        )
        with yard.hand.resting() as promised:
            uow.commit()
            promised.clear()

    found = shown()
    assert 290 < found["index_staleness_seconds"] < 310
    assert 290 < found["outbox_oldest_age_seconds"] < 310
    assert found["outbox_pending"] == 2


def test_what_was_set_aside_leaves_its_page_stale(
    yard: Yard, shown: Callable[[], dict[str, float]]
) -> None:
    with yard.registry.database.begin() as uow:
        number = uow.outbox.promise(Task.INDEX, project_id=1, package="demo", upload_id="u")
        uow.outbox.set_aside(number, "poison")
        uow.session.execute(
            update(OutboxMessage).values(created_at=yard.registry.now() - timedelta(minutes=5))
        )
        with yard.hand.resting() as promised:
            uow.commit()
            promised.clear()

    found = shown()
    assert found["index_staleness_seconds"] > 290
    assert found["outbox_oldest_age_seconds"] == found["outbox_pending"] == 0
    assert found["outbox_set_aside"] == 1


def test_a_queue_shows_what_waits_and_what_a_worker_has(redis_server: RedisServer) -> None:
    settings = BrokerSettings(redis_server.url)
    queue, app = CeleryQueue(settings), make_celery(settings)
    queue.send([Promise(n, Task.VERIFY) for n in range(3)] + [Promise(9, Task.INDEX)])
    with app.connection_for_read() as connection:
        taken = list[Message]()
        channel = connection.default_channel
        channel.basic_qos(0, 1, False)  # noqa: FBT003  kombu's own
        with connection.Consumer([app.amqp.queues["verify"]], on_message=taken.append):
            connection.drain_events(timeout=5)
            with redis_server.client() as client:
                # The delivery was two minutes ago.
                tag = client.zrange("wheelyard:unacked_index", 0, 0)[0]
                client.zadd("wheelyard:unacked_index", {tag: time.time() - 120})

            states = queue_states(settings)

            assert (states["verify"].ready, states["verify"].unacked) == (2, 1)
            assert 115 < states["verify"].oldest_unacked_age < 125
            assert (states["index"].ready, states["index"].unacked) == (1, 0)
            assert (states["maintenance"].ready, states["index"].oldest_unacked_age) == (0, 0)
            taken[0].ack()
    queue.close()
    app.close()


def test_what_is_no_message_of_ours_is_counted_in_no_queue(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.zadd("wheelyard:unacked_index", {"gone": 1.0, "odd": 2.0})
        client.hset("wheelyard:unacked", "odd", "[]")

    states = queue_states(BrokerSettings(redis_server.url))

    assert {state.unacked for state in states.values()} == {0}


def test_a_broker_that_is_away_hides_its_queues_and_nothing_else(
    yard: Yard, redis_server: RedisServer, shown: Callable[[], dict[str, float]]
) -> None:
    assert 'queue_messages{queue="verify",state="ready"}' in shown()
    redis_server.kill()

    found = shown()
    assert not [series for series in found if series.startswith("queue_")]
    assert found["outbox_pending"] == 0
    with pytest.raises(CacheUnavailable):
        queue_states(yard.registry.settings.broker)
