"""What tells where the time of a request went, through all the processes that it led to.

Spans and what they say are closed sets: docs/OPERATIONS.md explains each, and a test compares.
"""

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Final, Protocol, TypedDict, Unpack


class Span(StrEnum):
    """Every span that there is, by its name."""

    REQUEST = "http.request"
    VERDICT_WAIT = "verdict.wait"
    DB_WRITE = "db.write"
    QUEUE_SEND = "queue.send"
    BLOB_PUT = "blob.put"
    BLOB_GET = "blob.get"
    BLOB_HEAD = "blob.head"
    BLOB_DELETE = "blob.delete"
    PAGE_RENDER = "page.render"
    PAGE_STORE = "page.store"
    VERIFY = "task.verify"
    INDEX = "task.index"
    DISCARD = "task.discard"
    RECONCILE = "task.reconcile"
    COLLECT = "task.collect"


class Attributes(TypedDict, total=False):
    """What a span may say; never a secret, a query, or a text that somebody else made up."""

    method: str
    route: str
    status: int
    error: str
    request_id: str | None
    project_id: int
    package: str
    filename: str
    file_id: int
    outbox_id: int
    attempt: int


class Tracing(Protocol):
    """Tells of spans. Nothing of it waits for anybody, and nothing of it fails."""

    def begin(
        self, span: Span, parent: str | None, **attributes: Unpack[Attributes]
    ) -> AbstractContextManager[object]:
        """Be in a span that goes on with the trace of *parent*, a `traceparent`, or begins one."""
        ...

    def span(self, span: Span, **attributes: Unpack[Attributes]) -> AbstractContextManager[object]:
        """Be in a part of the span at hand; where there is none, nothing is told."""
        ...

    def annotate(self, **attributes: Unpack[Attributes]) -> None:
        """Say more of the span at hand."""
        ...

    def traceparent(self) -> str | None:
        """Return the span at hand, for whoever goes on with its trace."""
        ...

    def close(self) -> None:
        """Send what was not sent yet, for a few seconds at most."""
        ...


class Untraced:
    """Tells nothing: tracing that is off."""

    _nothing: Final[AbstractContextManager[object]] = nullcontext()

    def begin(
        self, _span: Span, _parent: str | None, **_attributes: Unpack[Attributes]
    ) -> AbstractContextManager[object]:
        """Do nothing."""
        return self._nothing

    def span(
        self, _span: Span, **_attributes: Unpack[Attributes]
    ) -> AbstractContextManager[object]:
        """Do nothing."""
        return self._nothing

    def annotate(self, **_attributes: Unpack[Attributes]) -> None:
        """Do nothing."""

    def traceparent(self) -> str | None:
        """Return None."""
        return None

    def close(self) -> None:
        """Do nothing."""


UNTRACED: Final = Untraced()
