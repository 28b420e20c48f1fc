"""One transaction: told after its commit, undone without one, and never waiting without an end."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import text
from tests.support.kept import make_tables
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.postgres import PostgresServer, find_postgres
from tests.support.servers.report import without

from wheelyard_core.adapters.db.engine import PoolSettings, make_engine
from wheelyard_core.adapters.db.unit_of_work import SqlDatabase, SqlUnitOfWork
from wheelyard_core.domain.work import Promise, Task
from wheelyard_core.ports import Conflict, DatabaseUnavailable

pytestmark = pytest.mark.integration

BOUNDED_SECONDS = 8.0


@dataclass
class Told:
    """Hears of promises, and looks whether their rows are there for others when it does."""

    promised: list[Promise] = field(default_factory=list)
    seen_by_others: list[bool] = field(default_factory=list)
    database: SqlDatabase | None = None

    def __call__(self, promised: object) -> None:
        assert isinstance(promised, list)
        self.promised += promised
        assert self.database is not None
        with self.database.begin() as uow:
            self.seen_by_others += [
                uow.outbox.claim(promise.message_id) is not None for promise in promised
            ]


def open_database(url: str, told: Told | None = None, **pool: int) -> SqlDatabase:
    """Return a database whose promises *told* hears."""
    told = told or Told()
    database = SqlDatabase(make_engine(url, PoolSettings(**pool), "test"), told)
    told.database = database
    return database


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def database(database_url: str, told: Told) -> Iterator[SqlDatabase]:
    opened = open_database(database_url, told)
    yield opened
    opened.close()


def add_user(uow: SqlUnitOfWork, name: str = "ada") -> int:
    return uow.accounts.add_user(name, name)


def users(database: SqlDatabase) -> int:
    with database.snapshot() as uow:
        return int(uow.session.execute(text("SELECT count(*) FROM users")).scalar_one())


def test_all_that_a_transaction_writes_has_one_time(database: SqlDatabase) -> None:
    with database.begin() as uow:
        for _ in range(2):
            uow.outbox.promise(Task.DISCARD, blob_key="k")
        add_user(uow)
        uow.commit()

    with database.snapshot() as uow:
        times = "SELECT created_at FROM outbox UNION SELECT created_at FROM users"
        assert len(uow.session.execute(text(times)).all()) == 1
    with database.begin() as uow:
        add_user(uow, "bob")
        uow.commit()
    with database.snapshot() as uow:
        assert len(uow.session.execute(text(times)).all()) == 2


def test_a_promise_is_told_only_after_its_commit(database: SqlDatabase, told: Told) -> None:
    with database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="k")
        assert told.promised == []
        uow.commit()
    assert [promise.task for promise in told.promised] == [Task.DISCARD]
    assert told.seen_by_others == [True]


def test_a_promise_without_a_commit_is_never_told(database: SqlDatabase, told: Told) -> None:
    with database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="k")
    with pytest.raises(ZeroDivisionError):
        promise_and_fail(database)
    assert told.promised == []
    with database.snapshot() as uow:
        assert uow.outbox.count_waiting() == 0


def promise_and_fail(database: SqlDatabase) -> float:
    with database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="k")
        return 1 / 0


def test_what_is_not_committed_is_undone(database: SqlDatabase) -> None:
    with database.begin() as uow:
        add_user(uow)
    assert users(database) == 0


def test_a_second_row_of_one_key_is_a_conflict(database: SqlDatabase) -> None:
    with database.begin() as uow:
        uow.session.execute(text("INSERT INTO spent_id_tokens VALUES ('a', '2026-01-01')"))
        uow.commit()
    with pytest.raises(Conflict), database.begin() as uow:
        uow.session.execute(text("INSERT INTO spent_id_tokens VALUES ('a', '2026-01-01')"))


def test_a_snapshot_sees_one_moment(database: SqlDatabase) -> None:
    with database.snapshot() as reading:
        query = text("SELECT count(*) FROM users")
        before = reading.session.execute(query).scalar_one()
        with database.begin() as uow:
            add_user(uow)
            uow.commit()
        assert reading.session.execute(query).scalar_one() == before
    assert users(database) == 1


def test_a_snapshot_does_not_write_on_postgresql(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with pytest.raises(DatabaseUnavailable), database.snapshot() as uow:
        add_user(uow)
    database.close()


def test_writers_take_turns_and_none_is_refused(database: SqlDatabase) -> None:
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with database.begin() as uow:
                # Read first: on SQLite this is what a deferred transaction fails by.
                uow.session.execute(text("SELECT count(*) FROM users")).scalar_one()
                add_user(uow, f"user-{number}")
                uow.commit()
        except Exception as error:  # noqa: BLE001  any of them fails the test
            failures.append(error)

    in_threads(write, 16)
    assert failures == []
    assert users(database) == 16


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Do *work* in *count* threads that begin together."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> None:
        barrier.wait(10)
        work(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.fixture
def own_postgres(machine: Machine) -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop and freeze, and whose commits outlive that."""
    try:
        source = find_postgres(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)
    server = PostgresServer(source, durable=True)
    try:
        yield server.start()
    finally:
        server.thaw()
        server.close()


