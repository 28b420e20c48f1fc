"""Room for so many bytes, in which what was not used for longest makes way."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Slot(Generic[T]):
    value: T
    cost: int
    used: bool = True


class Shelf(Generic[T]):
    """Values by key. All but `get` needs the lock of whoever owns it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: OrderedDict[str, _Slot[T]] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> T | None:
        """Return a value, which counts as a use of it."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        slot.used = True
        return slot.value

    def put(self, key: str, value: T, cost: int) -> None:
        """Keep a value of so many bytes, unless it is larger than the shelf."""
        self.drop(key)
        if cost > self._limit:
            return
        self._slots[key] = _Slot(value, cost)
        self._size += cost
        self._make_room()

    def drop(self, key: str) -> None:
        """Forget a value."""
        slot = self._slots.pop(key, None)
        if slot is not None:
            self._size -= slot.cost

    def clear(self) -> None:
        """Forget all values."""
        self._slots.clear()
        self._size = 0

    def _make_room(self) -> None:
        """Drop the longest unused; what was used since it was last looked at gets another turn."""
        while self._size > self._limit:
            key, slot = next(iter(self._slots.items()))
            if slot.used:
                slot.used = False
                self._slots.move_to_end(key)
            else:
                self.drop(key)
