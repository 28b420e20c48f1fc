"""A registry's metrics, as Prometheus finds and reads them."""

import json
from urllib.request import urlopen

from tests.support.wheelyard import Wheelyard


def metrics_ports(wheelyard: Wheelyard) -> dict[str, str]:
    """Return where each process shows its metrics, as its log tells."""
    told = [line for line in wheelyard.logs().splitlines() if '"metrics_served"' in line]
    return {event["service"]: event["address"] for event in map(json.loads, told)}


def metrics(address: str) -> dict[str, float]:
    with urlopen(f"{address}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return {
        series: float(value)
        for series, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }
