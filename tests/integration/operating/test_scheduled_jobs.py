"""What the scheduler does leaves a row: when it last succeeded, and how long that took."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from tests.support.in_process import Yard

from wheelyard_core.domain.operating import ScheduledJob
from wheelyard_core.observability.heartbeat import Heartbeat
from wheelyard_worker.scheduler import jobs_of, run_scheduler

pytestmark = pytest.mark.integration


def listed(yard: Yard) -> dict[str, ScheduledJob]:
    with yard.registry.database.snapshot() as uow:
        return {job.name: job for job in uow.jobs.listed()}


def test_every_job_of_the_scheduler_leaves_a_row(yard: Yard) -> None:
    stop, jobs = Event(), {job.name: job for job in jobs_of(yard.registry)}
    scheduler = Thread(target=run_scheduler, args=(yard.registry, stop, Heartbeat()))
    scheduler.start()
    while listed(yard).keys() != jobs.keys() and scheduler.is_alive():
        stop.wait(0.05)
    stop.set()
    scheduler.join()

    rows = listed(yard)

    done = {name: row for name, row in rows.items() if jobs[name].records}
    assert {name: row.every for name, row in done.items()} == {
        name: jobs[name].every for name in done
    }
    for row in done.values():
        assert row.succeeded_at is not None
        assert row.seconds is not None
        assert row.seconds >= 0
        assert row.error is None
    # Workers do the others.
    assert {name for name, row in rows.items() if row.started_at} == {"reconcile", "collect"}


def test_of_two_schedulers_one_begins_a_job_that_is_due(yard: Yard) -> None:
    def begin(every: float) -> bool:
        with yard.registry.database.begin() as uow:
            begins = uow.jobs.begin("reconcile", every)
            uow.commit()
        return begins

    assert [begin(3600), begin(3600)] == [True, False]
    # One that is due at once is always due.
    assert begin(0)


def test_a_job_keeps_its_state_and_tells_why_it_failed_until_it_succeeds(yard: Yard) -> None:
    database = yard.registry.database
    with database.begin() as uow:
        assert uow.jobs.begin("reconcile", 60)
        uow.jobs.keep("reconcile", {"after": 7})
        uow.jobs.failed("reconcile", 60, "the store is away")
        uow.commit()
    failed = listed(yard)["reconcile"]
    with database.begin() as uow:
        ended = uow.jobs.succeeded("reconcile", 60, 1.5)
        uow.commit()
    done = listed(yard)["reconcile"]

    assert (failed.state, failed.error, failed.succeeded_at) == (
        {"after": 7},
        "the store is away",
        None,
    )
    assert (done.state, done.error, done.seconds) == ({"after": 7}, None, 1.5)
    assert done.succeeded_at is not None
    assert abs(done.succeeded_at - ended) < timedelta(seconds=1)
