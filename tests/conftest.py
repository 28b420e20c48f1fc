"""Fixtures that every suite shares: real servers, and the report of what could not run."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from tests.support.inherited import inherited
from tests.support.kept import make_tables
from tests.support.measuring import Measuring
from tests.support.one_folder import in_memory, one_folder
from tests.support.servers.finding import Machine, Missing, Source
from tests.support.servers.postgres import Databases, PostgresServer, find_postgres
from tests.support.servers.redis import RedisServer, find_redis
from tests.support.servers.report import not_run, without
from tests.support.servers.s3 import (
    Buckets,
    MinioServer,
    S3Server,
    VersitygwServer,
    find_minio,
    find_versitygw,
)

StartRedis = Callable[..., RedisServer]


@pytest.fixture(scope="session")
def machine() -> Machine:
    """What the servers are looked for on."""
    return Machine(inherited(), Path(__file__).parent.parent)


@pytest.fixture(scope="session")
def postgres_server(machine: Machine) -> Iterator[PostgresServer]:
    """The run's PostgreSQL. Ask for `postgres` unless the server itself is the matter."""
    server = PostgresServer(_source(find_postgres, machine))
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[Databases]:
    """`.fresh_database()` gives the SQLAlchemy address of an empty database of this test's."""
    databases = Databases(postgres_server)
    try:
        yield databases
    finally:
        databases.drop_all()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with our tables: tests copy it, since migrating takes far longer."""
    file = tmp_path_factory.mktemp("tables") / "wheelyard.db"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a PostgreSQL database with our tables, for `.copied_database()`."""
    databases = Databases(postgres_server)
    try:
        url = databases.fresh_database()
        make_tables(url)
        yield url
    finally:
        databases.drop_all()


@pytest.fixture
def sqlite_url(sqlite_tables: Path, tmp_path: Path) -> str:
    """The address of this test's own SQLite database, which has our tables."""
    return f"sqlite:///{shutil.copy(sqlite_tables, tmp_path / 'wheelyard.db')}"


@pytest.fixture
def postgresql_url(postgres: Databases, postgres_tables: str) -> str:
    """The address of this test's own PostgreSQL database, which has our tables."""
    return postgres.copied_database(postgres_tables)


@pytest.fixture(scope="session")
def redis_source(machine: Machine) -> Source:
    """Where a Redis comes from, for `RedisServer`."""
    return _source(find_redis, machine)


@pytest.fixture
def start_redis(machine: Machine, redis_source: Source) -> Iterator[StartRedis]:
    """Start as many Redis servers as a test wants: `start_redis(unix_socket=…, options=…)`."""
    with ExitStack() as servers:

        def start(
            *, unix_socket: bool = False, options: dict[str, str] | None = None
        ) -> RedisServer:
            try:
                server = RedisServer(redis_source, unix_socket=unix_socket, options=options)
            except Missing as missing:
                without(missing, required=machine.requires_all)
            return servers.enter_context(server)

        yield start


@pytest.fixture
def redis_server(start_redis: StartRedis) -> RedisServer:
    """An empty Redis of this test's own."""
    return start_redis()


@pytest.fixture(scope="session")
def minio_source(machine: Machine) -> Source:
    """Where a MinIO comes from, for a `MinioServer` of a test's own."""
    return _source(find_minio, machine)


@pytest.fixture(scope="session")
def minio_server(minio_source: Source) -> Iterator[S3Server]:
    """The run's MinIO. Ask for `minio` unless the server itself is the matter."""
    yield from _s3(MinioServer(minio_source))


@pytest.fixture(scope="session")
def versitygw_server(machine: Machine) -> Iterator[S3Server]:
    """The run's versitygw. Ask for `versitygw` unless the server itself is the matter."""
    yield from _s3(VersitygwServer(_source(find_versitygw, machine)))


@pytest.fixture
def minio(minio_server: S3Server) -> Iterator[Buckets]:
    """`.fresh_bucket()` gives the settings of an empty bucket of this test's."""
    yield from _buckets(minio_server)


@pytest.fixture
def versitygw(versitygw_server: S3Server) -> Iterator[Buckets]:
    """As `minio`, on the second server."""
    yield from _buckets(versitygw_server)


def pytest_configure(config: pytest.Config) -> None:
    """Have no example fail for a busy machine, and a killed run leave one folder at the most."""
    # Thousands of tests are collected, and nothing of it becomes garbage before the end.
    gc.disable()
    config.pluginmanager.register(Measuring())
    hypothesis.settings.register_profile("busy", deadline=None)
    hypothesis.settings.load_profile("busy")
    environ = os.environ  # noqa: TID251  pytest's own variables
    if "PYTEST_XDIST_WORKER" in environ:
        # It has the folder of the run.
        return
    usual = Path(tempfile.gettempdir())
    memory = None if "TMPDIR" in environ else in_memory()
    temporary = ExitStack()
    folder = temporary.enter_context(one_folder(memory or usual))
    # On a disk the folders of tests stay for a look at them, three runs long, as pytest does it.
    environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder if memory else usual))
    config.add_cleanup(temporary.close)


def pytest_collection_finish() -> None:
    """Begin to look for garbage, and not among what was collected: that took a tenth of the run."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what did not run."""
    stats = terminalreporter.stats
    reports = [report for kind in ("skipped", "error", "failed") for report in stats.get(kind, [])]
    for line in not_run(reports):
        terminalreporter.write_line(line, yellow=True)


def _source(look: Callable[[Machine], Source], machine: Machine) -> Source:
    try:
        return look(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)


def _s3(server: S3Server) -> Iterator[S3Server]:
    try:
        yield server.start()
    finally:
        server.close()


def _buckets(server: S3Server) -> Iterator[Buckets]:
    buckets = Buckets(server)
    try:
        yield buckets
    finally:
        buckets.drop_all()
