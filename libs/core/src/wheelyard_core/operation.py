"""What every entry point sets up beside its service: settings, logs, metrics and health."""

import os
import sys
from collections.abc import Callable, Collection, Mapping, MutableMapping
from functools import partial
from typing import Final
from urllib.parse import unquote, urlsplit

from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.adapters.db.schema import Fit
from wheelyard_core.adapters.db.watching import pool_state
from wheelyard_core.adapters.redis_probe import eviction_policy
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.operating import Mode
from wheelyard_core.observability.endpoint import Check, Checks, Endpoint, Sick
from wheelyard_core.observability.logging import LogSettings, configure_logging
from wheelyard_core.observability.looking import Look
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.observability.redaction import Redact, make_redact
from wheelyard_core.ports import (
    CacheUnavailable,
    DatabaseUnavailable,
    SchemaTooLate,
    StorageUnavailable,
)
from wheelyard_core.settings import Settings, SettingsError, read_settings

_SCHEMA_SECONDS: Final = 30.0
# What may change is looked up this often, however often it is scraped.
_REMEMBERED_SECONDS: Final = 5.0
# What a registry needs, as `/healthz` names it.
CHECKED: Final = ("database", "broker", "cache", "object store")


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Read a service's settings; end the process with 2 and every problem if they are wrong."""
    try:
        return read_settings(environment)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def secrets_of(settings: Settings) -> set[str]:
    """Return every secret in the settings, for the logs to leave out."""
    found = {pepper.key.decode() for pepper in settings.peppers.ring}
    found.add(settings.database.password)
    addresses = (settings.database.url, settings.broker.url, settings.cache.url)
    for url in (*addresses, settings.tracing.endpoint):
        password = urlsplit(url).password or ""
        found |= {password, unquote(password)}
    if isinstance(settings.blobs, S3Settings):
        found |= {settings.blobs.access_key, settings.blobs.secret_key}
    return found - {""}


def start_logging(settings: Settings, service: str) -> Redact:
    """Have this process log as the settings say; return what takes secrets out of a text."""
    secrets = secrets_of(settings)
    configure_logging(LogSettings(service, settings.log_format, settings.log_level, secrets))
    return make_redact(secrets)


def health_checks(registry: Registry) -> Checks:
    """Return what `/healthz` looks at."""

    def database() -> str:
        try:
            fit = registry.database.require_fit()
        except DatabaseUnavailable as error:
            raise Sick("The database does not answer.") from error
        except SchemaTooLate as error:
            raise Sick(f"{error}.") from error
        if fit is Fit.BEHIND:
            raise Sick("The database's schema is not that of this release: migrate.")
        return "The database answers, and its schema fits this release."

    def blobs() -> str:
        try:
            registry.blobs.check()
        except StorageUnavailable as error:
            raise Sick(f"The object store takes no files: {error}") from error
        return "The object store takes files."

    settings = registry.settings
    broker = partial(_redis, "broker's Redis", settings.broker.url)
    cache = partial(_redis, "cache's Redis", settings.cache.url)
    return dict(zip(CHECKED, (database, broker, cache, blobs), strict=True))


def passing_health_checks(make: Callable[[], Registry]) -> Checks:
    """Return checks that keep no connection: for a process that forks others later."""

    def passing(name: str) -> Check:
        def look() -> str:
            registry = make()
            try:
                return health_checks(registry)[name]()
            finally:
                registry.close()

        return look

    return {name: passing(name) for name in CHECKED}


def open_endpoint(settings: Settings) -> Endpoint:
    """Listen where metrics are shown, or end the process with a sentence."""
    try:
        return Endpoint(settings.http.metrics_listen)
    except OSError as error:
        host, port = settings.http.metrics_listen
        raise SystemExit(f"WHEELYARD_METRICS_LISTEN: {host}:{port}: {error.strerror}") from error


def _redis(what: str, url: str) -> str:
    try:
        policy = eviction_policy(url)
    except CacheUnavailable as error:
        raise Sick(f"The {what} does not answer: {error}") from error
    return f"The {what} answers; its maxmemory-policy is {policy}."


def watch_database(metrics: Metrics, registry: Registry) -> None:
    """Show the pool, and whether code and schema fit."""
    service = metrics.service
    _watch_mode(metrics, registry)
    fits = Look(registry.database.is_compatible, keep=_SCHEMA_SECONDS)
    metrics.observed.add("wheelyard_schema_compatible", lambda: {(service,): float(fits())})
    metrics.observed.add(
        "wheelyard_db_pool_connections",
        lambda: {
            (service, state): float(count)
            for state, count in pool_state(registry.database.engine).items()
        },
    )


def _watch_mode(metrics: Metrics, registry: Registry) -> None:
    """Show what may change, as this process finds it in the database."""

    def look() -> Mode:
        with registry.database.snapshot() as uow:
            return uow.operating.now().mode

    mode, service = Look(look, keep=_REMEMBERED_SECONDS), metrics.service
    names = {
        "wheelyard_read_only": {Mode.READ_ONLY},
        "wheelyard_uploads_disabled": {Mode.READ_ONLY, Mode.UPLOADS_DISABLED},
    }
    for name, modes in names.items():
        metrics.observed.add(name, _whether(mode, modes, service))


def _whether(
    mode: Look[Mode], modes: Collection[Mode], service: str
) -> Callable[[], Mapping[tuple[str, ...], float]]:
    return lambda: {(service,): float(mode() in modes)}


def process_environment() -> MutableMapping[str, str]:
    """Return the environment, where prometheus_client looks for its folder."""
    return os.environ  # noqa: TID251  the library takes no argument for it
