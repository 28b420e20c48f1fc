"""Promised work among several workers: one at a time has it, and none can hold it for ever."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection, Engine, event, select, update
from sqlalchemy.exc import OperationalError
from tests.support.kept import Kept
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.db.engine import PoolSettings, make_engine
from wheelyard_core.adapters.db.models import OutboxMessage
from wheelyard_core.adapters.db.unit_of_work import SqlDatabase
from wheelyard_core.adapters.queue import BrokerSettings, CeleryQueue
from wheelyard_core.domain.work import Claim, Promise, Task
from wheelyard_core.ports import DatabaseUnavailable, StorageUnavailable
from wheelyard_core.usecases.run_promise import MAX_ATTEMPTS, Outcome, run_promise
from wheelyard_core.usecases.sweep import sweep_outbox

pytestmark = pytest.mark.integration

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Sent:
    """A queue that remembers, and may refuse."""

    def __init__(self, *, takes: bool = True) -> None:
        self.numbers: list[int] = []
        self._takes = takes

    def send(self, promised: Sequence[Promise]) -> bool:
        if self._takes:
            self.numbers += [promise.message_id for promise in promised]
        return self._takes

    @staticmethod
    def covered(_waiting: Mapping[Task, int]) -> Collection[Task]:
        return ()


class Line:
    """The way to a database, which may be cut."""

    def __init__(self, engine: Engine) -> None:
        self._refuses = 0
        event.listen(engine, "begin", self._begin)

    def cut(self, transactions: int) -> None:
        """Let the next *transactions* not begin."""
        self._refuses = transactions

    def _begin(self, _connection: Connection) -> None:
        if self._refuses:
            self._refuses -= 1
            raise OperationalError("BEGIN", None, OSError("the line is cut"))


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = SqlDatabase(make_engine(database_url, PoolSettings(), "test"), lambda _promised: None)
    yield opened
    opened.close()


@pytest.fixture
def number(database: SqlDatabase) -> int:
    """The number of a promise."""
    return promise(database)


def promise(database: SqlDatabase) -> int:
    with database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="k")
        uow.commit()
        found = uow.session.scalars(select(OutboxMessage.id).order_by(OutboxMessage.id.desc()))
        return found.first() or 0


def claim(database: SqlDatabase, number: int) -> Claim | None:
    with database.begin() as uow:
        claimed = uow.outbox.claim(number)
        uow.commit()
    return claimed


def claimed(database: SqlDatabase, number: int) -> Claim:
    found = claim(database, number)
    assert found is not None
    return found


def let_the_lease_run_out(database: SqlDatabase, number: int) -> None:
    change(database, number, leased_until=LONG_AGO, not_before=LONG_AGO)


def change(database: SqlDatabase, number: int, **values: object) -> None:
    with database.begin() as uow:
        uow.session.execute(update(OutboxMessage).where(OutboxMessage.id == number).values(values))
        uow.commit()


def due(database: SqlDatabase) -> list[int]:
    sent = Sent()
    sweep_outbox(database, sent)
    return sent.numbers


def test_of_many_workers_one_gets_the_row(database: SqlDatabase, number: int) -> None:
    barrier, got = Barrier(8), list[Claim | None]()

    def work() -> None:
        barrier.wait(10)
        got.append(claim(database, number))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [found.attempt for found in got if found is not None] == [1]
    assert len(got) == 8


def test_a_dead_workers_row_is_free_when_its_lease_has_run_out(
    database: SqlDatabase, number: int
) -> None:
    claimed(database, number)
    assert due(database) == []
    assert claim(database, number) is None

    let_the_lease_run_out(database, number)

    assert due(database) == [number]
    assert claimed(database, number).attempt == 2


def test_a_renewed_lease_keeps_others_away(database: SqlDatabase, number: int) -> None:
    first = claimed(database, number)
    let_the_lease_run_out(database, number)
    with database.begin() as uow:
        assert uow.outbox.renew(number, first.attempt)
        uow.commit()

    assert due(database) == []
    assert claim(database, number) is None


def test_a_worker_that_was_thought_dead_neither_renews_nor_gives_back_anothers_row(
    database: SqlDatabase, number: int
) -> None:
    late = claimed(database, number)
    let_the_lease_run_out(database, number)
    claimed(database, number)
    with database.begin() as uow:
        assert not uow.outbox.renew(number, late.attempt)
        uow.outbox.release(late, "late", timedelta(0), forgive=False)
        uow.commit()

    assert claim(database, number) is None


def test_a_row_whose_workers_die_each_time_is_set_aside_and_shown(
    database: SqlDatabase, number: int
) -> None:
    told: list[str] = []
    for _ in range(MAX_ATTEMPTS):
        claimed(database, number)
        let_the_lease_run_out(database, number)

    outcome, _ = run_promise(
        database,
        {Task.DISCARD: lambda _claim: None},
        number,
        lambda _claim, error: told.append(error),
        lambda _claim, _error: None,
    )

    assert outcome is Outcome.SET_ASIDE
    assert told == ["The process that worked on it died each time"]
    with database.snapshot() as uow:
        [shown] = uow.outbox_admin.list_set_aside()
        assert uow.outbox_admin.count_waiting() == 0
    assert (shown.message_id, shown.last_error) == (number, told[0])
    let_the_lease_run_out(database, number)
    assert due(database) == []
    assert claim(database, number) is None


def test_an_error_in_odd_characters_is_kept_like_any_other(
    database: SqlDatabase, number: int
) -> None:
    def fail(_claim: Claim) -> None:
        raise ValueError("a\0b\ud800c")

    for _ in range(MAX_ATTEMPTS):
        let_the_lease_run_out(database, number)
        run_promise(database, {Task.DISCARD: fail}, number, lambda *_: None, lambda *_: None)

    with database.snapshot() as uow:
        [shown] = uow.outbox_admin.list_set_aside()
    assert shown.last_error == r"ValueError: a\x00b\ud800c"


def test_a_replayed_row_begins_anew(database: SqlDatabase, number: int) -> None:
    with database.begin() as uow:
        uow.outbox.set_aside(number, "no good")
        uow.commit()
    with database.begin() as uow:
        assert uow.outbox_admin.replay(number)
        assert not uow.outbox_admin.replay(number)
        uow.commit()

    assert due(database) == [number]
    assert claimed(database, number).attempt == 1


def test_an_outage_is_forgiven_and_a_failure_is_counted(database: SqlDatabase, number: int) -> None:
    for forgive, attempt in ((True, 1), (False, 1), (True, 2)):
        now = claimed(database, number)
        assert now.attempt == attempt
        with database.begin() as uow:
            uow.outbox.release(now, "x" * 10_000, timedelta(0), forgive=forgive)
            uow.commit()


def test_a_database_that_comes_and_goes_makes_no_row_poison(
    database: SqlDatabase, number: int
) -> None:
    line = Line(database.engine)

    def work(_claim: Claim) -> None:
        # Its own, and the first by which the row is to be given back.
        line.cut(2)
        with database.begin() as uow:
            uow.outbox.done(number)

    for _ in range(MAX_ATTEMPTS + 1):
        outcome, _ = run_promise(
            database, {Task.DISCARD: work}, number, lambda *_: None, lambda *_: None
        )
        assert outcome is Outcome.RETRY
        let_the_lease_run_out(database, number)

    assert claimed(database, number).attempt == 1


def test_a_worker_that_is_told_to_stop_gives_its_row_back_at_once_and_uncounted(
    database: SqlDatabase, number: int
) -> None:
    def stopped(_claim: Claim) -> None:
        # As the pool has it raised in a child that is to end.
        raise SystemExit(-15)

    with pytest.raises(SystemExit):
        run_promise(database, {Task.DISCARD: stopped}, number, lambda *_: None, lambda *_: None)

    assert due(database) == [number]
    assert claimed(database, number).attempt == 1


def test_a_row_that_cannot_be_given_back_is_left_to_its_lease(
    database: SqlDatabase, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wheelyard_core.usecases.run_promise._GIVING_BACK", 0.2)
    line = Line(database.engine)

    def work(_claim: Claim) -> None:
        line.cut(1_000)
        raise StorageUnavailable("away")

    with pytest.raises(DatabaseUnavailable):
        run_promise(database, {Task.DISCARD: work}, number, lambda *_: None, lambda *_: None)


@pytest.mark.parametrize(
    ("age", "least", "most"), [(0, 0, 2), (20, 5, 10), (40, 10, 20), (86_400, 15, 30)]
)
def test_the_longer_an_outage_lasts_the_rarer_a_row_is_tried(
    database: SqlDatabase, number: int, age: int, least: int, most: int
) -> None:
    def away(_claim: Claim) -> None:
        raise StorageUnavailable("away")

    now = datetime.now(UTC)
    change(database, number, created_at=now - timedelta(seconds=age))
    outcome, _ = run_promise(
        database, {Task.DISCARD: away}, number, lambda *_: None, lambda *_: None
    )

    assert outcome is Outcome.RETRY
    with database.begin() as uow:
        row = uow.session.get_one(OutboxMessage, number)
        pause = (row.not_before - now).total_seconds()
    # It took a moment itself.
    assert least - 0.1 <= pause <= most + 5


def test_a_row_given_back_is_due_after_its_pause_and_not_before(
    database: SqlDatabase, number: int
) -> None:
    now, pause = claimed(database, number), timedelta(minutes=5)
    with database.begin() as uow:
        uow.outbox.release(now, "no", pause, forgive=True)
        uow.commit()
    let_pass(database, number, pause - timedelta(minutes=1))
    assert due(database) == []
    let_pass(database, number, timedelta(minutes=1))
    assert due(database) == [number]


def let_pass(database: SqlDatabase, number: int, time: timedelta) -> None:
    """Have it be later, for a row: by the database's clock."""
    with database.snapshot() as uow:
        row = uow.session.get_one(OutboxMessage, number)
    change(database, number, not_before=row.not_before - time)


