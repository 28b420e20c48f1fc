"""What operators decide while the registry runs, and what it notes about its own upkeep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wheelyard_core.domain.errors import ReadOnly


class Mode(StrEnum):
    """What may change. Reads go on in every one of them."""

    OPEN = "open"
    UPLOADS_DISABLED = "uploads_disabled"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class Operation:
    """How the registry is operated.

    The *epoch* is a number that grows when the database is restored. What was decided before that,
    such as that nobody needs a blob, holds no more: the rows it was decided by are gone.
    """

    mode: Mode = Mode.OPEN
    reason: str | None = None
    changed_at: datetime | None = None
    epoch: int = 1
    epoch_began_at: datetime | None = None

    @property
    def notice(self) -> str | None:
        """What people are told, or None while everything goes its way."""
        match self.mode:
            case Mode.OPEN:
                return None
            case Mode.UPLOADS_DISABLED:
                return f"Uploads are disabled: {self._why}"
            case Mode.READ_ONLY:
                return f"The registry is read-only: {self._why}"

    def require_changes(self) -> None:
        """Raise ReadOnly where nothing may change."""
        if self.mode is Mode.READ_ONLY:
            raise ReadOnly(f"The registry is read-only: {self._why}")

    def require_uploads(self) -> None:
        """Raise ReadOnly where no file is taken."""
        self.require_changes()
        if self.mode is Mode.UPLOADS_DISABLED:
            raise ReadOnly(f"Uploads are disabled: {self._why}")

    @property
    def _why(self) -> str:
        return self.reason or "try again later"


class Target(StrEnum):
    """What is backed up, and the proof that it can be restored."""

    DATABASE = "database"
    BUCKET = "bucket"
    RESTORE_DRILL = "restore-drill"


@dataclass(frozen=True, slots=True)
class Backup:
    """The last backup of something: its time, how long it took, and how large it is."""

    target: Target
    started_at: datetime | None
    succeeded_at: datetime | None
    seconds: float | None
    size: int | None


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """Something that the registry does again and again, and how it went.

    *state* is JSON: where the job is, and what it found.
    """

    name: str
    every: float
    started_at: datetime | None = None
    succeeded_at: datetime | None = None
    seconds: float | None = None
    error: str | None = None
    state: Mapping[str, object] = field(default_factory=dict)
