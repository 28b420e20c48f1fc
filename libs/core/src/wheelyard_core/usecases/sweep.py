"""What the scheduler does: offer lost work again, clear up broken uploads and what is old."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wheelyard_core.domain.work import Task
from wheelyard_core.ports import Database, Queue

_BATCH: Final = 500
# So many rows go in one transaction, which holds SQLite's only writer.
_FORGOTTEN: Final = 5_000
# A hint that was just sent is not sent again for so long: it may be on its way.
_PAUSE: Final = timedelta(seconds=10)
VERDICTS_KEPT: Final = timedelta(days=30)
# For so long the answer says that such a token expired, and not that it is unknown.
TOKENS_KEPT: Final = timedelta(days=1)


def sweep_outbox(database: Database, queue: Queue) -> int:
    """Send the hints that were lost; return how many rows were due.

    Where as many hints wait as rows, none was lost. Sent again and again while workers are away,
    they would wait in thousands before everything that is promised afterwards.
    """
    with database.snapshot() as uow:
        waiting = uow.outbox.waiting()
    covered = queue.covered(waiting)
    with database.begin() as uow:
        due = uow.outbox.due(_BATCH, _PAUSE, covered)
        uow.commit()
    if due:
        queue.send(due)
    return len(due)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Clears up what broken uploads left, and whatever is old: verdicts, audit events, tokens.

    *longest_upload* is how long an upload may take: an intent older than that has no process.
    """

    database: Database
    longest_upload: timedelta
    audit_kept: timedelta

    def clean_uploads(self, now: datetime) -> int:
        """Have the blobs of uploads go that never got a row; return how many there were.

        Workers delete them: who sweeps must not wait for an object store that is slow or away.
        """
        with self.database.begin() as uow:
            abandoned = uow.uploads.abandoned(now - self.longest_upload, _BATCH)
            for upload in abandoned:
                uow.outbox.promise(Task.DISCARD, blob_key=upload.blob_key)
                uow.uploads.forget(upload.id)
            uow.commit()
        return len(abandoned)

    def forget_verdicts(self, now: datetime) -> int:
        """Drop the verdicts that nobody will ask for any more."""
        with self.database.begin() as uow:
            count = uow.uploads.forget_finished(now - VERDICTS_KEPT)
            uow.commit()
        return count

    def forget_minted_tokens(self, now: datetime) -> int:
        """Drop upload tokens of trusted publishers that ended, and the ID tokens they are of."""
        with self.database.begin() as uow:
            count = uow.trusted.forget(now - TOKENS_KEPT, _FORGOTTEN)
            uow.commit()
        return count

    def forget_audit_events(self, now: datetime) -> int:
        """Drop audit events that are older than they are kept."""
        count, gone = 0, _FORGOTTEN
        while gone == _FORGOTTEN:
            with self.database.begin() as uow:
                gone = uow.audit_trail.forget(now - self.audit_kept, _FORGOTTEN)
                uow.commit()
            count += gone
        return count