def test_the_first_hint_has_a_head_start_over_the_sweep(database: SqlDatabase, number: int) -> None:
    assert due(database) == []
    change(database, number, not_before=LONG_AGO)
    assert due(database) == [number]
    assert due(database) == []


def test_what_the_broker_does_not_take_is_offered_again(database: SqlDatabase, number: int) -> None:
    change(database, number, not_before=LONG_AGO)
    assert sweep_outbox(database, Sent(takes=False)) == 1
    change(database, number, not_before=LONG_AGO)
    assert due(database) == [number]


def test_workers_that_are_away_for_long_find_no_heap_of_hints(
    database: SqlDatabase, redis_server: RedisServer
) -> None:
    queue = CeleryQueue(BrokerSettings(redis_server.url))
    numbers = [promise(database) for _ in range(60)]

    def offered(name: str) -> int:
        for number in numbers:
            change(database, number, not_before=LONG_AGO)
        sweep_outbox(database, queue)
        with redis_server.client() as client:
            return int(str(client.llen(f"wheelyard:{name}")))

    Kept.until(lambda: offered("maintenance") >= 60, "each row has its hint")
    assert len({offered("maintenance") for _ in range(20)}) == 1
    # Of one that was lost nobody knows whose it was.
    with redis_server.client() as client:
        client.ltrim("wheelyard:maintenance", 0, 58)
    Kept.until(lambda: offered("maintenance") > 60, "all are sent again")
    # Other queues do not wait for this one, and what the broker loses is found all the same.
    with database.begin() as uow:
        numbers.append(uow.outbox.promise(Task.VERIFY, file_id=1))
        uow.commit()
    Kept.until(lambda: offered("verify") > 0, "another queue has its hint")
    redis_server.flush()
    Kept.until(lambda: offered("maintenance") >= 60, "the hints are there again")
    queue.close()


