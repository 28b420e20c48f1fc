"""Tells a worker whose event loop is stuck from one whose broker is away."""

from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Final

from wheelyard_core.observability.endpoint import Sick

OLDEST_SECONDS: Final = 60.0


class Heartbeat:
    """The last time that a loop turned."""

    def __init__(self, group: str, clock: Callable[[], float] = monotonic) -> None:
        self._group = group
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

    def read(self) -> Mapping[tuple[str, ...], float]:
        """Return the time of the last beat, as the gauge shows it."""
        return {(self._group,): time() - (self._clock() - self._last)}
