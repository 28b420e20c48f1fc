"""How often somebody may try something."""

from typing import Protocol


class Attempts(Protocol):
    """Counts attempts, for all processes together as far as that can be."""

    def wait(self, scope: str, per_minute: int, *who: str) -> int | None:
        """Count an attempt; return the seconds to wait where it is one too many.

        A *per_minute* of 0 is no bound.
        """
        ...
