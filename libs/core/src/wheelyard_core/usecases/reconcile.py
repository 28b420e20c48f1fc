"""Hold the database against the bucket: what is missing, what belongs to nothing, what is corrupt.

It goes through shards, each of which fits into memory, and reads a part of all files again, so
that every one is read within some days. It repairs nothing (see `mend.py`) and deletes nothing (see
`collect.py`).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from typing import Final

from wheelyard_core.domain.blob_keys import prefix_of, upload_of
from wheelyard_core.domain.upkeep import Finding, Found, KnownBlob, shards
from wheelyard_core.domain.work import Claim, Task
from wheelyard_core.ports import BlobNotFound, BlobStore, Database

RECONCILE: Final = "reconcile"
_PIECE: Final = 1 << 20
_BATCH: Final = 100
# A task that takes longer goes on as another one: workers are stopped, and tasks are timed.
SLICE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `after` is the last file that was read again, by this run or another."""

    run: str = ""
    # How many files there were when it began, which says how many shards there are.
    files: int = 0
    shard: int = 0
    objects: int = 0
    to_read: int | None = None
    read: int = 0
    after: int = 0
    seconds: float = 0.0
    # Of the last run that ended.
    verified: int = 0

    @classmethod
    def of(cls, state: Mapping[str, object]) -> "Progress":
        """Return the progress that was kept, or that of a run that has not begun."""
        known = {name: state[name] for name in cls.__dataclass_fields__ if name in state}
        return cls(**known)  # type: ignore[arg-type]  # what `kept` wrote

    @property
    def kept(self) -> dict[str, object]:
        """The progress as JSON."""
        return asdict(self)

    @property
    def is_listed(self) -> bool:
        """Whether every shard was held against the bucket."""
        return self.shard >= len(shards(self.files))

    @property
    def is_done(self) -> bool:
        """Whether the run has ended."""
        return self.is_listed and self.to_read is not None and self.read >= self.to_read


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Holds the database against the bucket: once in *every*, and each file is read in *within*."""

    database: Database
    blobs: BlobStore
    every: timedelta
    within: timedelta

    def plan(self) -> bool:
        """Promise a run if one is due."""
        with self.database.begin() as uow:
            begins = uow.jobs.begin(RECONCILE, self.every.total_seconds())
            if begins:
                message = uow.outbox.promise(Task.RECONCILE)
                before = uow.jobs.get(RECONCILE)
                done = Progress.of({} if before is None else before.state)
                files = uow.reconciling.count_files()
                fresh = Progress(str(message), files, after=done.after, verified=done.verified)
                uow.jobs.keep(RECONCILE, fresh.kept)
            uow.commit()
        return begins

    def __call__(self, claim: Claim) -> None:
        """Do the `reconcile` task: a slice of the run, and promise the next slice."""
        with self.database.snapshot() as uow:
            job = uow.jobs.get(RECONCILE)
        progress = Progress.of({} if job is None else job.state)
        run = str(claim.arguments.get("run", claim.message_id))
        if job is None or progress.run != run or progress.is_done:
            # Another run began, or this slice was done.
            self._finish(claim)
            return
        began = monotonic()
        while monotonic() - began < SLICE_SECONDS and not progress.is_done:
            progress = self.step(progress)
        progress = replace(progress, seconds=progress.seconds + monotonic() - began)
        with self.database.begin() as uow:
            if progress.is_done:
                progress = replace(progress, verified=progress.objects)
                uow.jobs.succeeded(RECONCILE, self.every.total_seconds(), progress.seconds)
            else:
                uow.outbox.promise(Task.RECONCILE, run=run)
            uow.jobs.keep(RECONCILE, progress.kept)
            uow.outbox.done(claim.message_id)
            uow.commit()

    def run(self, tell: Callable[[Progress], None], *, read_all: bool = False) -> Progress:
        """Do a whole run at once, for a person who waits; *read_all* reads every file again."""
        with self.database.begin() as uow:
            uow.jobs.begin(RECONCILE, 0)
            job = uow.jobs.get(RECONCILE)
            known = Progress.of({} if job is None else job.state)
            files = uow.reconciling.count_files()
            uow.commit()
        progress = Progress("by hand", files, after=known.after)
        if read_all:
            progress = replace(progress, after=0, to_read=files)
        began = monotonic()
        while not progress.is_done:
            progress = self.step(progress)
            tell(progress)
        progress = replace(progress, verified=progress.objects, seconds=monotonic() - began)
        with self.database.begin() as uow:
            uow.jobs.succeeded(RECONCILE, self.every.total_seconds(), progress.seconds)
            uow.jobs.keep(RECONCILE, progress.kept)
            uow.commit()
        return progress

    def step(self, progress: Progress) -> Progress:
        """Do one shard, or read a few files again."""
        if not progress.is_listed:
            objects = self.hold(shards(progress.files)[progress.shard])
            return replace(progress, shard=progress.shard + 1, objects=progress.objects + objects)
        if progress.to_read is None:
            share = math.ceil(progress.files * (self.every / self.within))
            return replace(progress, to_read=min(progress.files, share))
        wanted = min(_BATCH, progress.to_read - progress.read)
        with self.database.snapshot() as uow:
            files = uow.reconciling.after(progress.after, wanted)
        self.read(files)
        if not files:
            # The end: begin anew, unless there is nothing at all.
            to_read = progress.to_read if progress.after else progress.read
            return replace(progress, after=0, to_read=to_read)
        last = files[-1].file_id
        return replace(progress, after=last, read=progress.read + len(files))

    def hold(self, shard: str) -> int:
        """Hold one shard against the bucket; return how many blobs the bucket has of it."""
        prefix = prefix_of(shard)
        # Rows before the listing: a blob is there before its row is.
        with self.database.snapshot() as uow:
            known = uow.reconciling.known(shard)
            old = uow.reconciling.below(prefix)
        expected = {key: file for file in known for key in file.digests}
        uploads = {upload_of(file.blob_key) for file in known}
        present, strange, count = set[str](), list[str](), 0
        for key in self.blobs.keys(prefix):
            count += 1
            if key in expected:
                present.add(key)
            elif upload_of(key) not in uploads:
                strange.append(key)
        missing = [file for key, file in expected.items() if key not in present]
        found = [*self._missing(missing, present), *self._orphans(strange)]
        # Whether they are corrupt still, only reading tells.
        alive = {key for key in present if not expected[key].is_deleted}
        found += [one for one in old if one.state is Finding.CORRUPT and one.blob_key in alive]
        if found or old:
            with self.database.begin() as uow:
                uow.reconciling.settle(prefix, found)
                uow.commit()
        return count

    def read(self, files: Sequence[KnownBlob]) -> None:
        """Read files' blobs again, and note whether they are what they were."""
        wrong = {file.blob_key: list(self._wrong(file)) for file in files}
        with self.database.begin() as uow:
            known = uow.reconciling.references({upload_of(key) for key in wrong})
            for key, found in wrong.items():
                # A file may have been deleted meanwhile, with its project.
                there = found if upload_of(key) in known else []
                uow.reconciling.settle(key, there)
            uow.commit()

    def _wrong(self, file: KnownBlob) -> Iterator[Found]:
        for key, digest in file.digests.items():
            try:
                fits = self._digest(key) == digest
            except BlobNotFound:
                yield Found(key, Finding.MISSING, file.file_id)
            else:
                if not fits:
                    yield Found(key, Finding.CORRUPT, file.file_id)

    def _digest(self, key: str) -> str:
        digest = sha256()
        with self.blobs.open(key) as content:
            while piece := content.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def _missing(self, files: Sequence[KnownBlob], present: set[str]) -> Iterator[Found]:
        """Yield what is still missing: a file may have been deleted while the bucket was listed."""
        alive = [file for file in files if not file.is_deleted]
        if not alive:
            return
        with self.database.snapshot() as uow:
            known = uow.reconciling.references({upload_of(file.blob_key) for file in alive})
        for file in {file.file_id: file for file in alive}.values():
            for key in file.digests if upload_of(file.blob_key) in known else ():
                if key not in present and not self._has(key):
                    yield Found(key, Finding.MISSING, file.file_id)

    def _has(self, key: str) -> bool:
        try:
            self.blobs.size(key)
        except BlobNotFound:
            return False
        return True

    def _orphans(self, keys: Sequence[str]) -> Iterator[Found]:
        """Yield what belongs to nothing: an upload may have begun while the bucket was listed."""
        if not keys:
            return
        with self.database.snapshot() as uow:
            known = uow.reconciling.references({upload_of(key) for key in keys})
        for key in keys:
            if upload_of(key) not in known:
                yield Found(key, Finding.ORPHAN)

    def _finish(self, claim: Claim) -> None:
        with self.database.begin() as uow:
            uow.outbox.done(claim.message_id)
            uow.commit()
