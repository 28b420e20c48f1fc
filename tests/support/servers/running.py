"""Running a server: as a child that dies with the tests, or as a container."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Protocol

from tests.support.servers.finding import Image

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# Below the ports that the kernel hands out.
_RANGES = range(20_000, 32_000, 500)


class DidNotStart(Exception):
    """A server was found and does not work, which is no reason to skip anything."""


@dataclass(frozen=True)
class Account:
    """A user of this machine, by number."""

    user: int
    group: int


class Running(Protocol):
    """A server process, wherever it runs. All but `start` may be repeated."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        ...

    @property
    def output(self) -> str:
        """The end of what it said."""
        ...

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        ...

    def kill(self) -> None:
        """End it as a crash would."""
        ...

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing."""
        ...

    def thaw(self) -> None:
        """Let it go on."""
        ...


class Child:
    """A process of ours with a session of its own, which the kernel ends when the tests die.

    The kernel watches the thread that started it: do not start one in a thread that ends sooner.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        ends_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._log = log
        self._ends_by = ends_by
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # PATH alone: a server must not be configured by who happens to run the tests.
                env={"PATH": os.defpath, "LC_ALL": "C", **(env or {})},
                cwd=log.parent,
                start_new_session=True,
                # The one call in it was looked up before, and takes no lock.
                preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509  # as above
                user=account.user if account else None,
                group=account.group if account else None,
                extra_groups=[] if account else None,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        self.thaw()
        self._signal(self._ends_by)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        children = self._signal_family(signal.SIGKILL)
        self._process.wait()
        # What children still have (PostgreSQL's memory, say) is in the way of the next start.
        end = time.monotonic() + 10
        while any(map(_has_memory, children)) and time.monotonic() < end:
            time.sleep(0.01)

    def freeze(self) -> None:
        self._signal_family(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_family(signal.SIGCONT)

    def _signal_family(self, number: signal.Signals) -> list[int]:
        """Reach its children too, and return them: PostgreSQL's have sessions of their own."""
        if not self.alive:
            return []
        children: list[int] = []
        # Stopped first: it neither starts nor reaps others while the list is read.
        self._signal(signal.SIGSTOP)
        for listing in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            children += map(int, listing.read_text().split())
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        if number is not signal.SIGSTOP:
            self._signal(number)
        return children

    def _signal(self, number: signal.Signals) -> None:
        # Only while it is not reaped can the number not be another process's.
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


def _has_memory(pid: int) -> bool:
    """Tell whether a process, which may not be ours to reap, is more than an exit code."""
    try:
        return bool(Path(f"/proc/{pid}/statm").read_text().split()[0] != "0")
    except OSError:
        return False


class Container:
    """A container on a port of 127.0.0.1; the engine removes it when it ends."""

    def __init__(
        self,
        image: Image,
        port: tuple[int, int],
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._docker = str(image.docker)
        self._name = f"wheelyard-test-{uuid.uuid4().hex[:12]}"
        settings = [f"--env={name}={value}" for name, value in (env or {}).items()]
        publish = f"--publish=127.0.0.1:{port[0]}:{port[1]}"
        command = ["run", "--rm", "--detach", f"--name={self._name}", publish, *settings]
        self._ask(*command, image.name, *arguments, check=True)

    @property
    def alive(self) -> bool:
        return self._ask("inspect", "--format={{.State.Running}}", self._name) == "true"

    @property
    def output(self) -> str:
        return self._ask("logs", "--tail=20", self._name)

    def stop(self) -> None:
        self.thaw()
        self._ask("stop", "--time=10", self._name)

    def kill(self) -> None:
        self._ask("kill", self._name)

    def freeze(self) -> None:
        self._ask("pause", self._name)

    def thaw(self) -> None:
        self._ask("unpause", self._name)

    def _ask(self, *arguments: str, check: bool = False) -> str:
        done = subprocess.run(
            [self._docker, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode:
            raise DidNotStart(f"docker {arguments[0]}: {done.stderr.strip()}")
        return (done.stdout + done.stderr).strip()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and nobody else will be given.

    A port that the kernel hands out is free only until somebody else asks: two test processes once
    shared one. So each process counts through a range of its own, below the kernel's.
    """
    for port in islice(_own_ports(), _RANGES.step):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of this process's ports is free")


@cache
def _own_ports() -> Iterator[int]:
    """Return the ports of a range that other processes keep out of, over and over."""
    for first in _RANGES:
        keeper = socket.socket()
        try:
            keeper.bind(("127.0.0.1", first))
        except OSError:
            keeper.close()
        else:
            # Its first port says so, and is had for as long as this process lives.
            keeper.detach()
            return cycle(range(first + 1, first + _RANGES.step))
    raise AssertionError("every range of ports has its process")


def started(
    launch: Callable[[], Running], ready: Callable[[], bool], what: str, seconds: float = 30
) -> Running:
    """Launch, and wait until *ready*; on failure nothing is left running."""
    running = launch()
    end = time.monotonic() + seconds
    try:
        while not ready():
            if not running.alive or time.monotonic() > end:
                raise DidNotStart(f"{what} did not start: {running.output}")  # noqa: TRY301  to end it below
            time.sleep(0.01)
    except BaseException:
        running.kill()
        raise
    return running


def unprivileged() -> Account | None:
    """Return an account for servers that refuse to be root; None unless we are."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    return None


def run_as(account: Account | None, command: Sequence[str | Path], folder: Path) -> None:
    """Run a command to its end, or raise DidNotStart with what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        cwd=folder,
        check=False,
        user=account.user if account else None,
        group=account.group if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise DidNotStart(f"{command[0]}: {done.stderr or done.stdout}")


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
