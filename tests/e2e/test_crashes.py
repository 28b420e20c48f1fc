"""A hundred uploads while something dies, and afterwards the truth.

Real processes, killed for real. Whatever dies: nothing that was answered with a success is lost,
nothing half done is visible, and everything is settled within a minute of the fault.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select
from tests.support.backstage import Backstage
from tests.support.fleet import Fleet, Shelf, distributions, refused
from tests.support.servers.finding import Source
from tests.support.servers.postgres import Databases, PostgresServer
from tests.support.servers.redis import RedisServer
from tests.support.servers.s3 import Buckets, S3Server
from tests.support.wheelyard import Wheelyard, start_distributed, start_embedded

from wheelyard_core.adapters.db.models import File, UploadRow
from wheelyard_core.domain.catalogue import FileStatus, UploadStatus

# On a busy machine a minute of settling comes after a minute of uploads.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

UPLOADS = 100
SETTLED_SECONDS = 60.0
IN_THE_API = ("upload-begun", "blob-stored", "row-written", "verdict-known")
IN_THE_WORKER = ("verify-leased", "verify-claimed", "metadata-stored", "publishing", "published")
OF_A_REFUSAL = ("rejected", "blob-discarded")
IN_THE_INDEXER = ("index-claimed", "page-stored", "indexed")
POINTS = (*IN_THE_API, *IN_THE_WORKER, *OF_A_REFUSAL, *IN_THE_INDEXER)


@dataclass(frozen=True, slots=True)
class Crashes:
    """The crash points of a running registry; a process dies at one only after `arm`."""

    marker: Path

    def environment(self) -> dict[str, str]:
        for point in POINTS:
            self._file(point).touch()
        return {
            "WHEELYARD_TEST_CRASH_AT": ",".join(POINTS),
            "WHEELYARD_TEST_CRASH_MARKER": str(self.marker),
        }

    def arm(self, *points: str) -> None:
        for point in points:
            self._file(point).unlink()

    def strike(self, *points: str) -> None:
        """Have processes die at each of *points*, one after the other."""
        for point in points:
            self.arm(point)
            Backstage.until(self._file(point).exists, f"a process died at {point}", 30)

    def disarm(self) -> None:
        for point in POINTS:
            self._file(point).touch()

    def unstruck(self) -> list[str]:
        return [point for point in POINTS if not self._file(point).exists()]

    def _file(self, point: str) -> Path:
        return Path(f"{self.marker}.{point}")


@dataclass(frozen=True, slots=True)
class Stage:
    """A running registry, what it runs on, and how to break it."""

    wheelyard: Wheelyard
    crashes: Crashes
    servers: dict[str, RedisServer]

    def kill(self, name: str) -> None:
        """Kill a service's own process; its children are left to find out."""
        process = self.wheelyard.processes[name]
        os.kill(process.pid, signal.SIGKILL)
        assert process.popen is not None
        process.popen.wait(10)

    def start_again(self, name: str) -> None:
        self.wheelyard.processes[name].start()

    def ended(self) -> list[str]:
        """Return the services that are not running."""
        every = self.wheelyard.processes.items()
        return [name for name, process in every if not process.is_running()]

    def children(self, name: str) -> list[int]:
        return children_of(self.wheelyard.processes[name].pid)

    def child(self, name: str) -> int:
        """Return a child, once there is one: of one that was killed the successor may be late."""
        Backstage.until(lambda: self.children(name) != [], f"{name} has a child")
        return self.children(name)[0]


def children_of(pid: int) -> list[int]:
    listings = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listing in listings for child in listing.read_text().split()]


def kill(pid: int) -> None:
    """Kill a process, which may be ending by itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def apart(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    minio_server: S3Server,
    redis_source: Source,
) -> Iterator[Stage]:
    """The services apart, over PostgreSQL, two Redis of their own and MinIO."""
    folder = tmp_path_factory.mktemp("apart")
    with ExitStack() as stack:
        databases, buckets = Databases(postgres_server), Buckets(minio_server)
        stack.callback(databases.drop_all)
        stack.callback(buckets.drop_all)
        # As docker-compose.yml runs them.
        broker = RedisServer(
            redis_source, options={"maxmemory-policy": "noeviction", "appendonly": "yes"}
        )
        cache = RedisServer(redis_source, options={"maxmemory-policy": "allkeys-lru"})
        servers = {"broker": broker, "cache": cache}
        for server in servers.values():
            stack.enter_context(server)
        crashes, bucket = Crashes(folder / "crash"), buckets.fresh_bucket()
        settings = {
            "WHEELYARD_DATABASE_URL": databases.fresh_database(),
            "WHEELYARD_BROKER_URL": broker.url,
            "WHEELYARD_CACHE_URL": cache.url,
            "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
            "WHEELYARD_S3_BUCKET": bucket.bucket,
            "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
            "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
            **crashes.environment(),
        }
        wheelyard = start_distributed(folder / "w", settings)
        stack.callback(wheelyard.stop)
        yield Stage(wheelyard, crashes, servers)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """What `make run` starts, whose supervisor starts again what dies."""
    folder = tmp_path_factory.mktemp("together")
    crashes = Crashes(folder / "crash")
    wheelyard = start_embedded(folder / "w", **crashes.environment())
    try:
        yield Stage(wheelyard, crashes, {})
    finally:
        wheelyard.stop()


@contextmanager
def a_hundred_uploads(stage: Stage, prefix: str, bad: int = 0) -> Iterator[Fleet]:
    """Upload meanwhile; then see that all promises were kept."""
    good = distributions(prefix, UPLOADS - bad)
    fleet = Fleet(stage.wheelyard, [*refused(prefix, bad), *good])
    try:
        with fleet.at_work():
            yield fleet
    finally:
        stage.crashes.disarm()
    over = time.monotonic()
    with Backstage(stage.wheelyard) as backstage:
        backstage.until(lambda: unsettled(backstage) == {}, "all is settled", SETTLED_SECONDS)
    assert time.monotonic() - over < SETTLED_SECONDS
    assert stage.ended() == []
    expected = {one.filename for one in good}
    # A verdict that comes late is not in the answer: 202 says no more than "received".
    assert {one.filename for one in fleet.answered(200, 201)} <= expected
    assert {one.filename for one in fleet.answered(200, 201, 202)} >= expected
    listed = Shelf(stage.wheelyard).check({one.name for one in fleet.built})
    assert listed == expected


def unsettled(backstage: Backstage) -> dict[str, int]:
    """Return how much of what is still to be done there is. Intents are the sweep's matter."""
    waiting = (UploadStatus.RECEIVED, UploadStatus.VERIFYING)
    found = {
        "outbox": backstage.promises(),
        "uploads": count(backstage, select(UploadRow.id).where(UploadRow.status.in_(waiting))),
        "files": count(backstage, select(File.id).where(File.status == FileStatus.RECEIVED)),
    }
    return {name: several for name, several in found.items() if several}


