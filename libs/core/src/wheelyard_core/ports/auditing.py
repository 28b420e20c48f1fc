"""The record of who did what."""

from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.audit import AuditEvent, AuditFilter, RecordedEvent


class AuditLog(Protocol):
    """Where acts are recorded, in their own transaction."""

    def record(self, event: AuditEvent) -> None:
        """Record an act, with the number of the request; it is there if the act is."""
        ...


class AuditTrail(Protocol):
    """What was recorded, as those who answer for a place read it."""

    def listed(self, wanted: AuditFilter, stretch: Stretch) -> Listed[RecordedEvent]:
        """Return a part of the list of events."""
        ...

    def get(self, wanted: AuditFilter, event_id: int) -> RecordedEvent | None:
        """Return one of the events that the list would show."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drop up to *limit* events older than *before*; return how many there were."""
        ...