def test_two_sweeps_at_once_send_a_row_once(database: SqlDatabase) -> None:
    numbers = [promise(database) for _ in range(20)]
    for number in numbers:
        change(database, number, not_before=LONG_AGO)
    sent, barrier = Sent(), Barrier(4)

    def sweep() -> None:
        barrier.wait(10)
        sweep_outbox(database, sent)

    threads = [Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(sent.numbers) == numbers


def test_a_broker_that_is_full_or_away_costs_moments_and_no_error(
    redis_source: Source,
) -> None:
    # Less than an empty one takes, whichever release it is.
    options = {"maxmemory": "1kb", "maxmemory-policy": "noeviction"}
    with RedisServer(redis_source, options=options) as server:
        queue = CeleryQueue(BrokerSettings(server.url))
        assert not queue.send([Promise(1, Task.VERIFY)])
        queue.close()
        server.kill()
        away = CeleryQueue(BrokerSettings(server.url))
        assert not away.send([Promise(1, Task.VERIFY)])
        away.close()


def test_a_broker_that_was_emptied_takes_hints_as_before(redis_server: RedisServer) -> None:
    queue = CeleryQueue(BrokerSettings(redis_server.url))
    with redis_server.client() as client:
        for number in (1, 2):
            assert queue.send([Promise(number, Task.VERIFY)])
            assert client.llen("wheelyard:verify") == 1
            redis_server.flush()
    queue.close()