def rejected(stage: Stage) -> int:
    """Return how many uploads verification refused; one that was sent again counts twice."""
    with Backstage(stage.wheelyard) as backstage:
        refusals = UploadRow.status == UploadStatus.REJECTED
        return count(backstage, select(UploadRow.id).where(refusals))


def count(backstage: Backstage, rows: Select[Any]) -> int:
    with backstage.session() as session:
        return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def test_the_api_dies_at_each_step_of_an_upload(apart: Stage) -> None:
    with a_hundred_uploads(apart, "api-dies") as fleet:
        apart.crashes.strike(*IN_THE_API)
    assert fleet.broken >= len(IN_THE_API)


def test_a_worker_dies_at_each_step_of_a_verification(apart: Stage) -> None:
    apart.crashes.arm(*OF_A_REFUSAL)
    with a_hundred_uploads(apart, "worker-dies", bad=10) as fleet:
        apart.crashes.strike(*IN_THE_WORKER)
        fleet.wait_for(UPLOADS)
        assert apart.crashes.unstruck() == []
    # Counted where none is missed: a verdict that comes late is not in the answer.
    assert rejected(apart) >= 10


def test_an_index_worker_dies_at_each_step_of_a_refresh(apart: Stage) -> None:
    with a_hundred_uploads(apart, "index-dies"):
        apart.crashes.strike(*IN_THE_INDEXER)


def test_whole_services_are_killed_and_started_again(apart: Stage) -> None:
    with a_hundred_uploads(apart, "services-die") as fleet:
        for count, name in zip(
            range(10, 90, 10), 2 * list(apart.wheelyard.processes), strict=False
        ):
            fleet.wait_for(count)
            apart.kill(name)
            apart.start_again(name)


def test_the_kernel_kills_children_of_workers(apart: Stage) -> None:
    with a_hundred_uploads(apart, "children-die") as fleet:
        for count in (20, 40, 60):
            fleet.wait_for(count)
            for name in ("worker", "index-worker"):
                kill(apart.child(name))
    told = [line for line in apart.wheelyard.logs().splitlines() if "ForkPoolWorker" in line]
    assert told != []
    assert [line for line in told if not line.startswith("{")] == []


@pytest.mark.parametrize("which", ["broker", "cache"])
def test_redis_is_emptied(apart: Stage, which: str) -> None:
    with a_hundred_uploads(apart, f"flush-{which}") as fleet:
        for count in (10, 25, 40, 55, 70):
            fleet.wait_for(count)
            apart.servers[which].flush()


@pytest.mark.parametrize("which", ["broker", "cache"])
def test_redis_is_stopped_and_started_again(apart: Stage, which: str) -> None:
    with a_hundred_uploads(apart, f"stop-{which}") as fleet:
        fleet.wait_for(30)
        apart.servers[which].kill()
        time.sleep(5)
        apart.servers[which].start()


@pytest.mark.parametrize("which", ["broker", "cache"])
def test_redis_freezes_and_goes_on(apart: Stage, which: str) -> None:
    with a_hundred_uploads(apart, f"freeze-{which}") as fleet:
        fleet.wait_for(30)
        apart.servers[which].freeze()
        time.sleep(12)
        apart.servers[which].thaw()


def test_on_one_machine_processes_die_at_each_step(together: Stage) -> None:
    together.crashes.arm(*OF_A_REFUSAL)
    with a_hundred_uploads(together, "one-machine", bad=10) as fleet:
        together.crashes.strike(*IN_THE_API, *IN_THE_WORKER, *IN_THE_INDEXER)
        fleet.wait_for(UPLOADS)
        assert together.crashes.unstruck() == []


def test_on_one_machine_every_service_is_killed(together: Stage) -> None:
    with a_hundred_uploads(together, "all-die") as fleet:
        for count in (20, 50):
            fleet.wait_for(count)
            for pid in together.children("wheelyard"):
                kill(pid)
