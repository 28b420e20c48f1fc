"""Work that one transaction promises and another does."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# An argument of the `index` task of a published file: milliseconds since its row was written.
WAITED: Final = "waited_ms"
# An argument of every task that was promised within a trace: the span that it goes on with.
TRACEPARENT: Final = "traceparent"


class Task(StrEnum):
    """What can be promised. The value is the name of the Celery task too."""

    VERIFY = "verify"
    INDEX = "index"
    DISCARD = "discard"
    RECONCILE = "reconcile"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True)
class Promise:
    """A row of the outbox that wants to be done."""

    message_id: int
    task: Task


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the outbox, leased to one worker. `age` is seconds since it was promised."""

    message_id: int
    task: Task
    arguments: Mapping[str, Any]
    attempt: int
    age: float
    request_id: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that failed too often, as `wheelyard-admin outbox` shows it."""

    message_id: int
    task: Task
    arguments: Mapping[str, Any]
    attempts: int
    last_error: str
