"""From settings to what a service needs. Nothing connects before it is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

from wheelyard_core.adapters.attesting.signatures import SigstoreSignatures
from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.cache.attempts import RedisAttempts
from wheelyard_core.adapters.cache.epoch import ACCESS_EPOCH, AccessEpoch
from wheelyard_core.adapters.cache.redis import RedisPageCache, RedisVerdicts
from wheelyard_core.adapters.cache.tracking import RedisTracking
from wheelyard_core.adapters.db.engine import make_engine
from wheelyard_core.adapters.db.unit_of_work import (
    AccessChanged,
    Dispatch,
    SqlDatabase,
    nobody_listens,
)
from wheelyard_core.adapters.db.watching import error_class
from wheelyard_core.adapters.pepper_file import PepperFile
from wheelyard_core.adapters.queue import CeleryQueue
from wheelyard_core.domain.audit import Action
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.work import Claim, Task
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.observability.measured import (
    MeasuredBlobStore,
    MeasuredPageCache,
    MeasuredQueue,
    measured_attestations,
    measured_overlap,
    measured_rendering,
)
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import (
    UNTRACED,
    Attempts,
    BlobStore,
    PageCache,
    Queue,
    Signatures,
    Tracing,
)
from wheelyard_core.settings import DatabaseSettings, Settings
from wheelyard_core.usecases.attest import AttestationCheck
from wheelyard_core.usecases.collect import Collected, Collector
from wheelyard_core.usecases.crash_points import (
    CrashPoint,
    die_once_at,
    each_of,
    nothing_happens,
)
from wheelyard_core.usecases.delete import Deleter
from wheelyard_core.usecases.group_pages import GroupPages
from wheelyard_core.usecases.pages import PAGES, Indexer, Pages
from wheelyard_core.usecases.receive import Receiver
from wheelyard_core.usecases.reconcile import Reconciler
from wheelyard_core.usecases.run_promise import GiveUp, Handler
from wheelyard_core.usecases.sweep import Cleaner
from wheelyard_core.usecases.verify import Discarder, Verifier

# An archive may expand to ten times the largest file.
_EXPANDED_PER_FILE_SIZE = 10


def utc_now() -> datetime:
    """Return the present time; where tests need another one, they pass another function."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Registry:
    """The adapters of one process, and the use cases made of them."""

    settings: Settings
    database: SqlDatabase
    blobs: BlobStore
    queue: Queue
    cache: PageCache
    verdicts: RedisVerdicts
    signatures: Signatures
    attempts: Attempts
    # Returns the peppers that hold now.
    peppers: Callable[[], Peppers]
    reach: CrashPoint
    now: Callable[[], datetime]
    metrics: Metrics
    tracing: Tracing
    # Set when this process was told to stop.
    stopping: Event
    # Gives the broker's connections back.
    close_queue: Callable[[], None]

    def receiver(self) -> Receiver:
        """Return what receives uploads."""
        burn = self.settings.limits.burn_filenames
        return Receiver(self.database, self.blobs, burn, self.reach, self.now)

    def deleter(self) -> Deleter:
        """Return what moves releases and files to the trash."""
        return Deleter(self.database, self.now)

    def pages(self) -> Pages:
        """Return what reads and refreshes simple pages."""
        return Pages(
            self.database,
            self.cache,
            self.settings.http.public_url,
            measured_rendering(self.metrics, self.tracing),
        )

    def group_pages(self) -> GroupPages:
        """Return what reads the simple pages of groups."""
        return GroupPages(
            self.database,
            self.cache,
            self.settings.http.public_url,
            measured_rendering(self.metrics, self.tracing),
        )

    def tracking(self) -> RedisTracking:
        """Return what tells of changed pages, and of changes of who may read them."""
        return RedisTracking(self.settings.cache, [PAGES, ACCESS_EPOCH])

    def cleaner(self) -> Cleaner:
        """Return what clears up after broken uploads."""
        # Twice the longest upload: its last commit may be on its way.
        longest = timedelta(seconds=2 * self.settings.limits.upload_seconds)
        kept = timedelta(days=self.settings.audit_days)
        return Cleaner(self.database, longest, kept)

    def reconciler(self) -> Reconciler:
        """Return what holds the database against the bucket."""
        every = timedelta(hours=self.settings.reconcile_hours)
        within = timedelta(days=self.settings.reread_days)
        return Reconciler(self.database, self.blobs, every, within)

    def collector(self) -> Collector:
        """Return what throws away what nobody needs."""
        grace = timedelta(hours=self.settings.gc_grace_hours)
        count = partial(_count_collected, self.metrics)
        return Collector(self.database, self.blobs, grace, self.now, count)

    def verifier(self) -> Verifier:
        """Return what decides about received files."""
        limits = self.settings.limits
        archive_limits = ArchiveLimits(max_expanded=_EXPANDED_PER_FILE_SIZE * limits.file_size)
        return Verifier(
            self.database,
            self.blobs,
            self.verdicts,
            archive_limits,
            limits.spool,
            self.reach,
            AttestationCheck(self.database, self.signatures, measured_attestations(self.metrics)),
            measured_overlap(self.metrics),
        )

    def indexer(self) -> Indexer:
        """Return what refreshes pages after a change."""
        return Indexer(self.database, self.pages(), self.verdicts, self.reach)

    def handlers(self) -> dict[Task, Handler]:
        """Return who does which task."""
        return {
            Task.VERIFY: self.verifier(),
            Task.INDEX: self.indexer(),
            Task.DISCARD: Discarder(self.database, self.blobs, self.reach),
            Task.RECONCILE: self.reconciler(),
            Task.COLLECT: self.collector(),
        }

    def give_up(self) -> GiveUp:
        """Return who is told of a message before it is set aside."""
        verifier = self.verifier()

        def tell(claim: Claim, error: str) -> None:
            if claim.task is Task.VERIFY:
                verifier.give_up(claim, error)

        return tell

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()
        self.close_queue()


