"""A running Wheelyard, a Prometheus with the chart's rules, and a record of what fired when."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution, Built
from tests.support.servers.prometheus import Prometheus
from tests.support.servers.redis import RedisServer
from tests.support.wheelyard import Process, Wheelyard

# Alone on a machine a few seconds would do.
PATIENCE = 120.0


@dataclass
class Drill:
    """What is broken, what watches, and what was seen."""

    wheelyard: Wheelyard
    prometheus: Prometheus
    redis: RedisServer
    blobs: Path
    backstage: Backstage
    seen: list[tuple[str, str, float, float]] = field(default_factory=list)

    @contextmanager
    def fault(self, words: str, *alerts: str) -> Iterator[None]:
        """Let a fault be made in the block; in its end each alert must have fired, one by one."""
        before = self.prometheus.alerts()
        assert not before.keys() & set(alerts), before
        began = time.monotonic()
        yield
        pending, firing = self._watch(set(alerts), began)
        for name in alerts:
            self.seen.append((name, words, pending.get(name, firing[name]), firing[name]))

    def _watch(
        self, wanted: set[str], began: float
    ) -> tuple[Mapping[str, float], Mapping[str, float]]:
        pending: dict[str, float] = {}
        firing: dict[str, float] = {}
        while wanted - firing.keys():
            now = time.monotonic() - began
            states = self.prometheus.alerts()
            assert now < PATIENCE, f"never fired: {wanted - firing.keys()}; now {states}"
            for name in wanted & states.keys():
                pending.setdefault(name, now)
                if states[name] == "firing":
                    firing.setdefault(name, now)
            time.sleep(0.2)
        return pending, firing

    def healed(self, *alerts: str) -> None:
        """Return when the alerts are silent again."""
        self.prometheus.wait_until(lambda it: not it.alerts().keys() & set(alerts), PATIENCE)

    def publish(self, *built: Built) -> list[int]:
        """Upload files side by side; return the statuses of the answers."""
        with ThreadPoolExecutor(10) as pool:
            return list(pool.map(self._publish, built))

    def _publish(self, built: Built) -> int:
        answer = requests.post(
            self.wheelyard.upload_url,
            data={
                ":action": "file_upload",
                "name": built.name,
                "version": built.version,
                "filetype": built.filetype,
                "sha256_digest": built.sha256,
            },
            files={"content": (built.filename, built.content)},
            auth=("__token__", self.wheelyard.token),
            timeout=60,
        )
        return answer.status_code

    def get(self, path: str, count: int, token: str | None = None) -> set[int]:
        """Ask for an address below the project's index, again and again."""
        headers = {"PRIVATE-TOKEN": token or self.wheelyard.token}
        with requests.Session() as session:
            addresses = [f"{self.wheelyard.upload_url}/{path}"] * count
            return {
                session.get(address, headers=headers, timeout=60).status_code
                for address in addresses
            }


def wheels(name: str, count: int) -> list[Built]:
    return [ADistribution().named(name, f"1.{number}").wheel() for number in range(count)]


@contextmanager
def frozen(*processes: Process) -> Iterator[None]:
    """Stop processes and their children in the middle of what they do."""
    for process in processes:
        os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGCONT)


def table(seen: list[tuple[str, str, float, float]]) -> Iterator[str]:
    yield f"{'alert':34}{'fault':48}{'pending':>9}{'firing':>9}"
    for name, words, pending, firing in seen:
        yield f"{name:34}{words:48}{pending:8.1f}s{firing:8.1f}s"


Told = Callable[[str], None]
