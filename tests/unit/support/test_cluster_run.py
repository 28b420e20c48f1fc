"""The parts of `make cluster-test` that decide whether something went wrong."""

from pathlib import Path
from typing import Any

import pytest
from tests.cluster.kube import Cluster, DidNotHappen, wait_until
from tests.cluster.report import Outcome, Skipped, run, shown
from tests.cluster.yard import Yard, is_settled
from tests.support.clients import Person


def a_deployment(**counts: int) -> dict[str, Any]:
    return {
        "metadata": {"generation": 2},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, **counts},
    }


def test_a_deployment_is_settled_when_all_it_wants_is_new_and_there() -> None:
    assert is_settled(a_deployment(availableReplicas=2))
    # One is not ready, one of the old ones is still there, the change has not been seen.
    assert not is_settled(a_deployment(availableReplicas=1))
    assert not is_settled(a_deployment(availableReplicas=3, replicas=3))
    assert not is_settled(a_deployment(availableReplicas=2, observedGeneration=1))


def test_what_never_happens_is_told_with_the_last_reason() -> None:
    def no() -> bool:
        raise ConnectionRefusedError("nobody is there")

    with pytest.raises(DidNotHappen, match="it works: not within 0 s: nobody is there"):
        wait_until("it works", no, 0)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(Cluster("none"), Person(tmp_path, ""), ("a", "b"))


def test_a_step_that_breaks_is_a_row_and_not_the_end(yard: Yard) -> None:
    def breaks(_: Yard) -> Outcome:
        raise DidNotHappen("the pod is away")

    row = run("kill", breaks, yard)

    assert not row.is_good
    assert "the pod is away" in shown(row)


def test_a_single_failed_request_fails_its_step(yard: Yard) -> None:
    row = run("restart", lambda _: Outcome(requests=900, failures=["GET: 502"]), yard)

    assert not row.is_good
    assert shown(row).split()[1:3] == ["FAILED", "0.0"]


def test_what_cannot_be_done_here_is_said_and_is_no_failure(yard: Yard) -> None:
    def skips(_: Yard) -> Outcome:
        raise Skipped("no KEDA in this cluster")

    row = run("keda", skips, yard)

    assert row.is_good
    assert "skipped" in shown(row)
    assert "no KEDA" in shown(row)


def test_a_time_above_the_promise_is_a_failure() -> None:
    assert Outcome().hold("ready", 91, 90).failures == ["ready: 91 s, and not 90 s"]
    assert Outcome().hold("ready", 89, 90).failures == []
