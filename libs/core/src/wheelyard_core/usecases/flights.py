"""Many want one page at once, and one thread builds it; and no page goes back."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, TypeVar

from wheelyard_core.ports import DatabaseUnavailable

T = TypeVar("T")

# Twice the longest statement: whoever builds has given up by then.
_LONGEST_WAIT: Final = 30.0
_REMEMBERED: Final = 50_000


@dataclass(slots=True)
class _Line(Generic[T]):
    """Who builds, and the next one to build for all who came since."""

    running: Future[T]
    following: Future[T] | None = None


class SingleFlight(Generic[T]):
    """Lets one thread at a time make what many ask for.

    Whoever comes while it is being made gets the next one, which all of them share: the present
    one may have been begun before what they know of.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._lines: dict[str, _Line[T]] = {}

    def fly(self, key: str, make: Callable[[bool], T]) -> T:
        """Return what *make*, begun after this call, returns; it is told if nobody else built."""
        before: Future[T] | None = None
        leads = True
        with self._guard:
            line = self._lines.get(key)
            if line is None:
                mine: Future[T] = Future()
                line = self._lines[key] = _Line(mine)
            elif line.following is None:
                before, mine = line.running, Future()
                line.following = mine
            else:
                leads, mine = False, line.following
        if not leads:
            return _shared(mine)
        if before is not None:
            wait([before], _LONGEST_WAIT)
            with self._guard:
                line.running, line.following = mine, None
        return self._lead(key, line, mine, lambda: make(before is None))

    def _lead(self, key: str, line: _Line[T], mine: Future[T], make: Callable[[], T]) -> T:
        try:
            made = make()
        except BaseException as failure:
            self._land(key, line, mine)
            mine.set_exception(failure)
            raise
        self._land(key, line, mine)
        mine.set_result(made)
        return made

    def _land(self, key: str, line: _Line[T], mine: Future[T]) -> None:
        with self._guard:
            if line.running is mine and line.following is None:
                del self._lines[key]


def _shared(flight: Future[T]) -> T:
    try:
        return flight.result(2 * _LONGEST_WAIT)
    except TimeoutError as late:
        raise DatabaseUnavailable("A page takes too long to build") from late


@dataclass(slots=True)
class Served:
    """The highest serial of each page that this process has served.

    Redis may hold an older one for a while: when it was frozen, or restarted from its disk, or a
    replica took over. The least recently served of very many pages are forgotten.
    """

    _serials: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _guard: Lock = field(default_factory=Lock)

    def of(self, key: str) -> int:
        """Return the highest serial served of a page."""
        return self._serials.get(key, 0)

    def note(self, key: str, serial: int) -> bool:
        """Note that a page is about to be served; False where a newer one already was."""
        with self._guard:
            if serial < self._serials.get(key, 0):
                return False
            self._serials[key] = serial
            self._serials.move_to_end(key)
            if len(self._serials) > _REMEMBERED:
                self._serials.popitem(last=False)
            return True

    def lower(self, key: str, known: int, serial: int) -> None:
        """Accept that the database itself went back, from *known*, as after a restore."""
        with self._guard:
            if self._serials.get(key, 0) == known:
                self._serials[key] = serial
