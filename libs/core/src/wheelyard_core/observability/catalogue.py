"""Every metric: its name, form, labels with all their values, and what it says.

Labels are closed sets: never a project, a file, a person, a token or a host. docs/METRICS.md is
tested against this table, and every counter that an alert reads has all its label sets from the
start, because `increase()` does not see a series whose first value is 1. Series cost whoever keeps
them: twenty replicas that have done everything show fewer than 5,000 (tests/chart/test_series.py),
so times have the buckets that somebody looks at.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import product
from typing import Final

from wheelyard_core.domain.audit import Action
from wheelyard_core.domain.id_tokens import Reason


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Part(Enum):
    """What a process does, which decides what it shows; the value is for docs/METRICS.md."""

    EACH = "each"
    WEB = "api, indexer"
    API = "api"
    AUDITED = "api, worker, index-worker"
    INDEXER = "indexer"
    TASKS = "worker, index-worker"
    RENDERING = "indexer, index-worker"
    DATABASE = "api, indexer, scheduler"
    SCHEDULER = "scheduler"


class AskedFor(StrEnum):
    """What a request is for, as far as its time is promised; the rest is other."""

    PAGE = "page"
    FILE = "file"
    UPLOAD = "upload"
    OTHER = "other"

    @classmethod
    def by(cls, service: str, route: str, method: str) -> "AskedFor":
        """Return what a route's template is for."""
        if service == "indexer":
            if "/simple" in route:
                return cls.PAGE
            return cls.FILE if "/files/" in route else cls.OTHER
        is_upload = method == "POST" and route.endswith(("/packages/pypi", "/legacy"))
        return cls.UPLOAD if is_upload else cls.OTHER


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its values; without values it is closed elsewhere (the routes there are)."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Kind
    part: Part
    text: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    # Whether a counter's label sets are there from the start.
    expected: bool = True

    @property
    def label_sets(self) -> Iterable[tuple[str, ...]]:
        """Every combination of the labels' values; none where one of them is closed elsewhere."""
        return self.label_sets_of({})

    def label_sets_of(self, only: Mapping[str, Collection[str]]) -> Iterable[tuple[str, ...]]:
        """Return the same with *only* these values of the labels that are named."""
        values = [
            [value for value in label.values if value in only.get(label.name, label.values)]
            for label in self.labels
        ]
        return product(*values) if values else ()


