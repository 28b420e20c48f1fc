"""The step that measures: what each component takes of memory and processor, idle and at work."""

import json
import time
from collections import defaultdict

from tests.cluster.kube import Object
from tests.cluster.report import Outcome, Skipped
from tests.cluster.yard import MINE, Yard, component, name

_REST, _WORK, _EVERY = 45.0, 90.0, 10.0
_UNITS = {"n": 1e-6, "u": 1e-3, "m": 1.0, "": 1e3}
_SIZES = {"Ki": 1 / 1024, "Mi": 1.0, "Gi": 1024.0}


def sizes(yard: Yard) -> Outcome:
    """Say the most memory and the mean processor time of a pod of each component."""
    if not yard.cluster.serves("metrics.k8s.io"):
        raise Skipped("no resource metrics in this cluster")
    time.sleep(_REST)
    rest = _watched(yard, 3 * _EVERY)
    with yard.load() as load:
        time.sleep(_EVERY)
        began, before = time.monotonic(), (load.requests, len(yard.acknowledged))
        work = _watched(yard, _WORK)
        seconds = time.monotonic() - began
        requests = (load.requests - before[0]) / seconds
        uploads = (len(yard.acknowledged) - before[1]) / seconds
    outcome = Outcome().add(load)
    outcome.say(f"at work: {requests:.0f} requests and {uploads:.1f} uploads a second")
    for part in sorted(rest.keys() & work.keys()):
        (idle, calm), (busy, much) = rest[part], work[part]
        outcome.say(
            f"{part:<20} idle {idle:4.0f} MiB {calm:5.0f}m   at work {busy:4.0f} MiB {much:5.0f}m"
        )
    return outcome


def _watched(yard: Yard, seconds: float) -> dict[str, tuple[float, float]]:
    """Return the most MiB and the mean thousandths of a processor, by component."""
    memory, processor = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        part_of = {name(pod): component(pod) for pod in yard.cluster.all("pods", MINE)}
        for found in _usage(yard):
            if part := part_of.get(name(found)):
                used = [one["usage"] for one in found["containers"]]
                memory[part].append(sum(mebibytes(one["memory"]) for one in used))
                processor[part].append(sum(millis(one["cpu"]) for one in used))
        time.sleep(_EVERY)
    return {part: (max(memory[part]), sum(of) / len(of)) for part, of in processor.items()}


def _usage(yard: Yard) -> list[Object]:
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{yard.cluster.namespace}/pods"
    return list(json.loads(yard.cluster.kubectl("get", "--raw", path))["items"])


def millis(quantity: str) -> float:
    """Return a quantity of processors (`250m`, `12345n`) in thousandths."""
    number = quantity.rstrip("num")
    return float(number) * _UNITS[quantity[len(number) :]]


def mebibytes(quantity: str) -> float:
    """Return a quantity of memory (`131072Ki`) in MiB."""
    number = quantity.rstrip("KMGi")
    return float(number) * _SIZES[quantity[len(number) :]]
