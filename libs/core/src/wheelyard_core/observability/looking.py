"""Asks something that may not answer, without ever waiting long for it."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class TooLate(Exception):
    """What was asked has not answered in time."""


class Look(Generic[T]):
    """Calls *look* in a thread, waits *cap* seconds at most, and remembers the result for *keep*.

    One call at a time: what hangs is not asked again until it has answered.
    """

    def __init__(self, look: Callable[[], T], cap: float = 1.0, keep: float = 2.0) -> None:
        self._look = look
        self._cap = cap
        self._keep = keep
        self._lock = Lock()
        self._running: Event | None = None
        self._result: tuple[T | None, Exception | None] = (None, TooLate("Nothing is known yet"))
        self._until = 0.0

    def __call__(self) -> T:
        """Return what *look* returned, or raise what it raised, or TooLate."""
        with self._lock:
            if monotonic() < self._until:
                return self._outcome()
            running = self._running
            if running is None:
                running = self._running = Event()
                Thread(target=self._run, args=(running,), name="look", daemon=True).start()
        if not running.wait(self._cap):
            raise TooLate(f"No answer within {self._cap:g} s")
        with self._lock:
            return self._outcome()

    def _run(self, done: Event) -> None:
        result: tuple[T | None, Exception | None]
        try:
            result = (self._look(), None)
        except Exception as error:  # noqa: BLE001  raised again for whoever asks
            result = (None, error)
        with self._lock:
            self._result, self._running = result, None
            self._until = monotonic() + self._keep
        done.set()

    def _outcome(self) -> T:
        value, error = self._result
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # None only beside an error, or when T has it