_SERVICE: Final = Label("service")
_ROUTE: Final = Label("route")
_METHOD: Final = Label("method")
_FILETYPE: Final = Label("filetype", ("bdist_wheel", "sdist", "unknown"))
_TASK: Final = Label("task", ("verify", "index", "discard", "reconcile", "collect"))
_TARGET: Final = Label("target")
_OPERATION: Final = Label("operation", ("put", "get", "head", "list", "delete"))
_QUEUE: Final = Label("queue", ("verify", "index", "maintenance"))
# Half a second is promised of a page, a minute of a publication.
_SECONDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_FAST_SECONDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
_WAIT_SECONDS: Final = (0.1, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_BYTES: Final = tuple(float(1 << shift) for shift in range(10, 32, 3))

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(
            "wheelyard_build_info",
            Kind.GAUGE,
            Part.EACH,
            "Always 1; the labels say what runs.",
            (_SERVICE, Label("version"), Label("revision"), Label("python")),
        ),
        Metric(
            "wheelyard_http_requests_total",
            Kind.COUNTER,
            Part.WEB,
            "Requests answered, without probes.",
            (_SERVICE, _ROUTE, _METHOD, Label("code")),
        ),
        Metric(
            "wheelyard_http_request_duration_seconds",
            Kind.HISTOGRAM,
            Part.WEB,
            "From the request's arrival to the last byte of its answer, by what was asked for.",
            (_SERVICE, Label("kind", tuple(AskedFor))),
            _SECONDS,
        ),
        Metric(
            "wheelyard_http_requests_in_flight",
            Kind.GAUGE,
            Part.WEB,
            "Requests that are being answered.",
            (_SERVICE,),
        ),
        Metric(
            "wheelyard_http_threads",
            Kind.GAUGE,
            Part.WEB,
            "Threads of the process that answer requests: those at work, and all there are.",
            (_SERVICE, Label("state", ("busy", "limit"))),
        ),
        Metric(
            "wheelyard_uploads_total",
            Kind.COUNTER,
            Part.API,
            "Uploads by permitted publishers: accepted, the same bytes again (duplicate), other "
            "bytes under a name that is taken (conflict), refused (rejected), or failed by us.",
            (
                Label("result", ("accepted", "duplicate", "conflict", "rejected", "error")),
                _FILETYPE,
            ),
        ),
        Metric(
            "wheelyard_package_overlaps_total",
            Kind.COUNTER,
            Part.TASKS,
            "Names that a second project of a group began to use, by what the group shows then.",
            (Label("policy", ("merge", "first_project", "refuse")),),
        ),
        Metric(
            "wheelyard_attested_files_total",
            Kind.COUNTER,
            Part.TASKS,
            "Files that came with attestations, by whether all of these were good.",
            (Label("result", ("verified", "refused")),),
        ),
        Metric(
            "wheelyard_audit_events_total",
            Kind.COUNTER,
            Part.AUDITED,
            "Audit events recorded, by what was done.",
            (Label("action", tuple(action.value for action in Action)),),
            # No alert reads it, and there are many.
            expected=False,
        ),
        Metric(
            "wheelyard_upload_bytes",
            Kind.HISTOGRAM,
            Part.API,
            "Sizes of the files received.",
            (_FILETYPE,),
            _BYTES,
        ),
        Metric(
            "wheelyard_upload_stage_duration_seconds",
            Kind.HISTOGRAM,
            Part.API,
            "Where an upload's time goes: waiting for the client's bytes, hashing them, storing "
            "them, writing the row.",
            (Label("stage", ("receive", "hash", "store", "commit")),),
            _SECONDS,
        ),
        Metric(
            "wheelyard_downloads_total",
            Kind.COUNTER,
            Part.INDEXER,
            "Requests for files and metadata files, by how the bytes are given.",
            (
                Label("mode", ("proxy", "gateway", "redirect")),
                Label("result", ("ok", "refused", "missing", "error")),
            ),
        ),
        Metric(
            "wheelyard_auth_attempts_total",
            Kind.COUNTER,
            Part.WEB,
            "Requests with credentials, by whether they count.",
            (Label("method", ("token",)), Label("result", ("success", "failure"))),
        ),
        Metric(
            "wheelyard_rate_limited_total",
            Kind.COUNTER,
            Part.WEB,
            "Requests refused (429) for too many attempts from one address: with credentials that "
            "do not count (authentication), or for upload tokens (mint).",
            (Label("scope", ("authentication", "mint")),),
        ),
        Metric(
            "wheelyard_token_mints_total",
            Kind.COUNTER,
            Part.API,
            "ID tokens of trusted publishers: exchanged for an upload token (minted), or why not.",
            (Label("result", ("minted", *Reason)),),
        ),
        Metric(
            "wheelyard_index_requests_total",
            Kind.COUNTER,
            Part.INDEXER,
            "Simple pages given: from memory or Redis (hit), built for the request (miss), or by "
            "what was known before the database went away (stale).",
            (Label("format", ("html", "json")), Label("cache", ("hit", "miss", "stale"))),
        ),
        Metric(
            "wheelyard_index_render_duration_seconds",
            Kind.HISTOGRAM,
            Part.RENDERING,
            "Building a page from the database. HTML and JSON are made together: `all`.",
            (Label("format", ("all",)),),
            _FAST_SECONDS,
        ),
        Metric(
            "wheelyard_db_pool_connections",
            Kind.GAUGE,
            Part.DATABASE,
            "Database connections of the process: in use, waiting in the pool, in use above the "
            "pool's size, and the most there may be.",
            (_SERVICE, Label("state", ("checked_out", "idle", "overflow", "limit"))),
        ),
        Metric(
            "wheelyard_db_errors_total",
            Kind.COUNTER,
            Part.EACH,
            "Errors of the database; `integrity` counts lost races, which are not failures.",
            (
                _SERVICE,
                Label(
                    "class",
                    ("timeout", "deadlock", "read_only", "disconnect", "integrity", "other"),
                ),
            ),
        ),
        Metric(
            "wheelyard_storage_requests_total",
            Kind.COUNTER,
            Part.EACH,
            "Requests to the object store or the blobs' folder. `refused`: the upload was stopped "
            "by its own content. A `get` that breaks off after it began counts again, as `error`.",
            (_OPERATION, Label("result", ("ok", "missing", "refused", "error"))),
        ),
        Metric(
            "wheelyard_storage_request_duration_seconds",
            Kind.HISTOGRAM,
            Part.EACH,
            "Their time; of `get` until the first byte, of `put` with the client's sending.",
            (_OPERATION,),
            _FAST_SECONDS,
        ),
        Metric(
            "wheelyard_cache_requests_total",
            Kind.COUNTER,
            Part.RENDERING,
            "Requests to Redis for pages; a write that succeeds is a hit.",
            (
                Label("operation", ("get", "put", "head", "drop")),
                Label("result", ("hit", "miss", "error")),
            ),
        ),
        Metric(
            "wheelyard_outbox_pending",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Promised work that is not done, without what was set aside. From the database: one "
            "truth for all, so take `max()`; not there when the database is away.",
        ),
        Metric(
            "wheelyard_outbox_oldest_age_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Age of the oldest of it; 0 where there is none.",
        ),
        Metric(
            "wheelyard_outbox_set_aside",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Work that failed too often and waits for a person (`wheelyard-admin outbox`).",
        ),
        Metric(
            "wheelyard_index_staleness_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How long the page that waits longest has not shown what the database says; 0 where "
            "all pages do. What was set aside counts, too.",
        ),
        Metric(
            "wheelyard_queue_messages",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Hints in the broker: waiting (ready), or at a worker that has not acknowledged them. "
            "From the broker: not there when it is away.",
            (_QUEUE, Label("state", ("ready", "unacked"))),
        ),
        Metric(
            "wheelyard_queue_oldest_unacked_age_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How long the oldest hint of the queue has been at a worker; 0 where none is.",
            (_QUEUE,),
        ),
        Metric(
            "wheelyard_files",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Published files that are not deleted.",
        ),
        Metric("wheelyard_projects", Kind.GAUGE, Part.SCHEDULER, "Projects."),
        Metric(
            "wheelyard_stored_bytes",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Sizes of these files together; a blob is of one file.",
        ),
        Metric(
            "wheelyard_outbox_dispatched_total",
            Kind.COUNTER,
            Part.EACH,
            "Hints sent to the broker; those that failed are sent again by the sweep.",
            (Label("result", ("sent", "failed")),),
        ),
        Metric(
            "wheelyard_tasks_total",
            Kind.COUNTER,
            Part.TASKS,
            "Tasks by their end. `retry`: a dependency is away; `failure`: the attempt counts; "
            "`skipped`: the work was done, or is being done by another.",
            (_TASK, Label("outcome", ("success", "failure", "retry", "timeout", "skipped"))),
        ),
        Metric(
            "wheelyard_task_duration_seconds",
            Kind.HISTOGRAM,
            Part.TASKS,
            "Time of an attempt.",
            (_TASK,),
            _WAIT_SECONDS,
        ),
        Metric(
            "wheelyard_task_queue_wait_seconds",
            Kind.HISTOGRAM,
            Part.TASKS,
            "From the promise to the beginning of the first attempt.",
            (_QUEUE,),
            _WAIT_SECONDS,
        ),
        Metric(
            "wheelyard_publish_duration_seconds",
            Kind.HISTOGRAM,
            Part.TASKS,
            "From the row of a received file to the page that shows it.",
            buckets=_WAIT_SECONDS,
        ),
        Metric(
            "wheelyard_task_redeliveries_total",
            Kind.COUNTER,
            Part.TASKS,
            "Attempts after the first.",
            (_TASK,),
        ),
        Metric(
            "wheelyard_task_quarantined_total",
            Kind.COUNTER,
            Part.TASKS,
            "Messages set aside; a person must look.",
            (_TASK,),
        ),
        Metric(
            "wheelyard_worker_heartbeat_timestamp_seconds",
            Kind.GAUGE,
            Part.TASKS,
            "When the event loop of a worker that consumes the queue last turned, "
            "or last tried to reach the broker.",
            (_QUEUE,),
        ),
        Metric(
            "wheelyard_beat_last_tick_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When the scheduler last went through its jobs.",
        ),
        Metric(
            "wheelyard_scheduled_job_last_success_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When the job last succeeded; not there before its first time.",
            (Label("job_name"),),
        ),
        Metric(
            "wheelyard_scheduled_job_interval_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How often the job is due.",
            (Label("job_name"),),
        ),
        Metric(
            "wheelyard_scheduled_job_duration_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How long the job took at its last try; not there before its first.",
            (Label("job_name"),),
        ),
        Metric(
            "wheelyard_reconcile_objects",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Blobs about which database and object store disagree (`wheelyard-admin reconcile "
            "--show`): the database knows what the store has not, or has otherwise, or the store "
            "has what belongs to nothing.",
            (Label("state", ("missing", "orphan", "corrupt")),),
        ),
        Metric(
            "wheelyard_reconcile_verified_objects",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Blobs in the object store when all were last counted.",
        ),
        Metric(
            "wheelyard_reconcile_last_success_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When database and object store were last held against each other; not there before "
            "the first time.",
        ),
        Metric(
            "wheelyard_gc_candidates",
            Kind.GAUGE,
            Part.SCHEDULER,
            "Blobs that may be thrown away now: their grace is over.",
        ),
        Metric(
            "wheelyard_gc_deleted_objects_total",
            Kind.COUNTER,
            Part.TASKS,
            "Blobs thrown away: of deleted files, and such as belonged to nothing.",
        ),
        Metric("wheelyard_gc_reclaimed_bytes_total", Kind.COUNTER, Part.TASKS, "Their sizes."),
        Metric(
            "wheelyard_backup_last_success_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When the database and the bucket were last backed up (`wheelyard-admin backup`); not "
            "there before the first time.",
            (_TARGET,),
        ),
        Metric(
            "wheelyard_backup_last_duration_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How long that took.",
            (_TARGET,),
        ),
        Metric(
            "wheelyard_backup_last_size_bytes",
            Kind.GAUGE,
            Part.SCHEDULER,
            "How large it is.",
            (_TARGET,),
        ),
        Metric(
            "wheelyard_restore_drill_last_success_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When a restore was last tried (`wheelyard-admin backup note restore-drill`).",
        ),
        Metric(
            "wheelyard_synthetic_last_success_timestamp_seconds",
            Kind.GAUGE,
            Part.SCHEDULER,
            "When the robot last published, installed and deleted (`wheelyard-admin smoke "
            "--robot`); before its first success, when it first tried; not there where none runs.",
        ),
        Metric(
            "wheelyard_read_only",
            Kind.GAUGE,
            Part.DATABASE,
            "1 where nothing may change (`wheelyard-admin maintenance`); missing, and not 0, while "
            "the database is away.",
            (_SERVICE,),
        ),
        Metric(
            "wheelyard_uploads_disabled",
            Kind.GAUGE,
            Part.DATABASE,
            "1 where no file is taken, be it for this alone or because nothing may change.",
            (_SERVICE,),
        ),
        Metric(
            "wheelyard_schema_compatible",
            Kind.GAUGE,
            Part.DATABASE,
            "1 where code and schema fit, 0 where they do not; not there before the first look.",
            (_SERVICE,),
        ),
    )
}
