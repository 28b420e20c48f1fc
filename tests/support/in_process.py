"""A registry in this process: both web applications, and a thread that does the promised work.

Everything is real but the processes: the use cases, the database, the blobs, Redis. What workers do
is done by `run_promise`, as in a worker, without Celery in between.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from queue import Queue
from threading import Thread
from time import monotonic, sleep
from typing import Any, Self

from sqlalchemy import event
from tests.support.distributions import Built
from tests.support.forms import basic
from tests.support.kept import Kept
from tests.support.seed import Seed
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.cache.epoch import AccessEpoch
from wheelyard_core.bootstrap import Registry, make_database, make_registry
from wheelyard_core.domain.work import Claim, Promise, Task
from wheelyard_core.ports import DatabaseUnavailable
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.run_promise import run_promise
from wheelyard_indexer.app import create_app as create_indexer
from wheelyard_standalone.web import dispatch

# For what a thread does at once; a machine with much to do takes longer.
_PATIENCE = 60.0


class Hand:
    """Does promised work in a thread, as soon as it is told of it; it may rest and catch up."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self._queue: Queue[Promise | None] = Queue()
        self._resting: list[Promise] | None = None
        self._registry: Registry | None = None
        self._thread = Thread(target=self._work, daemon=True)

    def send(self, promised: Sequence[Promise]) -> bool:
        for promise in promised:
            if self._resting is not None:
                self._resting.append(promise)
            else:
                self._queue.put(promise)
        return True

    @staticmethod
    def covered(_waiting: Mapping[Task, int]) -> Collection[Task]:
        return ()

    def start(self, registry: Registry) -> None:
        self._registry = registry
        self._thread.start()

    @contextmanager
    def resting(self) -> Iterator[list[Promise]]:
        """Leave what is promised meanwhile, which is in the list, for afterwards."""
        self._resting = []
        try:
            yield self._resting
        finally:
            left, self._resting = self._resting, None
            self.send(left)

    def finish(self, is_done: Callable[[], bool]) -> None:
        """Wait until the work that was promised has had this effect."""
        ends = monotonic() + _PATIENCE
        while not is_done():
            assert monotonic() < ends, "it never came to that"
            sleep(0.02)

    def settle(self) -> None:
        """Wait until everything that was promised is done."""
        self._queue.join()

    @contextmanager
    def by(self, registry: Registry) -> Iterator[None]:
        """Have the work be done by another registry meanwhile."""
        usual, self._registry = self._registry, registry
        try:
            yield
        finally:
            self._registry = usual

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while (promise := self._queue.get()) is not None:
            here = self._registry
            assert here is not None
            with suppress(DatabaseUnavailable):
                run_promise(
                    here.database, here.handlers(), promise.message_id, here.give_up(), self._report
                )
            self._queue.task_done()

    def _report(self, _claim: Claim, error: BaseException) -> None:
        self.failures.append(error)


