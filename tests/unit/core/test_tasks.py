import re

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from structlog.testing import capture_logs

from wheelyard_core.domain.work import WAITED, Claim, Task
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.heartbeat import Heartbeat
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import UNTRACED, DatabaseUnavailable
from wheelyard_core.tasks import Attempt, chosen, show_heartbeat
from wheelyard_core.usecases.run_promise import MAX_ATTEMPTS, Outcome


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("worker", [Part.TASKS])


def _claim(attempt: int = 1) -> Claim:
    return Claim(9, Task.VERIFY, {"file_id": 1}, attempt, 1.5, "request-1")


def _counted(metrics: Metrics) -> set[str]:
    """Return the series of tasks that are not 0, without their times."""
    lines = metrics.exposition().decode().splitlines()
    return {
        line.removeprefix("wheelyard_").rpartition(" ")[0]
        for line in lines
        if "_total{" in line and not line.endswith(" 0.0")
    }


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (Outcome.SUCCESS, {'tasks_total{outcome="success",task="verify"}'}),
        (Outcome.RETRY, {'tasks_total{outcome="retry",task="verify"}'}),
        (Outcome.FAILURE, {'tasks_total{outcome="failure",task="verify"}'}),
        (
            Outcome.SET_ASIDE,
            {
                'tasks_total{outcome="failure",task="verify"}',
                'task_quarantined_total{task="verify"}',
            },
        ),
    ],
)
def test_an_attempt_is_counted_by_its_end(
    metrics: Metrics, outcome: Outcome, counted: set[str]
) -> None:
    Attempt(Task.VERIFY, metrics).finish(outcome, _claim())

    assert _counted(metrics) == counted


def test_a_publish_is_timed_from_its_row_to_its_page(metrics: Metrics) -> None:
    page = Claim(9, Task.INDEX, {WAITED: 61_000}, 1, 1.5, "request-1")
    Attempt(Task.INDEX, metrics).finish(Outcome.SUCCESS, page)
    # A page that a yank promised publishes nothing; a failure has shown nothing.
    Attempt(Task.INDEX, metrics).finish(Outcome.SUCCESS, Claim(9, Task.INDEX, {}, 1, 1.5, None))
    Attempt(Task.INDEX, metrics).finish(Outcome.RETRY, page)

    lines = metrics.exposition().decode().splitlines()
    assert 'wheelyard_publish_duration_seconds_bucket{le="60.0"} 0.0' in lines
    assert 'wheelyard_publish_duration_seconds_bucket{le="120.0"} 1.0' in lines
    assert "wheelyard_publish_duration_seconds_count 1.0" in lines


def test_work_that_is_done_already_is_skipped(metrics: Metrics) -> None:
    Attempt(Task.INDEX, metrics).finish(Outcome.SKIPPED, None)

    assert _counted(metrics) == {'tasks_total{outcome="skipped",task="index"}'}


def test_an_attempt_that_took_too_long_is_told_apart(metrics: Metrics) -> None:
    attempt = Attempt(Task.VERIFY, metrics)
    attempt.report(_claim(), SoftTimeLimitExceeded())
    attempt.finish(Outcome.FAILURE, _claim())

    assert _counted(metrics) == {'tasks_total{outcome="timeout",task="verify"}'}


def test_only_a_first_attempt_tells_how_long_work_waits(metrics: Metrics) -> None:
    for number in (1, 2):
        begin(Attempt(Task.VERIFY, metrics), _claim(number))

    text = metrics.exposition().decode()
    assert 'wheelyard_task_queue_wait_seconds_sum{queue="verify"} 1.5' in text
    assert 'wheelyard_task_redeliveries_total{task="verify"} 1.0' in text


def test_attempts_are_counted_of_a_message_that_kills_every_process_which_has_it(
    metrics: Metrics,
) -> None:
    for number in range(1, MAX_ATTEMPTS + 1):
        # A process that is killed comes to no end of its attempt.
        begin(Attempt(Task.VERIFY, metrics), _claim(number))
    Attempt(Task.VERIFY, metrics).finish(Outcome.SET_ASIDE, _claim(MAX_ATTEMPTS + 1))

    assert 'wheelyard_task_redeliveries_total{task="verify"} 4.0' in metrics.exposition().decode()


def begin(attempt: Attempt, claim: Claim) -> None:
    attempt.watching(lambda _claim: None, UNTRACED)(claim)


def test_a_message_that_could_not_be_claimed_is_a_retry(metrics: Metrics) -> None:
    with capture_logs() as events:
        Attempt(Task.VERIFY, metrics).postpone(DatabaseUnavailable("away"))

    assert _counted(metrics) == {'tasks_total{outcome="retry",task="verify"}'}
    assert [event["log_level"] for event in events] == ["warning"]


def test_the_end_of_a_task_tells_whose_request_it_was(metrics: Metrics) -> None:
    with capture_logs() as events:
        Attempt(Task.VERIFY, metrics).finish(Outcome.SUCCESS, _claim())

    assert events[0]["request_id"] == "request-1"
    assert (events[0]["outbox_id"], events[0]["outcome"]) == (9, "success")


def test_a_worker_does_all_that_it_knows_or_what_comes_by_its_queues() -> None:
    known = [Task.VERIFY, Task.DISCARD]

    assert chosen(known, frozenset()) == known
    assert chosen(known, {"maintenance", "index"}) == [Task.DISCARD]


def test_a_worker_with_nothing_to_do_says_what_it_could() -> None:
    with pytest.raises(SystemExit, match="this worker knows verify, maintenance only"):
        chosen([Task.VERIFY, Task.DISCARD], {"index"})


@pytest.mark.parametrize(
    "queues", [{"verify"}, {"maintenance"}, {"verify", "index", "maintenance"}]
)
def test_a_worker_shows_its_life_by_the_queues_that_it_consumes(
    metrics: Metrics, queues: set[str]
) -> None:
    show_heartbeat(metrics, Heartbeat(), queues)

    shown = set(
        re.findall(r'_heartbeat_timestamp_seconds{queue="(\w+)"}', metrics.exposition().decode())
    )
    assert shown == queues
