"""Every setting, section by section: its name, its form, its default and what it is for.

The services build the frozen groups from a mapping; only their entry points read the environment. A
secret may be given as a file (`…_FILE`), which is how orchestrators mount them. All problems are
reported at once. docs/SETTINGS.md is tested against the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.adapters.cache.redis import CacheSettings
from wheelyard_core.adapters.queue import BrokerSettings
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.settings import (
    attesting,
    blobs,
    database,
    http,
    limits,
    oidc,
    redis,
    service,
    tracing,
)
from wheelyard_core.settings.blobs import read_blobs
from wheelyard_core.settings.database import DatabaseSettings
from wheelyard_core.settings.forms import parse_size
from wheelyard_core.settings.http import HttpSettings
from wheelyard_core.settings.limits import LimitSettings
from wheelyard_core.settings.oidc import OidcSettings
from wheelyard_core.settings.redis import read_broker, read_cache
from wheelyard_core.settings.setting import Setting, SettingsError, Source
from wheelyard_core.settings.tracing import TracingSettings

__all__ = [
    "SETTINGS",
    "DatabaseSettings",
    "HttpSettings",
    "LimitSettings",
    "OidcSettings",
    "Settings",
    "SettingsError",
    "TracingSettings",
    "parse_size",
    "read_settings",
]

SETTINGS: Final[dict[str, Setting[object]]] = {
    setting.name: setting
    for section in (database, blobs, redis, limits, http, oidc, attesting, service, tracing)
    for setting in vars(section).values()
    if isinstance(setting, Setting)
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a service may need; each takes what it uses."""

    database: DatabaseSettings
    blobs: DirectoryBlobSettings | S3Settings
    broker: BrokerSettings
    cache: CacheSettings
    limits: LimitSettings
    http: HttpSettings
    oidc: OidcSettings
    tracing: TracingSettings
    trusted_root: Path | None
    peppers: Peppers
    pepper_file: Path | None
    log_format: str
    log_level: str
    credentials_file: Path | None
    revision: str
    worker_concurrency: int
    worker_queues: frozenset[str]
    drain_seconds: int
    sweep_seconds: float
    audit_days: int
    gc_grace_hours: int
    reconcile_hours: int
    reread_days: int


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Build all settings. Raises SettingsError with every problem."""
    source = Source(environment)
    settings = Settings(
        database=DatabaseSettings.read(source),
        blobs=read_blobs(source),
        broker=read_broker(source),
        cache=read_cache(source),
        limits=LimitSettings.read(source),
        http=HttpSettings.read(source),
        oidc=OidcSettings.read(source),
        tracing=TracingSettings.read(source),
        trusted_root=source.read(attesting.TRUSTED_ROOT),
        peppers=source.read(service.TOKEN_PEPPER),
        pepper_file=source.file_of(service.TOKEN_PEPPER),
        log_format=source.read(service.LOG_FORMAT),
        log_level=source.read(service.LOG_LEVEL),
        credentials_file=source.read(service.CREDENTIALS_FILE),
        revision=source.read(service.REVISION),
        worker_concurrency=source.read(service.WORKER_CONCURRENCY),
        worker_queues=source.read(service.WORKER_QUEUES),
        drain_seconds=source.read(service.DRAIN_SECONDS),
        sweep_seconds=source.read(service.SWEEP_SECONDS),
        audit_days=source.read(service.AUDIT_DAYS),
        gc_grace_hours=source.read(service.GC_GRACE_HOURS),
        reconcile_hours=source.read(service.RECONCILE_HOURS),
        reread_days=source.read(service.REREAD_DAYS),
    )
    source.finish()
    return settings
