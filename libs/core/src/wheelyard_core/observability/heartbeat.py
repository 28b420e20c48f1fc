"""Tells a worker whose event loop is stuck from one whose broker is away."""

from collections.abc import Callable
from time import monotonic, time
from typing import Final

from wheelyard_core.observability.endpoint import Sick

OLDEST_SECONDS: Final = 60.0


class Heartbeat:
    """The last time that a loop turned."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        """Say that the loop turns."""
        self._last = self._clock()

    def alive(self) -> str:
        """Return how long ago it turned; Sick when that is too long."""
        age = self._clock() - self._last
        if age > OLDEST_SECONDS:
            raise Sick(f"The loop last turned {age:.0f} seconds ago")
        return f"the loop turned {age:.0f} seconds ago"

    def timestamp(self) -> float:
        """Return the time of the last beat, as a gauge shows it."""
        return time() - (self._clock() - self._last)