def make_registry(
    settings: Settings,
    service: str,
    reach: CrashPoint = nothing_happens,
    metrics: Metrics | None = None,
    tracing: Tracing = UNTRACED,
) -> Registry:
    """Return the adapters that *settings* describe, for one process of *service*."""
    metrics = Metrics() if metrics is None else metrics
    broker = CeleryQueue(settings.broker)
    queue = MeasuredQueue(broker, metrics, tracing)
    epoch = AccessEpoch(settings.cache, settings.http.stale_seconds)
    database = make_database(settings.database, service, queue.send, epoch.advance)
    database.listeners.failed = partial(_count_error, metrics)
    database.listeners.recorded = partial(_count_events, metrics)
    database.listeners.tracing = tracing
    return Registry(
        settings=settings,
        database=database,
        blobs=MeasuredBlobStore(_blob_store(settings), metrics, tracing),
        queue=queue,
        cache=MeasuredPageCache(RedisPageCache(settings.cache), metrics, tracing),
        verdicts=RedisVerdicts(settings.cache),
        signatures=SigstoreSignatures(settings.trusted_root),
        attempts=RedisAttempts(settings.cache),
        peppers=_peppers(settings),
        reach=reach,
        now=utc_now,
        metrics=metrics,
        tracing=tracing,
        stopping=Event(),
        close_queue=broker.close,
    )


def open_tracing(settings: Settings, service: str) -> Tracing:
    """Return where this process tells of its spans; to be called in the process that works."""
    endpoint, ratio = settings.tracing
    if not endpoint:
        return UNTRACED
    # 0.3 s and 4 MiB, which only processes pay that trace.
    from wheelyard_core.adapters.tracing.otlp import OtlpTracing  # noqa: PLC0415

    return OtlpTracing(endpoint, ratio, service)


def _count_error(metrics: Metrics, error: BaseException) -> None:
    kind = error_class(error)
    if kind is not None:
        metrics.count_db_error(kind)


def _count_events(metrics: Metrics, recorded: Sequence[Action]) -> None:
    for action in recorded:
        metrics.count("wheelyard_audit_events_total", action.value)


def _count_collected(metrics: Metrics, collected: Collected) -> None:
    metrics.count("wheelyard_gc_deleted_objects_total", amount=collected.objects)
    metrics.count("wheelyard_gc_reclaimed_bytes_total", amount=collected.size)


def crash_point_from(environment: Mapping[str, str]) -> CrashPoint:
    """Return where this process is to die, for tests alone; elsewhere nothing happens.

    `WHEELYARD_TEST_CRASH_AT` names points, with commas. A process dies at one of them when the file
    `<WHEELYARD_TEST_CRASH_MARKER>.<point>` is not there, and makes it first: so it dies once, and
    a test arms a point by removing its file.
    """
    points = environment.get("WHEELYARD_TEST_CRASH_AT", "")
    marker = environment.get("WHEELYARD_TEST_CRASH_MARKER", "")
    if not points or not marker:
        return nothing_happens
    return each_of([die_once_at(point, Path(f"{marker}.{point}")) for point in points.split(",")])


def make_database(
    settings: DatabaseSettings,
    service: str,
    send: Dispatch,
    access_changed: AccessChanged = nobody_listens,
) -> SqlDatabase:
    """Return the database, which tells *send* of promises, and *access_changed* of lost rights."""
    password: Callable[[], str | None] | None = None
    if settings.password_file is not None:
        password = partial(_read_secret, settings.password_file)
    elif settings.password:
        password = partial(str, settings.password)
    engine = make_engine(settings.url, settings.pool, service, password)
    return SqlDatabase(engine, send, access_changed)


def _peppers(settings: Settings) -> Callable[[], Peppers]:
    if settings.pepper_file is not None:
        return PepperFile(settings.pepper_file, settings.peppers)
    return partial(_same, settings.peppers)


def _same(peppers: Peppers) -> Peppers:
    return peppers


def _read_secret(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def _blob_store(settings: Settings) -> BlobStore:
    if isinstance(settings.blobs, DirectoryBlobSettings):
        return DirectoryBlobStore(settings.blobs)
    # Its client takes a tenth of what a process takes to start, which one machine need not pay.
    from wheelyard_core.adapters.blobs.s3 import S3BlobStore  # noqa: PLC0415

    # One for each request that may be served: none is opened anew, and none waits.
    return S3BlobStore(settings.blobs, connections=settings.http.threads)
