"""What Celery and kombu do when the broker goes away under them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kombu.common import ignore_errors
from kombu.message import Message
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.queue import BrokerSettings, CeleryQueue, make_celery
from wheelyard_core.domain.work import Promise, Task

pytestmark = pytest.mark.integration


def test_a_frozen_broker_is_found_out_by_one_sender_while_the_others_go_on(
    redis_server: RedisServer,
) -> None:
    queue, hint = CeleryQueue(BrokerSettings(redis_server.url)), [Promise(1, Task.VERIFY)]

    def send(_number: int) -> tuple[bool, float]:
        began = time.monotonic()
        return queue.send(hint), time.monotonic() - began

    assert queue.send(hint)
    redis_server.freeze()
    taken, seconds = send(0)
    assert not taken
    assert seconds < 5
    time.sleep(2.1)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(send, range(8)))
    redis_server.thaw()

    assert [taken for taken, _ in results] == [False] * 8
    assert sorted(seconds for _, seconds in results)[-2] < 1
    time.sleep(2.1)
    assert queue.send(hint)
    queue.close()


def test_a_message_that_outlived_its_connection_fails_as_a_lost_connection(
    redis_server: RedisServer,
) -> None:
    settings = BrokerSettings(redis_server.url)
    queue = CeleryQueue(settings)
    queue.send([Promise(1, Task.VERIFY)])
    queue.close()
    app = make_celery(settings)
    connection, taken = app.connection_for_read(), list[Message]()
    consumer = connection.Consumer([app.amqp.queues["verify"]], on_message=taken.append)
    consumer.consume()
    connection.drain_events(timeout=5)

    redis_server.kill()
    # How kombu leaves a channel whose closing failed in the middle: without pools and connection.
    channel = connection.default_channel
    channel._disconnect_pools()  # noqa: SLF001  as above
    connection._do_close_transport()  # noqa: SLF001  as above
    with pytest.raises(connection.connection_errors):
        taken[0].ack()
    with ignore_errors(connection):
        connection.close()
    app.close()
