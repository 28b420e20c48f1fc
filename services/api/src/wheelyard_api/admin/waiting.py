"""Waiting, for so long and no longer, for what others bring up: servers, and the schema."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Final, TypeVar

import click

from wheelyard_api.admin.edge import read, reason
from wheelyard_core.adapters.db.schema import Fit
from wheelyard_core.bootstrap import make_database
from wheelyard_core.ports import DatabaseUnavailable, StorageUnavailable

T = TypeVar("T")

WAIT: Final = click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0, max=86_400),
    default=0,
    help="How many seconds to wait for a server that does not answer.",
)
_EVERY: Final = 1.0


def patiently(seconds: float, act: Callable[[], T]) -> T:
    """Return what *act* returns; while a server is away, try again for *seconds*."""
    until = monotonic() + seconds
    told = ""
    while True:
        try:
            return act()
        except (DatabaseUnavailable, StorageUnavailable) as outage:
            if monotonic() >= until:
                raise
            why = reason(outage)
            text = (
                f"Waiting, for {outage}" if why in str(outage) else f"Waiting, for {outage}: {why}"
            )
        if text != told:
            click.echo(text, err=True)
            told = text
        sleep(min(_EVERY, max(0.0, until - monotonic())))


@click.command("wait-for-schema")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, max=86_400),
    default=300,
    show_default=True,
    help="How long to wait.",
)
def wait_for_schema(seconds: float) -> None:
    """Wait until the database has the schema of this release or a later one; else end with 1."""
    database = make_database(read().database, "wait-for-schema", lambda _promised: None)

    def look() -> None:
        if database.require_fit() is Fit.BEHIND:
            raise DatabaseUnavailable("it is older than this release")

    try:
        patiently(seconds, look)
    except DatabaseUnavailable as error:
        raise click.ClickException(
            f"After {seconds:.0f} seconds the database's schema is not that of this release: "
            f"{reason(error)}."
        ) from error
    finally:
        database.close()
    click.echo("The schema fits this release.")
