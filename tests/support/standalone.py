"""`wheelyard serve`, started, looked at and stopped."""

import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import processes
from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.inherited import inherited
from tests.support.servers.running import free_port
from tests.support.uploading import Connection
from tests.support.wheelyard import Process, read_credentials

# Generous: the suite shares its two cores.
START_SECONDS = 60.0


@dataclass
class Standalone:
    """One `wheelyard serve`; everything that it started carries `mark` in its environment."""

    data: Path
    log: Path
    port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: f"WHEELYARD_TEST_MARK={uuid.uuid4().hex}")
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> "Standalone":
        name, _, value = self.mark.partition("=")
        command = [sys.executable, "-m", "wheelyard_standalone", "serve"]
        command += ["--port", str(self.port), "--data", str(self.data)]
        environment = inherited(**self.environment, **{name: value})
        self.process = Process("wheelyard", command, environment, self.log).start()
        return self

    def serving(self) -> "Standalone":
        """Return when it says that it serves."""
        wait_for(lambda: "Wheelyard serves on" in self.said(), START_SECONDS, self.said)
        return self

    def ended(self) -> int:
        """Return its exit code, once it has ended by itself."""
        assert self.process.popen is not None
        return self.process.popen.wait(START_SECONDS)

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def running(self) -> dict[int, str]:
        """Return the command lines of everything that it started and of itself."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # Redis writes its title over its environment, and works in a folder of the data.
                ours = self.mark.encode() in environment or (
                    (folder / "cwd").readlink() == self.data / "redis"
                )
                if ours and command:
                    found[int(folder.name)] = command
        return found

    def services(self) -> dict[str, int]:
        """Return the process ids of the services by name, the supervisor's own children."""
        children = {}
        for pid in self.running():
            with suppress(OSError):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid:
                    children[processes.name(pid).removesuffix("-server")] = pid
        return children

    @property
    def credentials(self) -> dict[str, str]:
        return read_credentials(self.data / "credentials.env")

    def page(self, package: str) -> str:
        with Connection(f"127.0.0.1:{self.port}", self.credentials["WHEELYARD_TOKEN"]) as client:
            return client.get(f"{self.path}/simple/{package}/").decode()

    def publish(self, distribution: ADistribution) -> tuple[int, str]:
        with Connection(f"127.0.0.1:{self.port}", self.credentials["WHEELYARD_TOKEN"]) as client:
            return client.upload(self.path, AForm.of(distribution.wheel()).body())

    @property
    def path(self) -> str:
        return f"/api/v4/projects/{self.credentials['WHEELYARD_PROJECT_ID']}/packages/pypi"

    def close(self) -> None:
        """Stop it, in whatever state a test left it."""
        self.process.stop()
        for pid in self.running():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_for(true: Callable[[], object], seconds: float, what: Callable[[], object]) -> float:
    """Return how long it took to become true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, what()
        time.sleep(0.05)
    return time.monotonic() - began
