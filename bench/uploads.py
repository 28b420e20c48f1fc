"""How long uploads take, from the first byte sent to the verdict."""

import gc
import random
import statistics
import time

from bench.figures import Figure, Report, at_most
from bench.stacks import Stack
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm
from tests.support.uploading import Connection

SMALL, MIDDLE, LARGE = 20_000, 5_000_000, 100_000_000
# Bytes, how often, and the bound of the median in milliseconds.
_SIZES = (("20 kB", SMALL, 30, 150), ("5 MB", MIDDLE, 6, None), ("200 MB", 200_000_000, 1, None))


def measure_uploads(stack: Stack, report: Report, *, quick: bool) -> None:
    report.begin("uploads, verdict included")
    for label, size, count, bound in _SIZES[: 2 if quick else 3]:
        taken = sorted(_upload(stack, size, number) for number in range(count))
        target = None if bound is None else at_most(bound)
        p50, p95 = statistics.median(taken), taken[int(0.95 * (count - 1))]
        report.add(Figure(f"upload of {label}, p50 of {count}", p50, "ms", target=target))
        report.add(Figure(f"upload of {label}, p95", p95, "ms"))


def wheel_of(size: int, number: int = 0) -> Built:
    """Return a wheel of about so many bytes that do not compress."""
    payload = random.Random(size).randbytes(size)
    distribution = ADistribution(name=f"sized-{size}", version=f"{number}.0")
    return distribution.with_payload(payload).wheel()


def publish(stack: Stack, wheel: Built) -> float:
    """Upload it; return the milliseconds."""
    yard = stack.wheelyard
    form = AForm.of(wheel).body()
    with Connection(yard.host, yard.token) as client:
        gc.collect()
        began = time.perf_counter()
        status, message = client.upload(yard.upload_url.removeprefix(yard.url), form)
        taken = 1000 * (time.perf_counter() - began)
    # A large file may be answered before its verdict: "later" is an answer, too.
    assert status in {200, 201} or (status == 202 and wheel.size > MIDDLE), (status, message)
    return taken


def _upload(stack: Stack, size: int, number: int) -> float:
    return publish(stack, wheel_of(size, number))
