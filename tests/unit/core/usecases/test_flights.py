"""One build for many, and no page that goes back."""

import time
from threading import Barrier, Event, Lock, Thread

import pytest

from wheelyard_core.usecases.flights import Served, SingleFlight


class Key(str):
    """A key that counts how often it is looked up: once, or more, by each who asks for it."""

    __slots__ = ("looks",)

    def __hash__(self) -> int:
        self.looks = getattr(self, "looks", 0) + 1
        return super().__hash__()


class Builder:
    """Writes down what it builds; the first takes as long as it takes all others to come."""

    def __init__(self, key: Key, looks: int) -> None:
        self.builds: list[bool] = []
        self._guard = Lock()
        self._key = key
        self._looks = looks

    def __call__(self, is_alone: bool) -> int:
        with self._guard:
            self.builds.append(is_alone)
            number = len(self.builds)
        ends = time.monotonic() + 30
        while number == 1 and self._key.looks < self._looks:
            assert time.monotonic() < ends
            time.sleep(0.001)
        return number


def test_sixteen_at_once_share_two_builds() -> None:
    key, flight, barrier = Key("key"), SingleFlight[int](), Barrier(16)
    # Each looks whether somebody builds, and the first writes down that he does.
    build = Builder(key, 16 + 1)
    got: list[int] = []

    def ask() -> None:
        barrier.wait()
        got.append(flight.fly(key, build))

    threads = [Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # The second is for those who came while the first was made, and may know of later changes.
    assert build.builds == [True, False]
    assert sorted(got) == [1] + [2] * 15


def test_other_keys_do_not_wait() -> None:
    flight, entered, let_go = SingleFlight[int](), Event(), Event()

    def slow(_is_alone: bool) -> int:
        entered.set()
        let_go.wait(60)
        return 1

    other = Thread(target=flight.fly, args=("one", slow))
    other.start()
    assert entered.wait(60)

    assert flight.fly("two", lambda _: 2) == 2
    let_go.set()
    other.join()


def test_a_failure_reaches_its_passengers_and_the_next_flight_starts() -> None:
    flight = SingleFlight[int]()

    def fail(_is_alone: bool) -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        flight.fly("key", fail)

    assert flight.fly("key", int) == 1


def test_what_was_served_is_the_least_that_is_served() -> None:
    served = Served()

    assert [served.note("key", serial) for serial in (3, 5, 4, 5)] == [True, True, False, True]
    assert served.of("key") == 5
    assert served.of("other") == 0


def test_a_database_that_went_back_is_accepted_unless_somebody_served_more() -> None:
    served = Served()
    served.note("key", 5)

    served.lower("key", 4, 1)
    assert served.of("key") == 5
    served.lower("key", 5, 2)

    assert served.of("key") == 2
