"""Entry point: `wheelyard-admin`."""

import os
import sys
from pathlib import Path

import click

from wheelyard_core.bootstrap import make_database
from wheelyard_core.settings import Settings, SettingsError, read_settings
from wheelyard_core.usecases.first_run import first_run


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Administer a Wheelyard."""
    try:
        context.obj = read_settings(os.environ)  # noqa: TID251  this is the entry point
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database's schema to this release; safe to run by many at once."""
    database = make_database(settings.database, "migrate", lambda _promised: None)
    database.migrate()
    click.echo("The schema is up to date.")


@main.command()
@click.option("--credentials-file", type=click.Path(path_type=Path), required=True)
@click.pass_obj
def bootstrap(settings: Settings, credentials_file: Path) -> None:
    """Create an administrator, demo/first and its token in a registry that is new."""
    database = make_database(settings.database, "bootstrap", lambda _promised: None)
    created = first_run(database, settings.pepper)
    if created is None:
        click.echo("The registry is not new; nothing was changed.")
        return
    credentials_file.touch(mode=0o600)
    credentials_file.write_text(created.as_file(settings.http.public_url), encoding="utf-8")
    click.echo(f"Created demo/first; its credentials are in {credentials_file}.")


if __name__ == "__main__":
    main()
