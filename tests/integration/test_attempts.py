"""Attempts are counted for all processes together, and for each alone while Redis is away."""

import pytest
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache.attempts import RedisAttempts
from wheelyard_core.adapters.cache.redis import CacheSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def replicas(redis_server: RedisServer) -> list[RedisAttempts]:
    return [RedisAttempts(CacheSettings(redis_server.url)) for _ in range(2)]


def waits(attempts: RedisAttempts, *who: str, scope: str = "knock") -> int | None:
    return attempts.wait(scope, 3, *who)


def test_all_processes_count_together(replicas: list[RedisAttempts]) -> None:
    first, second = replicas

    let_in = [waits(first, "a"), waits(second, "a"), waits(first, "a")]

    assert let_in == [None] * 3
    for each in replicas:
        seconds = waits(each, "a")
        assert seconds is not None
        assert 1 <= seconds <= 60


def test_everybody_is_counted_apart_and_for_each_thing(replicas: list[RedisAttempts]) -> None:
    first, second = replicas
    for _ in range(4):
        waits(first, "a", "x")

    assert waits(second, "a", "x") is not None
    assert waits(second, "b", "x") is None
    assert waits(second, "a", "y") is None
    assert waits(second, "a", "x", scope="other") is None


def test_no_bound_counts_nothing(replicas: list[RedisAttempts]) -> None:
    assert [replicas[0].wait("knock", 0, "a") for _ in range(10)] == [None] * 10
    assert waits(replicas[0], "a") is None


def test_without_redis_each_process_counts_for_itself(
    replicas: list[RedisAttempts], redis_server: RedisServer
) -> None:
    first, second = replicas
    redis_server.stop()

    assert [waits(first, "a") for _ in range(3)] == [None] * 3
    assert waits(first, "a") is not None
    assert waits(second, "a") is None
    redis_server.start()
