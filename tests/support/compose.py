"""The stack of docker-compose.yml, as a project of a test's own on a free port."""

import json
import os
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.inherited import inherited
from tests.support.servers.running import free_port

_REPOSITORY = Path(__file__).parents[2]
_UP_SECONDS = 900
# A container's own checks are five seconds apart.
_HEALTHY_SECONDS = 60.0


@dataclass
class Stack:
    """Call `up` first and `down` in the end."""

    project: str = field(default_factory=lambda: f"wheelyard-test-{uuid.uuid4().hex[:8]}")
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self, *options: str) -> None:
        """Start what does not run, and wait until all of it is healthy."""
        self.compose("up", "--wait", "--wait-timeout", "240", *options, seconds=_UP_SECONDS)

    def down(self, *options: str) -> None:
        self.compose("down", "--remove-orphans", *options, seconds=240)

    def credentials(self) -> dict[str, str]:
        """Return what a person is told to look at."""
        text = self.compose("exec", "-T", "api", "wheelyard-admin", "credentials")
        return dict(line.split("=", 1) for line in text.splitlines())

    def containers(self) -> dict[str, str]:
        """Return the identifiers of all containers, the ended ones too, by name (`api-1`)."""
        identifiers = self.compose("ps", "--all", "--quiet", "--no-trunc").split()
        names = [self.inspect(one)["Name"] for one in identifiers]
        return {
            name.removeprefix(f"/{self.project}-"): identifier
            for name, identifier in zip(names, identifiers, strict=True)
        }

    def inspect(self, container: str) -> Any:
        (found,) = json.loads(run("docker", "inspect", container))
        return found

    def kill(self, container: str) -> None:
        """End it at once. The engine takes this for somebody's wish and does not restart it."""
        run("docker", "kill", container)

    def start(self, container: str) -> None:
        run("docker", "start", container)

    def crash(self, container: str) -> bool:
        """Kill its first process as the kernel would; False where that is not on this machine."""
        pid = self.inspect(container)["State"]["Pid"]
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text()
        except OSError:
            return False
        # The number may be that of somebody else here, where the engine is in another machine.
        if container not in groups:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def is_healthy(self, container: str) -> bool:
        state = self.inspect(container)["State"]
        return bool(state["Running"]) and state["Health"]["Status"] == "healthy"

    def wait_until_healthy(self, container: str) -> None:
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while not self.is_healthy(container):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not healthy:\n{run('docker', 'logs', '--tail=30', container)}"
                )
            time.sleep(0.2)

    def published_port(self, service: str, port: int) -> str:
        """Return the address on this machine of a container's port."""
        return self.compose("port", service, str(port)).strip()

    def logs(self) -> str:
        return self.compose("logs", "--no-color")

    def compose(self, *arguments: str, seconds: float = 60) -> str:
        command = ("docker", "compose", "--project-name", self.project, *arguments)
        return run(*command, seconds=seconds, port=self.port)


def run(*command: str, seconds: float = 60, port: int = 0) -> str:
    """Return what a program prints, both ways; raise with it when the program fails."""
    done = subprocess.run(
        command,
        cwd=_REPOSITORY,
        env=inherited(WHEELYARD_PORT=str(port)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if "exec" not in command else subprocess.PIPE,
        timeout=seconds,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{output}"
    return output
