"""Promised work, and how those who wait for it are told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from wheelyard_core.domain.work import Claim, Promise, Task


class Outbox(Protocol):
    """Work that a transaction promises, or does."""

    def promise(self, task: Task, **arguments: str | int) -> int:
        """Have *task* done after this transaction has committed, not before; return its number."""
        ...

    def claim(self, message_id: int) -> Claim | None:
        """Lease a row, or return None where it is done, leased by another, or set aside."""
        ...

    def renew(self, message_id: int, attempt: int) -> bool:
        """Prolong the lease of *attempt*; False when somebody else has the row by now."""
        ...

    def done(self, message_id: int) -> None:
        """Forget a row, in the transaction of its effect."""
        ...

    def release(self, claim: Claim, error: str, wait: timedelta, *, forgive: bool) -> None:
        """Give a row back after a failure, due again after *wait*; *forgive* uncounts it."""
        ...

    def set_aside(self, message_id: int, error: str) -> None:
        """Take a poison row out of the way."""
        ...

    def waiting(self) -> Mapping[Task, int]:
        """Return how many rows of each task nobody works on, without what was set aside."""
        ...

    def due(self, limit: int, pause: timedelta, but: Collection[Task]) -> Sequence[Promise]:
        """Return rows that nobody works on, and do not offer them again before *pause* is over.

        Those of the tasks in *but* are left for another time.
        """
        ...


class Queue(Protocol):
    """Tells workers that promised work is due. A lost call is repeated by the sweep."""

    def send(self, promised: Sequence[Promise]) -> bool:
        """Send the hints; False, soon, when the broker does not take them."""
        ...

    def covered(self, waiting: Mapping[Task, int]) -> Collection[Task]:
        """Return the tasks in whose queues there are no fewer hints than rows that are *waiting*.

        None while the broker is away.
        """
        ...


class Verdicts(Protocol):
    """Wakes the upload that waits for its verdict. A lost call costs time, never truth."""

    def announce(self, upload_id: str) -> None:
        """Wake whoever waits for this upload; failing is silent."""
        ...

    def wait(self, upload_id: str, seconds: float) -> None:
        """Return when announced, or after *seconds* at the latest; the caller then looks again."""
        ...
