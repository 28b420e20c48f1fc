"""Starts the services as processes, starts again what dies, and stops all of them in time."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_STOP_SECONDS: Final = 8.0
_PAUSE_AFTER_A_DEATH: Final = 1.0


@dataclass(slots=True)
class Service:
    """One program that is kept running. `last` is what is stopped last."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Start the program, in a session of its own: Ctrl-C is for the supervisor alone."""
        self.process = subprocess.Popen(  # noqa: S603  our own programs
            self.command,
            env=dict(self.environment),
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  this process has one thread
        )

    def has_died(self) -> bool:
        """Tell whether the program ended by itself."""
        return self.process is not None and self.process.poll() is not None


class Supervisor:
    """Keeps services running until told to stop."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._services: list[Service] = []
        self._tell = tell
        self.stopping = Event()

    def start(self, service: Service) -> None:
        """Start a service and keep it."""
        service.start()
        self._services.append(service)

    def ended(self) -> list[str]:
        """Return the names of the services that ended by themselves."""
        return [service.name for service in self._services if service.has_died()]

    def keep_running(self) -> None:
        """Return when told to stop; until then start again whatever ends."""
        while not self.stopping.wait(0.5):
            for service in self._services:
                if service.has_died() and not self.stopping.is_set():
                    self._tell(f"{service.name} ended and is started again")
                    self.stopping.wait(_PAUSE_AFTER_A_DEATH)
                    service.start()

    def stop(self) -> None:
        """Stop all services, the first one last: the others need Redis to finish."""
        deadline = monotonic() + _STOP_SECONDS
        first, others = self._services[:1], self._services[1:]
        for group in (others, first):
            for service in group:
                _signal(service, signal.SIGTERM)
            for service in group:
                _wait(service, deadline)


def _wait(service: Service, deadline: float) -> None:
    if service.process is None:
        return
    try:
        service.process.wait(max(0.1, deadline - monotonic()))
    except subprocess.TimeoutExpired:
        # The whole session: a worker's children too.
        _signal(service, signal.SIGKILL, whole_session=True)
        service.process.wait()


def _signal(service: Service, number: signal.Signals, *, whole_session: bool = False) -> None:
    if service.process is None or service.process.poll() is not None:
        return
    if whole_session:
        os.killpg(service.process.pid, number)
    else:
        service.process.send_signal(number)


def _die_with_parent() -> None:
    """Have the kernel end this program when the supervisor is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
