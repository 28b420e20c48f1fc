"""What a service is told beside where things are."""

from typing import Final

from wheelyard_core.adapters.queue import QUEUE_OF
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.settings.forms import (
    names_of,
    one_of,
    parse_count,
    parse_days,
    parse_number,
    parse_path,
    parse_seconds,
)
from wheelyard_core.settings.setting import Setting


def _peppers(text: str) -> Peppers:
    # That nothing is given is reported as for every setting without a default.
    return Peppers.parse(text) if text else Peppers(())


def _revision(text: str) -> str:
    # An image that was built without naming a commit has it empty.
    return text.strip() or "unknown"


TOKEN_PEPPER: Final = Setting(
    "WHEELYARD_TOKEN_PEPPER",
    _peppers,
    None,
    "The keys of the tokens' digests and of sessions, one a line, the newest first: 32 random bytes"
    " in hex each. A file is read again when it changes.",
    secret=True,
)
LOG_FORMAT: Final = Setting(
    "WHEELYARD_LOG_FORMAT",
    one_of("json", "console", "auto"),
    "auto",
    "`json`, `console`, or `auto`: readable on a terminal, JSON elsewhere.",
)
LOG_LEVEL: Final = Setting(
    "WHEELYARD_LOG_LEVEL",
    one_of("debug", "info", "warning", "error"),
    "info",
    "The lowest level that is logged.",
)
CREDENTIALS_FILE: Final = Setting(
    "WHEELYARD_CREDENTIALS_FILE",
    parse_path,
    "",
    "Where `wheelyard-admin bootstrap` leaves the first credentials, for `credentials` to print.",
)
REVISION: Final = Setting(
    "WHEELYARD_REVISION",
    _revision,
    "unknown",
    "The commit that the program was built from, for the metrics; an image sets it itself.",
)
WORKER_CONCURRENCY: Final = Setting(
    "WHEELYARD_WORKER_CONCURRENCY", parse_count, "2", "Tasks that a worker does at a time."
)
WORKER_QUEUES: Final = Setting(
    "WHEELYARD_WORKER_QUEUES",
    names_of(*QUEUE_OF.values()),
    "",
    "The queues that a worker takes work from, separated by commas; by default all that its program"
    " knows.",
)
DRAIN_SECONDS: Final = Setting(
    "WHEELYARD_DRAIN_SECONDS",
    parse_count,
    "6",
    "How long a request of the api or a task may go on after its process was told to stop.",
)
SWEEP_SECONDS: Final = Setting(
    "WHEELYARD_SWEEP_SECONDS",
    parse_seconds,
    "3",
    "How often the scheduler looks for work that was lost.",
)
GC_GRACE_HOURS: Final = Setting(
    "WHEELYARD_GC_GRACE_HOURS",
    parse_number,
    "72",
    "How many hours the bytes of deleted files are kept, and blobs that belong to nothing: longer"
    " than a backup and the longest upload take.",
)
RECONCILE_HOURS: Final = Setting(
    "WHEELYARD_RECONCILE_HOURS",
    parse_count,
    "24",
    "Every how many hours the object store is compared with the database.",
)
REREAD_DAYS: Final = Setting(
    "WHEELYARD_REREAD_DAYS",
    parse_days,
    "30",
    "Within how many days every stored file is read again, and its digest compared.",
)
AUDIT_DAYS: Final = Setting(
    "WHEELYARD_AUDIT_DAYS", parse_days, "730", "How many days audit events are kept."
)
