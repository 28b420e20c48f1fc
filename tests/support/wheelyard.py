"""A running Wheelyard, as real processes: embedded on one machine, or on real servers.

`Embedded` is what `make run` starts. `Distributed` is the same services apart, as an orchestrator
runs them, over PostgreSQL, Redis and an object store; its web process serves api and indexer on one
port by the gateway's rule.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tests.support.inherited import inherited
from tests.support.kept import make_tables
from tests.support.servers.running import free_port

from wheelyard_standalone.layout import Layout

# Generous: the suite shares its two cores.
START_SECONDS = 60.0


def read_credentials(file: Path) -> dict[str, str]:
    """Return the assignments of a credentials file."""
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def events_of(log: Path) -> list[dict[str, Any]]:
    """Return the events of a log that may be written to: of a line half is no event yet."""
    whole, _, _ = log.read_text(errors="replace").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]


@dataclass
class Process:
    """One program and its log."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    popen: "subprocess.Popen[bytes] | None" = None

    def start(self) -> Self:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.popen is not None
        return self.popen.pid

    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def stop(self, seconds: float = 15.0) -> None:
        """SIGTERM, and SIGKILL for the whole session when that is not enough."""
        if self.popen is None:
            return
        if self.popen.poll() is None:
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL for the program and its children."""
        if self.popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@dataclass
class Wheelyard:
    """A running registry. `processes` are by name; `admin_token`, `token` are secrets.

    `settings` are the variables that its services run with.
    """

    url: str
    project_id: int
    admin_token: str
    token: str
    folder: Path
    settings: Mapping[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def upload_url(self) -> str:
        return f"{self.url}/api/v4/projects/{self.project_id}/packages/pypi"

    def index_url(self, token: str | None = None, project: int | str | None = None) -> str:
        """Return the simple address with credentials in it, as people type it."""
        reference = project or self.project_id
        return (
            f"http://__token__:{token or self.token}@{self.host}"
            f"/api/v4/projects/{reference}/packages/pypi/simple"
        )

    def logs(self) -> str:
        """Return everything that the processes have printed."""
        return "\n".join(log.read_text(errors="replace") for log in self.folder.glob("*.log"))

    def events(self) -> list[dict[str, Any]]:
        """Return what they have told so far, as events."""
        return [event for log in self.folder.glob("*.log") for event in events_of(log)]

    def wait_until_serving(self) -> None:
        """Return when the registry answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urlopen(Request(f"{self.url}/livez"), timeout=2):
                    return
            except HTTPError:
                return
            except (URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"Wheelyard does not serve:\n{self.logs()[-4000:]}")

    def stop(self) -> None:
        """Stop every process: all are told at once, for each may finish what it has begun."""
        for process in self.processes.values():
            if process.popen is not None and process.is_running():
                process.popen.terminate()
        for process in self.processes.values():
            process.stop()


# Ladders are refused more often within a minute than anybody.
_UNHINDERED = {"WHEELYARD_FAILURES_PER_MINUTE": "0", "WHEELYARD_MINTS_PER_MINUTE": "0"}


def start_embedded(folder: Path, **extra: str) -> Wheelyard:
    """Start what `make run` starts, on a data folder below *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    # A Unix socket's path has at most 107 characters, and pytest's folders are long.
    port, data = free_port(), folder / "d"
    environment = inherited(**{**_UNHINDERED, **extra})
    command = [sys.executable, "-m", "wheelyard_standalone", "serve"]
    process = Process(
        "wheelyard",
        [*command, "--port", str(port), "--data", str(data)],
        environment,
        folder / "wheelyard.log",
    ).start()
    deadline = time.monotonic() + START_SECONDS
    try:
        while not (data / "credentials.env").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        settings = environment | Layout.of(data, port).environment()
        return _running(port, data / "credentials.env", folder, settings, {"wheelyard": process})
    except BaseException:
        # Nobody else would know what to stop.
        process.stop()
        raise


def start_distributed(folder: Path, settings: Mapping[str, str]) -> Wheelyard:
    """Start the services apart, over the servers that *settings* name (WHEELYARD_… variables).

    DATABASE_URL, BROKER_URL, CACHE_URL and the S3_… or BLOBS_DIRECTORY settings must be in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {
        **inherited(**_UNHINDERED),
        "WHEELYARD_TOKEN_PEPPER": secrets.token_hex(32),
        "WHEELYARD_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WHEELYARD_LISTEN": f"127.0.0.1:{port}",
        "WHEELYARD_METRICS_LISTEN": "127.0.0.1:0",
        **settings,
    }
    credentials = folder / "credentials.env"
    # As `wheelyard-admin migrate` does, without loading all of it in one more process.
    make_tables(environment["WHEELYARD_DATABASE_URL"])
    admin = [sys.executable, "-m", "wheelyard_api.admin", "bootstrap"]
    subprocess.run(
        [*admin, "--credentials-file", str(credentials)],
        env=environment,
        check=True,
        capture_output=True,
        timeout=60,
    )
    commands = {
        "web": ["wheelyard_standalone", "run", "web"],
        "worker": ["wheelyard_worker", "worker"],
        "index-worker": ["wheelyard_indexer", "worker"],
        "scheduler": ["wheelyard_worker", "scheduler"],
    }
    processes = {
        name: Process(
            name, [sys.executable, "-m", *command], environment, folder / f"{name}.log"
        ).start()
        for name, command in commands.items()
    }
    try:
        return _running(port, credentials, folder, environment, processes)
    except BaseException:
        # As above.
        for process in processes.values():
            process.stop()
        raise


def _running(
    port: int,
    credentials: Path,
    folder: Path,
    environment: Mapping[str, str],
    processes: dict[str, Process],
) -> Wheelyard:
    found = read_credentials(credentials)
    wheelyard = Wheelyard(
        url=f"http://127.0.0.1:{port}",
        project_id=int(found["WHEELYARD_PROJECT_ID"]),
        admin_token=found["WHEELYARD_ADMIN_TOKEN"],
        token=found["WHEELYARD_TOKEN"],
        folder=folder,
        settings={k: v for k, v in environment.items() if k.startswith("WHEELYARD_")},
        processes=processes,
    )
    wheelyard.wait_until_serving()
    return wheelyard
