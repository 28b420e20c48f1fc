"""A time of day that stands still: who is to be let in until a moment is, on a busy machine too."""

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.in_process import Yard


@dataclass
class Clock:
    """The time by which replicas `over` it decide who may read; it goes on by `let_pass` alone."""

    _now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _passed: float = 0.0

    def now(self) -> datetime:
        """Return the time of day."""
        return self._now

    def monotonic(self) -> float:
        """Return the time by which is forgotten what was decided: it goes on, or jumps ahead."""
        return time.monotonic() + self._passed

    def let_pass(self, seconds: float) -> None:
        """Have it be later."""
        self._now += timedelta(seconds=seconds)
        self._passed += seconds

    def over(self, yard: Yard) -> Yard:
        """Return the same registry, for replicas that have this time."""
        return replace(yard, registry=replace(yard.registry, now=self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of this test's replicas."""
    made = Clock()
    for module in ("hot", "remembering"):
        monkeypatch.setattr(f"wheelyard_indexer.{module}.monotonic", made.monotonic)
    return made
