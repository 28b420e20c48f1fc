"""A registry's metrics, as Prometheus finds and reads them."""

import time
from urllib.request import urlopen

from tests.support.wheelyard import Wheelyard

# What `make run` starts beside its Redis: web, worker, scheduler.
_ON_ONE_MACHINE = 3


def metrics_ports(wheelyard: Wheelyard, seconds: float = 30) -> dict[str, str]:
    """Return where each process shows its metrics, when all have told it in their logs."""
    several = len(wheelyard.processes)
    wanted = several if several > 1 else _ON_ONE_MACHINE
    deadline = time.monotonic() + seconds
    while len(found := _told(wheelyard)) < wanted:
        # It may serve before the last one of its workers has loaded.
        assert time.monotonic() < deadline, f"only {found} show metrics"
        time.sleep(0.1)
    return found


def _told(wheelyard: Wheelyard) -> dict[str, str]:
    told = [event for event in wheelyard.events() if event["event"] == "metrics_served"]
    return {event["service"]: event["address"] for event in told}


def metrics(address: str) -> dict[str, float]:
    with urlopen(f"{address}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return {
        series: float(value)
        for series, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }
