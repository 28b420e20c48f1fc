"""A change of access is told, soon or late, and is never believed before its time."""

import time

from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache.epoch import ACCESS_EPOCH, AccessEpoch
from wheelyard_core.adapters.cache.redis import CacheSettings
from wheelyard_core.adapters.cache.tracking import LEASE_SECONDS


def epoch_in(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.get(f"wheelyard:{ACCESS_EPOCH}") or 0)


def test_a_change_is_told_before_its_caller_goes_on(redis_server: RedisServer) -> None:
    epoch = AccessEpoch(CacheSettings(redis_server.url))

    epoch.advance()
    epoch.advance()

    assert epoch_in(redis_server) == 2


def test_what_cannot_be_told_waits_for_trust_to_end_and_is_told_later(
    redis_server: RedisServer,
) -> None:
    epoch = AccessEpoch(CacheSettings(redis_server.url))
    redis_server.stop()

    # Refused at once; other replicas may still hear Redis, as far as we know.
    began = time.monotonic()
    epoch.advance()
    took = time.monotonic() - began
    redis_server.start()

    assert LEASE_SECONDS <= took < 4 * LEASE_SECONDS
    deadline = time.monotonic() + 5
    while epoch_in(redis_server) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
