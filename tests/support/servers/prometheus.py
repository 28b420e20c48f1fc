"""A Prometheus of a test's own, which asks running processes every second."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.support.servers.running import Child, free_port, started


class Prometheus:
    """Scrapes *targets* (addresses, by the name of what they belong to) and applies *rules*."""

    def __init__(
        self, program: str, targets: Mapping[str, str], rules: Sequence[Path] = ()
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="wheelyard-prometheus-"))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        scrape = {
            "job_name": "yard-wheelyard",
            "honor_labels": True,
            "static_configs": [
                {
                    "targets": [address.removeprefix("http://")],
                    # As an operator's Prometheus adds them.
                    "labels": {"namespace": "yard", "pod": f"yard-wheelyard-{name}-0"},
                }
                for name, address in targets.items()
            ],
        }
        times = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config = {
            "global": times,
            "rule_files": [str(file) for file in rules],
            "scrape_configs": [scrape],
        }
        (self._folder / "prometheus.json").write_text(json.dumps(config))
        self._command = [
            program,
            f"--config.file={self._folder}/prometheus.json",
            f"--storage.tsdb.path={self._folder}/data",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]

    def __enter__(self) -> Self:
        self._running = started(
            lambda: Child(self._command, self._folder / "log"), self._is_ready, "Prometheus", 60
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._running.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def ask(self, path: str, **parameters: str | float) -> Any:
        """Return the data of an answer of its API."""
        address = f"{self.url}/api/v1/{path}?{urlencode(parameters)}"
        with urlopen(address, timeout=30) as answer:
            return json.load(answer)["data"]

    def query(self, query: str) -> list[dict[str, Any]]:
        """Return what a query gives now."""
        found: list[dict[str, Any]] = self.ask("query", query=query)["result"]
        return found

    def alerts(self) -> dict[str, str]:
        """Return the alerts that are pending or firing, by their names."""
        states: dict[str, str] = {}
        for alert in self.ask("alerts")["alerts"]:
            name, state = alert["labels"]["alertname"], alert["state"]
            states[name] = "firing" if "firing" in {state, states.get(name)} else state
        return states

    def wait_until(self, true: Callable[[Self], bool], seconds: float) -> None:
        """Return when it is so."""
        deadline = time.monotonic() + seconds
        while not true(self):
            assert time.monotonic() < deadline, self.alerts()
            time.sleep(0.25)
