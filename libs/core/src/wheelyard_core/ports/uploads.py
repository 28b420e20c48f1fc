"""What a transaction knows of uploads, from the intent to the verdict."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.catalogue import Upload, UploadStatus


class Uploads(Protocol):
    """The uploads of a transaction."""

    def add(self, upload: Upload) -> None:
        """Record the intent, so that a crash from here on leaves a trace to clean up by."""
        ...

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload; a received one is being verified while its message is leased."""
        ...

    def received(self, upload_id: str, message_id: int) -> None:
        """Note that the bytes are stored, and the message by whose work they are decided about."""
        ...

    def settle(self, upload_id: str, status: UploadStatus, errors: Sequence[str] = ()) -> None:
        """Write the verdict about an upload."""
        ...

    def forget(self, upload_id: str) -> None:
        """Drop an upload that came to nothing."""
        ...

    def is_visible(self, upload_id: str) -> bool:
        """Tell whether the upload's file is published and on its page in the cache."""
        ...

    def abandoned(self, before: datetime, limit: int) -> Sequence[Upload]:
        """Return uploads that began before *before* and never got a row of their own."""
        ...

    def forget_finished(self, before: datetime) -> int:
        """Drop verdicts older than *before*; return how many there were."""
        ...
