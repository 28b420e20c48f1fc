from itertools import count
from threading import Event
from time import monotonic

import pytest

from wheelyard_core.observability import looking
from wheelyard_core.observability.looking import Look, TooLate


def test_a_result_is_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, now = count(1), [100.0]
    monkeypatch.setattr(looking, "monotonic", lambda: now[0])
    # However long the machine pauses, it answers in time.
    look = Look(lambda: next(numbers), cap=60, keep=5)

    assert (look(), look()) == (1, 1)
    now[0] += 4.9
    assert look() == 1
    now[0] += 0.2
    assert look() == 2


def test_an_error_is_remembered_and_raised() -> None:
    asked: list[int] = []

    def fail() -> None:
        asked.append(1)
        raise ValueError("broken")

    look = Look(fail, cap=60, keep=60)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            look()
    assert asked == [1]


def test_what_hangs_costs_the_cap_and_one_thread() -> None:
    release, asked = Event(), []

    def hang() -> str:
        asked.append(1)
        release.wait(60)
        return "late"

    look = Look(hang, cap=0.1, keep=60)
    began = monotonic()
    for _ in range(3):
        with pytest.raises(TooLate):
            look()
    # Far less than what hangs takes.
    assert monotonic() - began < 30
    assert asked == [1]
    release.set()
    assert told_at_last(look) == "late"
    assert asked == [1]


def told_at_last(look: Look[str]) -> str:
    """Return what comes once it hangs no longer: its thread has to run for that."""
    ends = monotonic() + 30
    while True:
        try:
            return look()
        except TooLate:
            assert monotonic() < ends
