"""A change of access is told, soon or late, and is never believed before its time."""

import time
from threading import Thread

from tests.support.servers.redis import RedisServer, follow

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


def test_followers_are_told_first_though_redis_has_pings_of_theirs_to_answer(
    redis_server: RedisServer,
) -> None:
    epoch = AccessEpoch(CacheSettings(redis_server.url))
    epoch.advance()
    # As many as it takes Redis a moment to write to: the first to ask is the last to be told.
    followers = [follow(redis_server) for _ in range(200)]
    told = []

    def advance() -> None:
        epoch.advance()
        told.append(followers[0].can_read(0))

    for _ in range(10):
        # Frozen, so that it reads the pings and the change in one turn, in this order.
        redis_server.freeze()
        for follower in followers:
            follower.send_command("PING", "follower", check_health=False)
        changing = Thread(target=advance)
        changing.start()
        time.sleep(0.002)
        redis_server.thaw()
        changing.join(10)
        for follower in followers:
            assert follower.read_response() == b"follower"
            follower.read_response(push_request=True)

    assert told == [True] * 10


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
