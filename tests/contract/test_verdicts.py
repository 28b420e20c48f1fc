"""What Verdicts promise: who waits is woken, or waits no longer than told; failing is silent."""

import time
from collections.abc import Callable
from threading import Thread

import pytest
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache import redis as module
from wheelyard_core.adapters.cache.redis import CacheSettings, RedisVerdicts
from wheelyard_core.ports import Verdicts

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(redis_server: RedisServer) -> CacheSettings:
    return CacheSettings(redis_server.url, "test:")


# A wait of so long that is over in less was woken, however busy the machine is.
LONG, SOON = 60.0, 20.0


@pytest.fixture
def verdicts(settings: CacheSettings, monkeypatch: pytest.MonkeyPatch) -> Verdicts:
    """Verdicts that look again after a minute only, or an end would tell nothing."""
    monkeypatch.setattr(module, "_LONGEST_WAIT", LONG)
    return RedisVerdicts(settings)


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_wait_ends_with_the_announcement(
    verdicts: Verdicts, settings: CacheSettings, redis_server: RedisServer
) -> None:
    def wake() -> None:
        until_somebody_waits(redis_server)
        RedisVerdicts(settings).announce("upload")

    thread = Thread(target=wake)
    thread.start()
    took = seconds(lambda: verdicts.wait("upload", LONG))
    thread.join()

    assert took < SOON
    assert stored(redis_server) == []


def until_somebody_waits(server: RedisServer) -> None:
    ends = time.monotonic() + SOON
    with server.client() as client:
        while not client.info("clients")["blocked_clients"]:
            assert time.monotonic() < ends, "nobody waits"
            time.sleep(0.01)


def stored(server: RedisServer) -> list[bytes]:
    """Return the keys of what was announced and has woken nobody."""
    with server.client() as client:
        return list(client.scan_iter("test:*"))


def test_an_announcement_before_the_wait_is_found_by_it(verdicts: Verdicts) -> None:
    verdicts.announce("upload")

    assert seconds(lambda: verdicts.wait("upload", LONG)) < SOON


def test_a_wait_ends_by_itself(verdicts: Verdicts) -> None:
    assert 0.2 < seconds(lambda: verdicts.wait("upload", 0.3)) < SOON


def test_the_announcement_of_another_upload_wakes_nobody(verdicts: Verdicts) -> None:
    verdicts.announce("other")

    assert seconds(lambda: verdicts.wait("upload", 0.4)) > 0.3


def test_any_text_may_name_what_is_waited_for(verdicts: Verdicts) -> None:
    verdicts.announce("delete:é/1")

    assert seconds(lambda: verdicts.wait("delete:é/1", LONG)) < SOON


def test_two_announcements_wake_two_who_wait(verdicts: Verdicts) -> None:
    verdicts.announce("upload")
    verdicts.announce("upload")

    assert seconds(lambda: verdicts.wait("upload", LONG)) < SOON
    assert seconds(lambda: verdicts.wait("upload", LONG)) < SOON


def test_announcements_that_nobody_waits_for_go_by_themselves(
    verdicts: Verdicts, redis_server: RedisServer
) -> None:
    verdicts.announce("upload")

    with redis_server.client() as client:
        [key] = client.keys("test:*")
        assert 0 < client.ttl(key) <= 60


def test_while_redis_is_away_announcing_is_silent_and_waiting_short(
    settings: CacheSettings, redis_server: RedisServer
) -> None:
    redis_server.stop()
    verdicts = RedisVerdicts(settings)

    verdicts.announce("upload")

    # Not at once, for the caller asks the database in a loop; and not for all the time.
    assert 0.1 < seconds(lambda: verdicts.wait("upload", LONG)) < SOON


def announce(verdicts: Verdicts, times: int) -> None:
    for _ in range(times):
        verdicts.announce("upload")


def test_a_frozen_redis_delays_nobody_for_long(
    settings: CacheSettings, redis_server: RedisServer
) -> None:
    verdicts = RedisVerdicts(settings)
    verdicts.wait("upload", 0.1)
    redis_server.freeze()
    try:
        # A time-out of one second, and another try on a fresh connection.
        assert seconds(lambda: verdicts.announce("upload")) < 6
        # It rests: thirty time-outs would take longer than that.
        assert seconds(lambda: announce(verdicts, times=30)) < SOON
        assert seconds(lambda: verdicts.wait("upload", LONG)) < SOON
    finally:
        redis_server.thaw()
