"""Throw away what nobody needs: blobs that belong to nothing, and the bytes of the trash.

Two phases, a grace apart: the reconciler finds an orphan, a person deletes a file; when the grace
is over, each is decided about in a transaction of its own, and goes only if it still belongs to
nothing. A blob is of one upload (docs/decisions/0003-a-blob-belongs-to-one-upload.md), so what
belongs to nothing will never be needed again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from wheelyard_core.domain.blob_keys import metadata_key
from wheelyard_core.domain.operating import Mode, Operation
from wheelyard_core.domain.upkeep import Finding
from wheelyard_core.domain.work import Claim, Task
from wheelyard_core.ports import BlobNotFound, BlobStore, Database, UnitOfWork

COLLECT: Final = "collect"
EVERY: Final = timedelta(hours=1)
# How much a run throws away at the most.
MOST: Final = 1_000
# Where more than this share of all files would go, nothing goes: that is a mistake.
_PART: Final = 0.02
# So few are never too many, however small the registry is.
_ALWAYS_FEW: Final = 100
# A backup that took longer than that was given up without a word.
_LONGEST_BACKUP: Final = timedelta(days=2)
_LEASE: Final = timedelta(minutes=15)
_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Rubbish:
    """Something that may go: the blob of nothing, or of a deleted file."""

    blob_key: str
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What went, or why nothing did."""

    objects: int = 0
    size: int = 0
    candidates: int = 0
    brake: str | None = None


@dataclass(frozen=True, slots=True)
class Collector:
    """Throws away what nobody has needed for as long as *grace*."""

    database: Database
    blobs: BlobStore
    grace: timedelta
    now: Callable[[], datetime]
    # Told of every run that the task made; `bootstrap` has it counted.
    told: Callable[[Collected], None]

    def plan(self) -> bool:
        """Promise a run if one is due."""
        with self.database.begin() as uow:
            begins = uow.jobs.begin(COLLECT, EVERY.total_seconds())
            if begins:
                uow.outbox.promise(Task.COLLECT)
            uow.commit()
        return begins

    def __call__(self, claim: Claim) -> None:
        """Do the `collect` task; safe to run twice and late."""
        began = monotonic()
        collected = self.run()
        self.told(collected)
        with self.database.begin() as uow:
            if collected.brake is None:
                uow.jobs.succeeded(COLLECT, EVERY.total_seconds(), monotonic() - began)
            else:
                uow.jobs.failed(COLLECT, EVERY.total_seconds(), collected.brake)
            uow.outbox.done(claim.message_id)
            uow.commit()

    def run(self, *, dry: bool = False, beyond_limit: bool = False) -> Collected:
        """Throw away what may go; with *dry* nothing, and tell what would have gone."""
        with self.database.snapshot() as uow:
            operation = uow.operating.now()
            before = self.before(operation)
            candidates = uow.collecting.count(before)
            brake = self._brake(uow, operation, candidates, beyond_limit=beyond_limit)
            rubbish = list(_rubbish(uow, before))
        if brake is not None or dry or not rubbish:
            return Collected(candidates=candidates, brake=brake)
        if not self._alone():
            return Collected(candidates=candidates, brake="Another run has not ended.")
        try:
            return self._collect(rubbish, before, operation.epoch, candidates)
        finally:
            self._leave()

    def before(self, operation: Operation) -> datetime:
        """Return when something must have been found at the latest to go now.

        What was found before the database was restored counts from then: it was found in another
        state of it.
        """
        end = self.now() - self.grace
        began = operation.epoch_began_at
        return datetime.min.replace(tzinfo=end.tzinfo) if began and began > end else end

    def _brake(
        self, uow: UnitOfWork, operation: Operation, candidates: int, *, beyond_limit: bool
    ) -> str | None:
        """Return why nothing may go now, or None."""
        if operation.mode is Mode.READ_ONLY:
            return "The registry is read-only."
        missing = uow.reconciling.counts()[Finding.MISSING]
        if missing:
            return f"{missing} blobs are missing: find out why first."
        if uow.collecting.is_backing_up(self.now() - _LONGEST_BACKUP):
            return "A backup is being made."
        limit = max(_ALWAYS_FEW, _PART * uow.reconciling.count_files())
        if candidates > limit and not beyond_limit:
            return f"{candidates} blobs want to go, and a run may take {limit:.0f}."
        return None

    def _collect(
        self, rubbish: list[Rubbish], before: datetime, epoch: int, candidates: int
    ) -> Collected:
        objects, size, ends = 0, 0, monotonic() + _SECONDS
        for one in rubbish:
            if monotonic() > ends or not self._takes(one, before, epoch):
                continue
            for key in self._keys(one):
                found = self._size(key)
                if found is not None:
                    self.blobs.delete(key)
                    objects, size = objects + 1, size + found
        return Collected(objects, size, candidates)

    def _takes(self, one: Rubbish, before: datetime, epoch: int) -> bool:
        """Decide about one: row first, so that what a crash leaves is an orphan, and found."""
        with self.database.begin() as uow:
            operation = uow.operating.now()
            if operation.epoch != epoch or operation.mode is Mode.READ_ONLY:
                return False
            if one.file_id is None:
                taken = uow.collecting.forget(one.blob_key)
            else:
                taken = uow.collecting.purge(one.file_id, before)
            uow.commit()
        return taken

    @staticmethod
    def _keys(one: Rubbish) -> Iterator[str]:
        yield one.blob_key
        if one.file_id is not None:
            yield metadata_key(one.blob_key)

    def _size(self, key: str) -> int | None:
        try:
            return self.blobs.size(key)
        except BlobNotFound:
            return None

    def _alone(self) -> bool:
        with self.database.begin() as uow:
            alone = uow.jobs.lease(COLLECT, EVERY.total_seconds(), _LEASE)
            uow.commit()
        return alone

    def _leave(self) -> None:
        with self.database.begin() as uow:
            uow.jobs.lease(COLLECT, EVERY.total_seconds(), timedelta())
            uow.commit()


def _rubbish(uow: UnitOfWork, before: datetime) -> Iterator[Rubbish]:
    for orphan in uow.collecting.orphans(before, MOST):
        yield Rubbish(orphan.blob_key)
    for file in uow.collecting.trash(before, MOST):
        yield Rubbish(file.blob_key, file.file_id)
