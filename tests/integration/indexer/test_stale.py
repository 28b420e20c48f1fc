"""The database is away: what was known is read on, by who was allowed to read it, for a time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.integration.indexer.conftest import PAGE, Reader, Replica
from tests.support.distributions import ADistribution
from tests.support.in_process import environment, in_process
from tests.support.proxy import Proxy
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS, AccessEpoch

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("demo", "1.0").wheel()
STALE_SECONDS = 600.0
Later = Callable[[float], None]


@dataclass(frozen=True)
class Scene:
    """A reader whose page and file were read, and a database that can go away."""

    reader: Reader
    replica: Replica
    proxy: Proxy
    file: str

    def lose_the_database(self) -> None:
        self.proxy.answers_end_after = 0

    def status(self, path: str) -> int:
        return self.replica.ask(self.reader, path).status_code


@pytest.fixture
def scene(postgresql_url: str, redis_server: RedisServer, tmp_path: Path) -> Iterator[Scene]:
    port = urlsplit(postgresql_url).port
    assert port is not None
    with Proxy(port) as proxy:
        proxied = postgresql_url.replace(f":{port}/", f":{proxy.port}/")
        settings = environment(tmp_path, proxied, redis_server.url) | {
            "WHEELYARD_STALE_SECONDS": str(STALE_SECONDS)
        }
        with in_process(settings) as yard:
            project = yard.seed.project()
            reader = Reader(yard, project, yard.seed.developer_token(project))
            yard.must_publish(project.id, reader.secret, WHEEL)
            replica = Replica.of(yard)
            (listed,) = yard.listing(project.id, "demo", reader.secret)
            for path in (PAGE, listed["url"]):
                replica.warm(reader, path)
            yield Scene(reader, replica, proxy, listed["url"])


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Have it be later by so many seconds, for grants."""

    def later(seconds: float) -> None:
        for module in ("hot", "remembering"):
            monkeypatch.setattr(
                f"wheelyard_indexer.{module}.monotonic", lambda: time.monotonic() + seconds
            )

    return later


def test_what_was_read_is_read_on_and_says_that_it_may_be_old(scene: Scene, later: Later) -> None:
    fresh = scene.replica.ask(scene.reader)
    scene.lose_the_database()
    later(GRANT_SECONDS + 1)

    page = scene.replica.ask(scene.reader)
    file = scene.replica.ask(scene.reader, scene.file)
    ranged = scene.replica.ask(scene.reader, scene.file, {"Range": "bytes=0-3"})

    assert (page.status_code, page.data) == (200, fresh.data)
    assert (file.status_code, file.data) == (200, WHEEL.content)
    assert (ranged.status_code, ranged.data) == (206, WHEEL.content[:4])
    for answer in (page, file, ranged):
        assert answer.headers["X-Wheelyard-Stale"] == "true"
    assert "X-Wheelyard-Stale" not in fresh.headers


def test_nobody_else_reads_anything_and_nothing_is_invented(scene: Scene, later: Later) -> None:
    stranger = Reader(scene.reader.yard, scene.reader.project, "wyp_" + "x" * 40)
    scene.lose_the_database()
    later(GRANT_SECONDS + 1)

    assert scene.replica.ask(stranger).status_code == 503
    assert scene.replica.ask(stranger, scene.file).status_code == 503
    # Not known here: nobody can tell whether it is there.
    assert scene.status("simple/never-read/") == 503
    assert scene.status(scene.file.replace("files/", "files/0", 1)) == 503


def test_it_ends_after_the_time_that_is_set(scene: Scene, later: Later) -> None:
    scene.lose_the_database()
    later(STALE_SECONDS + 1)

    assert scene.status(PAGE) == 503
    assert scene.status(scene.file) == 503


def test_what_others_take_away_is_taken_away_here_too(scene: Scene, later: Later) -> None:
    """The database is away for this process alone, and another one revokes the token."""
    scene.lose_the_database()
    later(GRANT_SECONDS + 1)
    assert scene.status(PAGE) == 200

    AccessEpoch(scene.reader.yard.registry.settings.cache).advance()

    assert scene.status(PAGE) == 503
    assert scene.status(scene.file) == 503


def test_what_redis_cannot_vouch_for_is_not_given(
    scene: Scene, later: Later, redis_server: RedisServer
) -> None:
    scene.lose_the_database()
    later(GRANT_SECONDS + 1)
    assert scene.status(PAGE) == 200

    redis_server.stop()

    assert scene.status(PAGE) == 503


def test_a_database_that_is_back_is_asked_again(scene: Scene, later: Later) -> None:
    scene.lose_the_database()
    later(GRANT_SECONDS + 1)
    assert scene.status(PAGE) == 200

    scene.proxy.answers_end_after = None
    # Its rest is over.
    later(GRANT_SECONDS + 10)
    answer = scene.replica.ask(scene.reader)

    assert answer.status_code == 200
    assert "X-Wheelyard-Stale" not in answer.headers
