"""Steps in which the cluster itself chooses how many: by processor time, and by a backlog."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock, Thread

from tests.cluster.kube import NOT_YET, wait_until
from tests.cluster.report import Outcome, Skipped
from tests.cluster.yard import Yard

_NEW_POD_SECONDS = 60.0
_READERS, _PUBLISHERS = 8, 6
_QUICKLY_DOWN = {
    "behavior.scaleDown.stabilizationWindowSeconds": "15",
    "behavior.scaleDown.policies[0].type": "Pods",
    "behavior.scaleDown.policies[0].value": "2",
    "behavior.scaleDown.policies[0].periodSeconds": "15",
}


def hpa(yard: Yard) -> Outcome:
    """Read from the indexer until there are more of it, and let it rest until there are fewer."""
    own = {"enabled": "true", "minReplicas": "1", "maxReplicas": "3", **_QUICKLY_DOWN}
    yard.put("upgrade", **{f"indexer.autoscaling.{key}": value for key, value in own.items()})
    wait_until("the indexer rests", lambda: _count(yard, "indexer") == 1, 240)
    yard.door.publish("hot", yard.acknowledged)
    began = time.monotonic()
    with _hammering(_READERS, partial(yard.door.page, "hot")) as outcome:
        wait_until("a second indexer is ready", lambda: _count(yard, "indexer") >= 2, 180)
        took = time.monotonic() - began
    outcome.hold("a new indexer is ready", took, _NEW_POD_SECONDS)
    began = time.monotonic()
    wait_until("one indexer again", lambda: _count(yard, "indexer") == 1, 300)
    outcome.say(f"one again {time.monotonic() - began:.0f} s after the load ended")
    return _as_before(yard, outcome)


def keda(yard: Yard) -> Outcome:
    """Publish more than the workers can verify until there are more of them."""
    if not yard.cluster.serves("external.metrics.k8s.io"):
        raise Skipped("no KEDA in this cluster")
    own = {"enabled": "true", "minReplicaCount": "1", "maxReplicaCount": "3"}
    own |= {"pollingInterval": "5", "cooldownPeriod": "60", "messagesPerReplica": "2"}
    group = "worker.groups.verify.keda"
    yard.put("upgrade", **{f"{group}.{key}": value for key, value in own.items()})
    wait_until("the workers rest", lambda: _count(yard, "worker-verify") == 1, 240)
    began = time.monotonic()
    publish = partial(yard.door.publish, "many", yard.acknowledged)
    with _hammering(_PUBLISHERS, publish) as outcome:
        wait_until("more workers", lambda: _count(yard, "worker-verify") >= 2, 240)
        took = time.monotonic() - began
    outcome.say(f"a second worker is ready after {took:.0f} s")
    wait_until("one worker again", lambda: _count(yard, "worker-verify") == 1, 420)
    return _as_before(yard, outcome.finds(yard, 180))


def _as_before(yard: Yard, outcome: Outcome) -> Outcome:
    yard.put("upgrade")
    yard.wait_until_ready(seconds=300)
    return outcome


def _count(yard: Yard, part: str) -> int:
    """Return how many pods of a component are ready."""
    return sum(
        any(
            one["type"] == "Ready" and one["status"] == "True"
            for one in pod["status"]["conditions"]
        )
        for pod in yard.pods(part)
    )


@contextmanager
def _hammering(threads: int, act: Callable[[], object]) -> Iterator[Outcome]:
    """Do it again and again on each of so many threads, and count."""
    stop, lock, outcome = Event(), Lock(), Outcome()

    def again() -> None:
        while not stop.is_set():
            failed = []
            try:
                act()
            except NOT_YET as error:
                failed = [repr(error)]
            with lock:
                outcome.requests += 1
                outcome.failures += failed

    running = [Thread(target=again, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield outcome
    finally:
        stop.set()
        for thread in running:
            thread.join(60)
