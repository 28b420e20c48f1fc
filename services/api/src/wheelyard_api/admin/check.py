"""`wheelyard-admin check`: one line for each thing that a registry needs."""

import os
import sys
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Final

import click

from wheelyard_api.admin.edge import made, reason, table
from wheelyard_core.adapters.db.schema import Fit
from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys
from wheelyard_core.adapters.redis_probe import KEEPS_ALL, eviction_policy
from wheelyard_core.bootstrap import Registry
from wheelyard_core.ports import (
    CacheUnavailable,
    DatabaseUnavailable,
    IssuerUnavailable,
    SchemaTooLate,
    StorageUnavailable,
    TrustRootUnavailable,
)
from wheelyard_core.settings import SettingsError, read_settings

# Longer than any of the time-outs below, which then say what they waited for.
_SECONDS: Final = 15.0


class NotWell(Exception):
    """What is wrong with something, as a sentence."""


@click.command()
def check() -> None:
    """Check everything that the registry needs; ends with 1 if something is missing."""
    try:
        settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    except SettingsError as error:
        click.echo(table(["settings", "FAILED", " ".join(error.problems)], []))
        sys.exit(1)
    registry = made(settings)
    lines = [("settings", "ok", "complete and well formed")]
    lines += [_line(name, partial(look, registry)) for name, look in _LOOKS.items()]
    registry.close()
    click.echo(table(lines[0], lines[1:]))
    sys.exit(0 if all(state == "ok" for _, state, _ in lines) else 1)


def _line(name: str, look: Callable[[], str]) -> tuple[str, str, str]:
    """Look in a thread that the program does not wait for: a frozen server must not freeze it."""
    found: list[tuple[str, str]] = []

    def run() -> None:
        try:
            found.append(("ok", look()))
        except NotWell as problem:
            found.append(("FAILED", str(problem)))
        except Exception as error:  # noqa: BLE001  whatever a look ends with is its result
            found.append(("FAILED", f"{type(error).__name__}: {error}"))

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    state, text = found[0] if found else ("FAILED", f"No answer within {_SECONDS:.0f} seconds.")
    return name, state, text


def _database(registry: Registry) -> str:
    try:
        registry.database.check()
    except DatabaseUnavailable as error:
        raise NotWell(f"The database does not answer: {reason(error)}") from error
    return "answers"


def _schema(registry: Registry) -> str:
    try:
        fit = registry.database.require_fit()
    except SchemaTooLate as error:
        raise NotWell(f"{error}.") from error
    except DatabaseUnavailable as error:
        raise NotWell("Not known, for the database does not answer.") from error
    if fit is Fit.BEHIND:
        raise NotWell("It is not that of this release: run `wheelyard-admin migrate`.")
    return "fits this release"


def _broker(registry: Registry) -> str:
    try:
        policy = eviction_policy(registry.settings.broker.url)
    except CacheUnavailable as error:
        raise NotWell(f"The broker's Redis does not answer: {error}") from error
    if policy != KEEPS_ALL:
        raise NotWell(
            f"Its maxmemory-policy is {policy}, so it may lose messages: set it to {KEEPS_ALL}."
        )
    return f"answers; {policy}"


def _cache(registry: Registry) -> str:
    try:
        policy = eviction_policy(registry.settings.cache.url)
    except CacheUnavailable as error:
        raise NotWell(f"The cache's Redis does not answer: {error}") from error
    return f"answers; {policy}"


def _store(registry: Registry) -> str:
    try:
        registry.blobs.check()
    except StorageUnavailable as error:
        raise NotWell(f"The object store takes no files: {error}") from error
    return "takes files"


def _issuers(registry: Registry) -> str:
    oidc = registry.settings.oidc
    try:
        HttpIssuerKeys(oidc.issuers, oidc.ca_file, proxy=oidc.proxy).check()
    except IssuerUnavailable as error:
        raise NotWell(f"Nobody can publish by it: {error}") from error
    return ", ".join(issuer.url for issuer in oidc.issuers) or "none is configured"


def _trust_root(registry: Registry) -> str:
    try:
        registry.signatures.check()
    except TrustRootUnavailable as error:
        raise NotWell(f"Attestations cannot be verified: {error}") from error
    return str(registry.settings.trusted_root or "Sigstore's public one, as it was released")


def _collector(registry: Registry) -> str:
    endpoint = registry.settings.tracing.endpoint
    if not endpoint:
        return "none is configured"
    # 0.3 s, for those who trace.
    from wheelyard_core.adapters.tracing.otlp import takes_spans  # noqa: PLC0415

    if not takes_spans(endpoint):
        raise NotWell("The collector takes no traces; everything else goes on.")
    return "takes traces"


_LOOKS: Final[dict[str, Callable[[Registry], str]]] = {
    "database": _database,
    "schema": _schema,
    "broker": _broker,
    "cache": _cache,
    "object store": _store,
    "issuers": _issuers,
    "trust root": _trust_root,
    "collector": _collector,
}
