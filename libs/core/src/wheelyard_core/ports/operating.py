"""What a transaction knows of how the registry is operated, and of its upkeep."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from wheelyard_core.domain.operating import Backup, Mode, Operation, ScheduledJob, Target


class Operating(Protocol):
    """How the registry is operated."""

    def now(self) -> Operation:
        """Return how it is operated."""
        ...

    def set_mode(self, mode: Mode, reason: str | None) -> None:
        """Have this mode hold, for everybody, from the commit on."""
        ...

    def begin_epoch(self) -> int:
        """Have everything that was decided before count no more; return the new epoch."""
        ...


class Backups(Protocol):
    """What was backed up."""

    def begin(self, target: Target) -> None:
        """Note that a backup begins: nothing is thrown away until it has ended."""
        ...

    def succeeded(self, target: Target, seconds: float, size: int) -> None:
        """Note that it has ended well."""
        ...

    def gave_up(self, target: Target) -> None:
        """Note that it has ended otherwise."""
        ...

    def listed(self) -> Sequence[Backup]:
        """Return the last backup of everything that ever was."""
        ...


class Jobs(Protocol):
    """What is done again and again, one row a job."""

    def get(self, name: str) -> ScheduledJob | None:
        """Return a job, as far as it ever ran."""
        ...

    def listed(self) -> Sequence[ScheduledJob]:
        """Return all of them, by name."""
        ...

    def begin(self, name: str, every: float) -> bool:
        """Note that a job begins, if it is due; of two schedulers that ask, one is told so."""
        ...

    def succeeded(self, name: str, every: float, seconds: float) -> datetime:
        """Note that a job was done; return when."""
        ...

    def failed(self, name: str, every: float, error: str) -> None:
        """Note why a job was not done."""
        ...

    def lease(self, name: str, every: float, period: timedelta) -> bool:
        """Keep others from a job for a period; False where another keeps us from it."""
        ...

    def forget(self, name: str) -> None:
        """Have a job as if it had never run."""
        ...

    def keep(self, name: str, state: Mapping[str, object]) -> None:
        """Keep what a job that ran wants to know when it runs again."""
        ...
