from itertools import count
from threading import Event
from time import monotonic, sleep

import pytest

from wheelyard_core.observability.looking import Look, TooLate


def test_a_result_is_remembered_for_a_while() -> None:
    numbers = count(1)
    look = Look(lambda: next(numbers), keep=0.05)

    assert (look(), look()) == (1, 1)
    sleep(0.1)
    assert look() == 2


def test_an_error_is_remembered_and_raised() -> None:
    asked: list[int] = []

    def fail() -> None:
        asked.append(1)
        raise ValueError("broken")

    look = Look(fail, keep=10)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            look()
    assert asked == [1]


def test_what_hangs_costs_the_cap_and_one_thread() -> None:
    release, asked = Event(), []

    def hang() -> str:
        asked.append(1)
        release.wait(10)
        return "late"

    look = Look(hang, cap=0.1, keep=10)
    began = monotonic()
    for _ in range(3):
        with pytest.raises(TooLate):
            look()
    assert monotonic() - began < 2
    assert asked == [1]
    release.set()
    sleep(0.1)
    assert look() == "late"
