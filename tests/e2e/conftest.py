"""Running registries, embedded and on real servers, and people who use them.

A registry runs for all of these tests and every test gets a project of its own in it.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from tests.support.backstage import Backstage
from tests.support.clients import Person
from tests.support.seed import Seed, SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.postgres import Databases, PostgresServer
from tests.support.servers.redis import RedisServer
from tests.support.servers.s3 import Buckets, S3Server
from tests.support.wheelyard import Wheelyard, start_distributed, start_embedded

from wheelyard_core.adapters.blobs.s3_settings import S3Settings

_RUNNING = pytest.StashKey[list[Wheelyard]]()
_SEEN = pytest.StashKey[dict[Path, int]]()
_SHOWN = 6000


@pytest.fixture(scope="package")
def embedded(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Wheelyard]:
    """What `make run` starts."""
    with ExitStack() as stack:
        started = start_embedded(tmp_path_factory.mktemp("embedded"))
        yield running(started, pytestconfig, stack)


@pytest.fixture(scope="package")
def distributed(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    postgres_server: PostgresServer,
    minio_server: S3Server,
    redis_source: Source,
) -> Iterator[Wheelyard]:
    """The services apart, over PostgreSQL, two Redis and MinIO."""
    with ExitStack() as stack:
        databases, buckets = Databases(postgres_server), Buckets(minio_server)
        stack.callback(databases.drop_all)
        stack.callback(buckets.drop_all)
        broker = stack.enter_context(
            RedisServer(redis_source, options={"maxmemory-policy": "noeviction"})
        )
        cache = stack.enter_context(
            RedisServer(redis_source, options={"maxmemory-policy": "allkeys-lru"})
        )
        settings = {
            "WHEELYARD_DATABASE_URL": databases.fresh_database(),
            "WHEELYARD_BROKER_URL": broker.url,
            "WHEELYARD_CACHE_URL": cache.url,
            **s3_environment(buckets.fresh_bucket()),
        }
        started = start_distributed(tmp_path_factory.mktemp("distributed"), settings)
        yield running(started, pytestconfig, stack)


@pytest.fixture(scope="package", params=["embedded", "distributed"])
def wheelyard(request: pytest.FixtureRequest) -> Wheelyard:
    """Both kinds, one after the other."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Wheelyard)
    return found


def running(started: Wheelyard, config: pytest.Config, stack: ExitStack) -> Wheelyard:
    """Have the registry stopped by *stack*, and its logs shown when a test fails meanwhile."""
    stack.callback(started.stop)
    everything = config.stash.setdefault(_RUNNING, [])
    everything.append(started)
    stack.callback(everything.remove, started)
    return started


def s3_environment(settings: S3Settings) -> dict[str, str]:
    """Return a bucket's settings as a service reads them."""
    return {
        "WHEELYARD_S3_ENDPOINT": settings.endpoint,
        "WHEELYARD_S3_REGION": settings.region,
        "WHEELYARD_S3_BUCKET": settings.bucket,
        "WHEELYARD_S3_PREFIX": settings.prefix,
        "WHEELYARD_S3_ACCESS_KEY": settings.access_key,
        "WHEELYARD_S3_SECRET_KEY": settings.secret_key,
        "WHEELYARD_S3_PATH_STYLE": str(settings.path_style).lower(),
    }


@pytest.fixture(scope="package")
def backstages() -> Iterator[Callable[[Wheelyard], Backstage]]:
    """Opens what a registry keeps, each once: SQLAlchemy compiles its statements once an engine."""
    opened: dict[str, Backstage] = {}
    with ExitStack() as stack:

        def of(wheelyard: Wheelyard) -> Backstage:
            if wheelyard.url not in opened:
                opened[wheelyard.url] = stack.enter_context(Backstage(wheelyard))
            return opened[wheelyard.url]

        yield of


@pytest.fixture
def backstage(wheelyard: Wheelyard, backstages: Callable[[Wheelyard], Backstage]) -> Backstage:
    """What the registry keeps."""
    return backstages(wheelyard)


@pytest.fixture
def seed(backstage: Backstage) -> Seed:
    """Makes accounts, projects and tokens."""
    return backstage.seed


@pytest.fixture
def project(seed: Seed) -> SeededProject:
    """A private project of this test's own."""
    return seed.project()


@pytest.fixture
def token(seed: Seed, project: SeededProject) -> str:
    """A personal token of a developer of the project."""
    return seed.developer_token(project)


@pytest.fixture
def person(tmp_path: Path, empty_index: str) -> Person:
    """Somebody with an empty home; what their clients ask by default has nothing."""
    home = tmp_path / "home"
    home.mkdir()
    return Person(home, empty_index)


class _Nothing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def empty_index() -> Iterator[str]:
    """A public index that knows no package: tests ask nobody outside this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Nothing)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def with_credentials(address: str, username: str, secret: str) -> str:
    """Return the address with credentials in it, as people type it."""
    parts = urlsplit(address)
    return parts._replace(netloc=f"{username}:{secret}@{parts.netloc}").geturl()


def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_SEEN] = {log: log.stat().st_size for log in _logs(item.config)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the registries printed during a test that failed, and which processes are gone."""
    report = yield
    if not report.failed:
        return report
    seen = item.stash.get(_SEEN, {})
    for log in _logs(item.config):
        new = log.read_bytes()[seen.get(log, 0) :].decode(errors="replace")
        if new.strip():
            report.sections.append((f"{log.parent.name}/{log.name}", new[-_SHOWN:]))
    for registry in item.config.stash.get(_RUNNING, []):
        dead = [name for name, process in registry.processes.items() if not process.is_running()]
        if dead:
            report.sections.append((f"not running at {registry.url}", ", ".join(dead)))
    return report


def _logs(config: pytest.Config) -> list[Path]:
    return [log for one in config.stash.get(_RUNNING, []) for log in one.folder.glob("*.log")]