@dataclass(frozen=True, slots=True)
class Yard:
    """The registry, who seeds it, what it keeps, and a client of its addresses."""

    registry: Registry
    seed: Seed
    kept: Kept
    hand: Hand
    client: Client = field(repr=False)

    def another_client(self) -> Self:
        """Return the same replica, asked from another thread."""
        return replace(self, client=Client(self.client.application))

    def another_replica(self) -> Self:
        """Return a second pair of web applications, with memories of their own."""
        return replace(self, client=_client_of(self.registry))

    def over(self, reach: CrashPoint) -> Client:
        """Return a client of web applications that tell *reach* how far they are."""
        return _client_of(replace(self.registry, reach=reach))

    def ask(
        self, method: str, path: str, secret: str | None = None, **options: Any
    ) -> TestResponse:
        """Make a request, with *secret* as a PRIVATE-TOKEN if there is one."""
        headers = {"PRIVATE-TOKEN": secret} if secret else {}
        return self.client.open(path, method=method, headers=headers, **options)

    def publish(
        self, project_id: int, built: Built, secret: str, user: str = "__token__", **fields: str
    ) -> TestResponse:
        """Upload a file as twine does, with *fields* in place of the true ones."""
        form = {
            ":action": "file_upload",
            "name": built.name,
            "version": built.version,
            "filetype": built.filetype,
            "sha256_digest": built.sha256,
            "content": (BytesIO(built.content), built.filename),
        }
        return self.client.post(
            f"/api/v4/projects/{project_id}/packages/pypi",
            data=form | fields,
            headers=basic(user, secret),
        )

    def must_publish(self, project_id: int, secret: str, *built: Built) -> None:
        """Upload files that have to be taken."""
        for one in built:
            answer = self.publish(project_id, one, secret)
            assert answer.status_code == 201, answer.text

    def page(self, project_id: int, package: str, secret: str) -> TestResponse:
        """Return a package's simple page as JSON."""
        return self.client.get(
            f"/api/v4/projects/{project_id}/packages/pypi/simple/{package}/",
            headers={"PRIVATE-TOKEN": secret, "Accept": "application/vnd.pypi.simple.v1+json"},
        )

    def listing(self, project_id: int, package: str, secret: str) -> list[dict[str, Any]]:
        """Return what a package's simple page says of its files."""
        answer = self.page(project_id, package, secret)
        assert answer.status_code == 200, answer.text
        files: list[dict[str, Any]] = answer.get_json(force=True)["files"]
        return files

    def listed(self, project_id: int, package: str, secret: str) -> list[str]:
        """Return the names of the files on a package's simple page."""
        return [file["filename"] for file in self.listing(project_id, package, secret)]


@contextmanager
def counted(yard: Yard) -> Iterator[list[str]]:
    """Collect the statements that the registry asks of its database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = yard.registry.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _client_of(registry: Registry) -> Client:
    return Client(dispatch(create_api(registry), create_indexer(registry)))


def environment(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """Return settings of a registry over a folder, a database and a Redis."""
    return {
        "WHEELYARD_DATABASE_URL": database_url,
        "WHEELYARD_BLOBS_DIRECTORY": str(folder / "blobs"),
        "WHEELYARD_BROKER_URL": redis_url,
        "WHEELYARD_CACHE_URL": redis_url,
        "WHEELYARD_TOKEN_PEPPER": "a pepper of these tests",
        # Ladders are refused more often within a minute than anybody.
        "WHEELYARD_FAILURES_PER_MINUTE": "0",
        # An answer waits for its verdict, however busy the machine is.
        "WHEELYARD_VERDICT_SECONDS": "30",
        "WHEELYARD_PUBLIC_URL": "http://yard.example",
    }


@contextmanager
def in_process(settings: dict[str, str]) -> Iterator[Yard]:
    """Start a registry over a database that has our tables; stop it in the end."""
    hand = Hand()
    made = make_registry(read_settings(settings), "test")
    made.database.close()
    epoch = AccessEpoch(made.settings.cache)
    database = make_database(made.settings.database, "test", hand.send, epoch.advance)
    registry = replace(made, database=database)
    hand.start(registry)
    seed, kept = Seed(registry), Kept(registry)
    try:
        yield Yard(registry, seed, kept, hand, _client_of(registry))
    finally:
        hand.stop()
        kept.close()
        seed.close()
        registry.close()


@contextmanager
def working(settings: dict[str, str]) -> Iterator[Yard]:
    """The same; what is promised in it must not have failed."""
    with in_process(settings) as started:
        yield started
        assert started.hand.failures == []


@contextmanager
def small(folder: Path, redis_source: Source, **settings: str) -> Iterator[Yard]:
    """The same over an SQLite of our tables and a Redis of its own, for many tests to share."""
    with RedisServer(redis_source) as redis:
        whole = environment(folder, f"sqlite:///{folder}/yard.db", redis.url) | settings
        database = make_database(read_settings(whole).database, "test", lambda _: True)
        database.migrate()
        database.close()
        with working(whole) as started:
            yield started
