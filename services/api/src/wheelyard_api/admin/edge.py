"""What all commands share: the settings, the registry, and that failures are sentences."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import click

from wheelyard_core.adapters.db.schema import Fit
from wheelyard_core.bootstrap import Registry, crash_point_from, make_registry
from wheelyard_core.domain.errors import RegistryError
from wheelyard_core.operation import settings_of
from wheelyard_core.ports import (
    CacheUnavailable,
    Conflict,
    DatabaseRefused,
    DatabaseUnavailable,
    SchemaTooLate,
    StorageUnavailable,
)
from wheelyard_core.settings import Settings

_ENDINGS: Final = (
    *(DatabaseUnavailable, StorageUnavailable, CacheUnavailable),
    *(DatabaseRefused, SchemaTooLate),
)


class Admin(click.Group):
    """The command: whatever goes wrong in it comes out as one sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            result: object = super().invoke(ctx)
        except (RegistryError, *_ENDINGS, OSError) as error:
            raise click.ClickException(_sentence(error)) from error
        except Conflict as error:
            raise click.ClickException("Somebody else changed it just now; try again.") from error
        return result


def read() -> Settings:
    """Return the settings of the environment; end the program with 2 where they are wrong."""
    return settings_of(os.environ)  # noqa: TID251  this is the entry point


def made(settings: Settings) -> Registry:
    """Return the registry, which has connected to nothing yet."""
    try:
        reach = crash_point_from(os.environ)  # noqa: TID251  this is the entry point
        return make_registry(settings, "admin", reach)
    except ValueError as error:
        raise click.ClickException(f"The settings cannot be used: {error}") from error


@contextmanager
def opened() -> Iterator[Registry]:
    """Open the registry, whose schema must fit this release; close it in the end."""
    registry = made(read())
    try:
        if registry.database.require_fit() is Fit.BEHIND:
            raise click.ClickException(
                "The database's schema is not that of this release: run `wheelyard-admin migrate`."
            )
        yield registry
    finally:
        registry.close()


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows in columns that are as wide as their longest cell."""
    lines = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def reason(error: BaseException) -> str:
    """Return the driver's own words; SQLAlchemy's around them have an address of its manual."""
    cause = error.__cause__ or error
    words = getattr(cause, "orig", None) or cause
    # Where the server itself answered: not the statement that it quotes.
    said = getattr(getattr(words, "diag", None), "message_primary", None)
    return " ".join(str(said or words).split())


def _cell(value: object) -> str:
    match value:
        case None | "" | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case _:
            return " ".join(str(value).split())


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}."
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
