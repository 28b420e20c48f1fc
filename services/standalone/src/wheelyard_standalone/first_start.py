"""What comes before the services: the database, and at the first start somebody who may publish."""

import os
import re
from pathlib import Path

import click

from wheelyard_core.adapters.secret_file import write_secret
from wheelyard_core.bootstrap import crash_point_from, make_database
from wheelyard_core.ports import DatabaseRefused, DatabaseUnavailable, SchemaTooLate
from wheelyard_core.settings import Settings, SettingsError, read_settings
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.first_run import FirstRun, Keep, first_run


def main(data: Path, url: str) -> None:
    """Migrate, and write or correct the credentials file. Raises ClickException."""
    environment = os.environ  # noqa: TID251  this is the entry point
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    credentials = data / "credentials.env"

    def keep(created: FirstRun) -> None:
        write_secret(credentials, created.as_file(url))

    reach = crash_point_from(environment)
    if not _prepare(settings, data / "wheelyard.db", keep, reach) and credentials.exists():
        # The port may be another one than at the last start.
        known = credentials.read_text(encoding="utf-8")
        write_secret(credentials, re.sub(r"(?m)^WHEELYARD_URL=.*$", f"WHEELYARD_URL={url}", known))


def _prepare(settings: Settings, file: Path, keep: Keep, reach: CrashPoint) -> bool:
    """Return whether the registry is new."""
    if file.exists() and file.stat().st_size and not _is_database(file):
        raise click.ClickException(f"The database {file} cannot be used: it is no SQLite database.")
    database = make_database(settings.database, "standalone", lambda _promised: None)
    try:
        database.migrate()
        return first_run(database, settings.peppers, keep, reach)
    except (DatabaseUnavailable, DatabaseRefused, SchemaTooLate) as error:
        raise click.ClickException(f"The database {file} cannot be used: {error}") from error
    finally:
        database.close()


def _is_database(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(16) == b"SQLite format 3\0"
