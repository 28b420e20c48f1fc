"""How much of anything is taken."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wheelyard_core.settings.forms import (
    parse_bool,
    parse_bound,
    parse_count,
    parse_path,
    parse_seconds,
    parse_size,
)
from wheelyard_core.settings.setting import Setting, Source

_MAX_FILE_SIZE: Final = Setting(
    "WHEELYARD_MAX_FILE_SIZE", parse_size, "2GiB", "The largest file taken."
)
_MAX_FORM_SIZE: Final = Setting(
    "WHEELYARD_MAX_FORM_SIZE",
    parse_size,
    "16MiB",
    "The largest size of an upload's fields, without the file.",
)
_MAX_FORM_FIELDS: Final = Setting(
    "WHEELYARD_MAX_FORM_FIELDS", parse_count, "2000", "The most fields of an upload."
)
_UPLOAD_SECONDS: Final = Setting(
    "WHEELYARD_UPLOAD_SECONDS",
    parse_seconds,
    "3600",
    "How long an upload may take from its first to its last byte.",
)
_VERDICT_SECONDS: Final = Setting(
    "WHEELYARD_VERDICT_SECONDS",
    parse_seconds,
    "8",
    "How long an upload waits for its verdict after its last byte; then it is answered 202. hatch"
    " gives up after 10.",
)
_FAILURES_PER_MINUTE: Final = Setting(
    "WHEELYARD_FAILURES_PER_MINUTE",
    parse_bound,
    "6000",
    "How many requests with invalid credentials are checked a minute from one client address; more"
    " are answered 429. 0 means no limit.",
)
_MINTS_PER_MINUTE: Final = Setting(
    "WHEELYARD_MINTS_PER_MINUTE",
    parse_bound,
    "300",
    "How many ID tokens of one issuer are checked a minute from one client address; more are"
    " answered 429. 0 means no limit.",
)
_BURN_FILENAMES: Final = Setting(
    "WHEELYARD_BURN_FILENAMES",
    parse_bool,
    "false",
    "Whether the name of a deleted file stays taken, in every project.",
)
_SPOOL_DIRECTORY: Final = Setting(
    "WHEELYARD_SPOOL_DIRECTORY",
    parse_path,
    "",
    "Where files are kept while they are received or verified.",
)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How much of anything is taken. Sizes in bytes, times in seconds."""

    file_size: int
    form_size: int
    form_fields: int
    upload_seconds: float
    verdict_seconds: float
    failures_per_minute: int
    mints_per_minute: int
    burn_filenames: bool
    spool: Path | None

    @classmethod
    def read(cls, source: Source) -> "LimitSettings":
        """Build from a source."""
        return cls(
            file_size=source.read(_MAX_FILE_SIZE),
            form_size=source.read(_MAX_FORM_SIZE),
            form_fields=source.read(_MAX_FORM_FIELDS),
            upload_seconds=source.read(_UPLOAD_SECONDS),
            verdict_seconds=source.read(_VERDICT_SECONDS),
            failures_per_minute=source.read(_FAILURES_PER_MINUTE),
            mints_per_minute=source.read(_MINTS_PER_MINUTE),
            burn_filenames=source.read(_BURN_FILENAMES),
            spool=source.read(_SPOOL_DIRECTORY),
        )
