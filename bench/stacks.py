"""The registries that are measured: embedded as `make run` starts it, and on real servers."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg
from tests.support.servers.finding import Machine
from tests.support.servers.postgres import Databases, PostgresServer, find_postgres
from tests.support.servers.redis import RedisServer, find_redis
from tests.support.servers.s3 import MinioServer, find_minio
from tests.support.wheelyard import Wheelyard, start_distributed, start_embedded

_STATEMENTS = (
    "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
    " JOIN pg_database ON pg_database.oid = dbid WHERE datname = %s"
)
# What our own connection says, and what keeps the one on which Redis tells of changes alive.
_NO_WORK = {"cmdstat_info", "cmdstat_ping", "cmdstat_client|setinfo", "cmdstat_hello"}


@dataclass(frozen=True, slots=True)
class Watch:
    """Counts what PostgreSQL and Redis are asked, while only those who serve may ask."""

    database: str
    postgres: PostgresServer
    cache: RedisServer

    def counts(self) -> Mapping[str, int]:
        with psycopg.connect(self.postgres.url, autocommit=True, connect_timeout=10) as connection:
            row = connection.execute(_STATEMENTS, [self.database]).fetchone()
        with self.cache.client() as client:
            told = client.info("commandstats")
        commands = sum(told[name]["calls"] for name in set(told) - _NO_WORK)
        return {"database statements": row[0] if row else 0, "Redis commands": commands}


@dataclass(frozen=True, slots=True)
class Stack:
    """A running registry; `watch` where one can look behind it."""

    wheelyard: Wheelyard
    folder: Path
    watch: Watch | None = None

    @contextmanager
    def only_serving(self) -> Iterator[None]:
        """Let workers and the scheduler, who look for work by themselves, rest meanwhile."""
        others = [p.pid for name, p in self.wheelyard.processes.items() if name != "web"]
        for pid in others:
            os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                os.killpg(pid, signal.SIGCONT)


Start: TypeAlias = Callable[[], AbstractContextManager[Stack]]


@contextmanager
def embedded() -> Iterator[Stack]:
    with _folder() as folder:
        wheelyard = start_embedded(folder / "yard")
        try:
            yield Stack(wheelyard, folder)
        finally:
            wheelyard.stop()


@contextmanager
def distributed() -> Iterator[Stack]:
    # The measurements' one look into the environment.
    machine = Machine(dict(os.environ), Path(__file__).parent.parent)  # noqa: TID251  as above
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        postgres, minio = PostgresServer(find_postgres(machine)), MinioServer(find_minio(machine))
        for server in (postgres, minio):
            stack.callback(server.close)
            server.start()
        counts = _count_statements(postgres)
        redis = find_redis(machine)
        broker = stack.enter_context(RedisServer(redis))
        cache = stack.enter_context(RedisServer(redis, options={"maxmemory-policy": "allkeys-lru"}))
        database = Databases(postgres).fresh_database()
        bucket = minio.fresh_bucket()
        settings = {
            "WHEELYARD_DATABASE_URL": database,
            "WHEELYARD_BROKER_URL": broker.url,
            "WHEELYARD_CACHE_URL": cache.url,
            "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
            "WHEELYARD_S3_REGION": bucket.region,
            "WHEELYARD_S3_BUCKET": bucket.bucket,
            "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
            "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
        }
        wheelyard = start_distributed(folder / "services", settings)
        stack.callback(wheelyard.stop)
        watch = Watch(database.rpartition("/")[2], postgres, cache) if counts else None
        yield Stack(wheelyard, folder, watch)


def _count_statements(postgres: PostgresServer) -> bool:
    """Have a PostgreSQL of our own count statements; False where it cannot."""
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
    with psycopg.connect(postgres.url, autocommit=True, connect_timeout=10) as connection:
        if connection.execute(query).fetchone() is None:
            return False
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    try:
        postgres.stop()
    except ValueError:
        # Someone else's.
        return False
    postgres.start()
    with psycopg.connect(postgres.url, autocommit=True, connect_timeout=10) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    return True


@contextmanager
def _folder() -> Iterator[Path]:
    # /tmp, because a Unix socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="wy-bench-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
