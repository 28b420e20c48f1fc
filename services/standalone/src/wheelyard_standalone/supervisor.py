"""Starts the services as processes, starts again what dies, and stops all of them in time.

Every service begins as a fork of the supervisor, which has loaded what they need: that is loaded
once, and its memory is shared.
"""

import atexit
import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_STOP_SECONDS: Final = 8.0
_PAUSE_AFTER_A_DEATH: Final = 1.0
_LOOK_SECONDS: Final = 0.02
_HANDLED: Final = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Service:
    """A process that does *work*; `code` is its exit code once it has ended, -N for signal N."""

    name: str
    work: Callable[[], object]
    pid: int = field(default=0, init=False)
    code: int | None = field(default=None, init=False)

    def start(self) -> None:
        """Fork. This process must have no thread but its first one."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # A signal for the fork must not meet the supervisor's handlers in it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        supervisor = os.getpid()
        try:
            self.code, self.pid = None, os.fork()
            if self.pid == 0:
                _become(self.name, self.work, supervisor)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)

    def has_ended(self) -> bool:
        """Tell whether the process ended by itself, or was stopped."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait(self, seconds: float) -> bool:
        """Return as soon as the process has ended; False when it takes longer than that."""
        deadline = monotonic() + seconds
        while not self.has_ended():
            if monotonic() > deadline:
                return False
            sleep(_LOOK_SECONDS)
        return True

    def signal(self, number: signal.Signals, *, whole_session: bool = False) -> None:
        """Send it a signal, if it still is."""
        if not self.has_ended():
            (os.killpg if whole_session else os.kill)(self.pid, number)


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
        return [service.name for service in self._services if service.has_ended()]

    def keep_running(self) -> None:
        """Return when told to stop; until then start again whatever ends."""
        while not self.stopping.wait(0.5):
            for service in self._services:
                if service.has_ended() and not self.stopping.is_set():
                    self._tell(f"{service.name} ended and is started again")
                    self.stopping.wait(_PAUSE_AFTER_A_DEATH)
                    service.start()

    def stop(self) -> None:
        """Stop all services, the first one last: the others need Redis to finish."""
        deadline = monotonic() + _STOP_SECONDS
        first, others = self._services[:1], self._services[1:]
        for group in (others, first):
            for service in group:
                service.signal(signal.SIGTERM)
            for service in group:
                if not service.wait(max(0.1, deadline - monotonic())):
                    # The whole session: a worker's children too.
                    service.signal(signal.SIGKILL, whole_session=True)
                    service.wait(_STOP_SECONDS)


def _become(name: str, work: Callable[[], object], supervisor: int) -> NoReturn:
    """Do a service's work in this fork, and end with it: nothing of the supervisor runs here."""
    code = 1
    try:
        _leave(name, supervisor)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:  # noqa: BLE001  told here: above is the supervisor
        traceback.print_exc()
    finally:
        # What the interpreter does at its end, and `os._exit` does not.
        atexit._run_exitfuncs()  # noqa: SLF001  as multiprocessing does in its forks
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _leave(name: str, supervisor: int) -> None:
    """Leave the supervisor's terminal, name and handlers; but end when it is killed."""
    # A session of its own: Ctrl-C is for the supervisor alone.
    os.setsid()
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        # It was killed before it could be noticed.
        sys.exit(1)
    prctl(_PR_SET_NAME, name.encode())
    for number in _HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