def write(database: SqlDatabase, name: str) -> None:
    with database.begin() as uow:
        add_user(uow, name)
        uow.commit()


@pytest.fixture
def fragile(own_postgres: PostgresServer) -> Iterator[SqlDatabase]:
    """A database with a used connection in its pool."""
    url = own_postgres.fresh_database()
    make_tables(url)
    opened = open_database(url, statement_timeout_ms=3000)
    write(opened, "before")
    yield opened
    opened.close()


def test_a_stopped_database_is_an_outage_and_heals(
    own_postgres: PostgresServer, fragile: SqlDatabase
) -> None:
    own_postgres.kill()
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        write(fragile, "meanwhile")
    with pytest.raises(DatabaseUnavailable):
        fragile.check()
    assert time.monotonic() - began < BOUNDED_SECONDS
    own_postgres.start()
    write(fragile, "after")


def test_a_frozen_database_is_an_outage_within_seconds_and_heals(
    own_postgres: PostgresServer, fragile: SqlDatabase
) -> None:
    own_postgres.freeze()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            write(fragile, "meanwhile")
        assert time.monotonic() - began < BOUNDED_SECONDS
    own_postgres.thaw()
    write(fragile, "after")


def freeze_within(server: PostgresServer, database: SqlDatabase) -> None:
    with database.begin() as uow:
        add_user(uow, "first")
        server.freeze()
        add_user(uow, "second")


def test_a_database_that_freezes_within_a_transaction_is_an_outage(
    own_postgres: PostgresServer, fragile: SqlDatabase
) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        freeze_within(own_postgres, fragile)
    assert time.monotonic() - began < BOUNDED_SECONDS
    own_postgres.thaw()
    write(fragile, "second")


def test_a_read_only_primary_reads_refuses_to_write_and_heals(
    own_postgres: PostgresServer, fragile: SqlDatabase
) -> None:
    name = fragile.engine.url.database
    with psycopg.connect(own_postgres.url, autocommit=True) as operator:
        operator.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        fragile.close()
        assert users(fragile) == 1
        with pytest.raises(DatabaseUnavailable):
            write(fragile, "meanwhile")
        assert users(fragile) == 1
        # The pool now holds a connection on which writing fails for as long as it lives.
        operator.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    with pytest.raises(DatabaseUnavailable):
        write(fragile, "the one that finds out")
    write(fragile, "after")
    assert users(fragile) == 2


def test_a_lock_that_is_held_too_long_is_an_outage(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    impatient = SqlDatabase(
        make_engine(postgresql_url, PoolSettings(lock_timeout_ms=300), "test"), Told()
    )
    with database.begin() as holder:
        holder.files.lock(1, "demo")
        with pytest.raises(DatabaseUnavailable), impatient.begin() as uow:
            uow.files.lock(1, "demo")
    impatient.close()
    database.close()


def test_no_connection_left_is_an_outage(postgresql_url: str) -> None:
    database = open_database(postgresql_url, size=1, overflow=0, timeout_seconds=1)
    with database.begin() as holder:
        add_user(holder)
        with pytest.raises(DatabaseUnavailable), database.begin() as uow:
            add_user(uow)
    database.close()
