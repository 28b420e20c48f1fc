"""Back up and restore: the database first, then the bucket, whose blobs never change.

A bucket that is copied later has all that the rows speak of, so a restore finds orphans and never
misses a file. Nothing is thrown away between the beginning of a backup and its end.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Final

from wheelyard_core.domain.audit import ADMIN_COMMAND, Action, AuditEvent
from wheelyard_core.domain.blob_keys import BLOBS
from wheelyard_core.domain.operating import Mode, Target
from wheelyard_core.ports import BlobNotFound, BlobStore, Database

_THREADS: Final = 8
_BATCH: Final = 400
_REASON: Final = "a backup was restored, and is being checked"


@dataclass(frozen=True, slots=True)
class Copied:
    """How many blobs there are, their size, and how many of them were not there before."""

    objects: int = 0
    size: int = 0
    new: int = 0


def begin_backup(database: Database) -> None:
    """Have nothing thrown away until both parts of the backup have ended."""
    with database.begin() as uow:
        for target in (Target.DATABASE, Target.BUCKET):
            uow.backups.begin(target)
        uow.commit()


def note_backup(database: Database, target: Target, seconds: float, size: int) -> None:
    """Note that a part of it was done."""
    with database.begin() as uow:
        uow.backups.succeeded(target, seconds, size)
        uow.commit()


def back_up_bucket(database: Database, blobs: BlobStore, copy: BlobStore) -> Copied:
    """Copy every blob that the copy has not, and note it."""
    began = monotonic()
    with database.begin() as uow:
        uow.backups.begin(Target.BUCKET)
        uow.commit()
    copied = copy_blobs(blobs, copy)
    note_backup(database, Target.BUCKET, monotonic() - began, copied.size)
    return copied


def begin_after_restore(database: Database) -> int:
    """Begin a new epoch, read-only, in a database that was restored; return the epoch.

    Whoever remembers grants or files forgets them, for they are of another state.
    """
    with database.begin() as uow:
        epoch = uow.operating.begin_epoch()
        before = uow.operating.now()
        uow.operating.set_mode(Mode.READ_ONLY, _REASON)
        for target in (Target.DATABASE, Target.BUCKET):
            # The restored rows say that the backup they come from is still being made.
            uow.backups.gave_up(target)
        uow.audit.record(
            AuditEvent(
                Action.DATABASE_RESTORED,
                ADMIN_COMMAND,
                details={"epoch": epoch, "mode_before": before.mode.value},
            )
        )
        uow.access_changed()
        uow.commit()
    return epoch


def copy_blobs(source: BlobStore, target: BlobStore) -> Copied:
    """Copy every blob that the target has not in this size; a million take no memory."""

    def copy(key: str) -> Copied:
        try:
            with source.open(key) as content:
                size = content.size
                if _has(target, key, size):
                    return Copied(1, size)
                # What an interrupted copy left has another size.
                target.delete(key)
                target.put(key, content, size)
        except BlobNotFound:
            # It was deleted meanwhile.
            return Copied()
        return Copied(1, size, 1)

    total = Copied()
    with ThreadPoolExecutor(_THREADS) as threads:
        for batch in _batches(source.keys(BLOBS)):
            for one in threads.map(copy, batch):
                total = Copied(
                    total.objects + one.objects, total.size + one.size, total.new + one.new
                )
    return total


def _has(target: BlobStore, key: str, size: int) -> bool:
    try:
        return target.size(key) == size
    except BlobNotFound:
        return False


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    left = iter(keys)
    while batch := list(islice(left, _BATCH)):
        yield batch
