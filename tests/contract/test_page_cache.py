"""What a PageCache keeps: the newest page of each key, and nothing that is away blocks anybody."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache.redis import CacheSettings, RedisPageCache
from wheelyard_core.ports import CacheUnavailable, PageCache
from wheelyard_core.simple.page import RootPage
from wheelyard_core.simple.render import dump, load, outdated, render

pytestmark = pytest.mark.integration


@pytest.fixture
def cache(redis_server: RedisServer) -> PageCache:
    return RedisPageCache(CacheSettings(redis_server.url, "test:"))


def page(serial: int, name: str = "demo") -> bytes:
    return dump(render(RootPage(serial, (name,), "/simple/")))


def serial_of(raw: bytes | None) -> int:
    assert raw is not None
    return load(raw).serial


def test_a_page_is_what_was_put(cache: PageCache) -> None:
    assert cache.get("a") is None

    assert cache.put("a", page(1)) == page(1)

    assert cache.get("a") == page(1)
    assert cache.get("b") is None


def test_a_newer_page_replaces_an_older_one(cache: PageCache) -> None:
    cache.put("a", page(1))

    assert serial_of(cache.put("a", page(2))) == 2
    assert serial_of(cache.get("a")) == 2


def test_an_older_page_is_answered_with_the_newer_one(cache: PageCache) -> None:
    cache.put("a", page(258))

    assert serial_of(cache.put("a", page(3))) == 258
    assert serial_of(cache.get("a")) == 258


def test_of_two_pages_of_one_serial_the_first_stays(cache: PageCache) -> None:
    cache.put("a", page(5, "first"))

    assert cache.put("a", page(5, "second")) == page(5, "first")


def test_what_says_that_a_page_is_older_stands_before_the_page_of_its_serial(
    cache: PageCache,
) -> None:
    cache.put("a", page(5))

    assert cache.put("a", outdated(5)) == page(5)
    assert cache.put("a", outdated(6)) == outdated(6)
    # Made before the change, and stored after it.
    assert cache.put("a", page(5)) == outdated(6)
    assert cache.put("a", page(6)) == page(6)
    assert cache.put("a", outdated(4)) == page(6)


@pytest.mark.parametrize("serials", [(255, 256), (2**31, 2**32), (2**32 - 1, 2**40)])
def test_serials_are_compared_as_numbers(cache: PageCache, serials: tuple[int, int]) -> None:
    older, newer = serials
    cache.put("a", page(newer))
    cache.put("a", page(older))

    assert serial_of(cache.get("a")) == newer


def test_what_is_no_page_of_this_release_is_replaced(
    cache: PageCache, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        client.set("test:a", b"\xff\xff\xff\xff" + b"\xff" * 8 + b"another format")

    assert serial_of(cache.put("a", page(1))) == 1


def test_a_dropped_page_is_gone_and_any_may_follow(cache: PageCache) -> None:
    cache.put("a", page(9))
    cache.drop("a")
    cache.drop("never there")

    assert cache.get("a") is None
    assert serial_of(cache.put("a", page(1))) == 1


def test_of_many_who_put_at_once_the_newest_stays(cache: PageCache) -> None:
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda serial: cache.put("a", page(serial)), range(1, 65)))

    assert serial_of(cache.get("a")) == 64
    assert all(serial_of(raw) >= serial for serial, raw in enumerate(kept, 1))


def test_two_prefixes_share_a_server_and_no_page(redis_server: RedisServer) -> None:
    one = RedisPageCache(CacheSettings(redis_server.url, "one:"))
    other = RedisPageCache(CacheSettings(redis_server.url, "other:"))
    one.put("a", page(1))

    assert other.get("a") is None


def test_an_emptied_cache_is_empty_and_works(cache: PageCache, redis_server: RedisServer) -> None:
    cache.put("a", page(4))
    redis_server.flush()

    assert cache.get("a") is None
    assert serial_of(cache.put("a", page(1))) == 1


def test_a_server_that_was_replaced_knows_no_script_and_still_compares(
    cache: PageCache, redis_server: RedisServer
) -> None:
    cache.put("a", page(1))
    redis_server.kill()
    redis_server.start()

    cache.put("a", page(7))
    assert serial_of(cache.put("a", page(2))) == 7


def test_a_frozen_cache_costs_one_time_out_and_then_nothing(
    cache: PageCache, redis_server: RedisServer
) -> None:
    cache.put("a", page(1))
    redis_server.freeze()
    try:
        began = time.monotonic()
        with pytest.raises(CacheUnavailable):
            cache.get("a")
        first = time.monotonic() - began
        began = time.monotonic()
        for _ in range(100):
            with pytest.raises(CacheUnavailable):
                cache.get("a")
        rest = time.monotonic() - began
    finally:
        redis_server.thaw()

    assert first < 6
    # A hundred time-outs would take a hundred seconds.
    assert rest < 20
    time.sleep(2.1)
    assert serial_of(cache.get("a")) == 1


def test_a_cache_that_is_away_says_so_in_each_call(redis_server: RedisServer) -> None:
    redis_server.stop()
    asks: list[Callable[[RedisPageCache], object]] = [
        lambda here: here.get("a"),
        lambda here: here.put("a", page(1)),
        lambda here: here.drop("a"),
        lambda here: here.check(),
    ]
    for ask in asks:
        with pytest.raises(CacheUnavailable):
            ask(RedisPageCache(CacheSettings(redis_server.url)))
