"""Entry point: `wheelyard-admin`."""

import os
import sys
from pathlib import Path

import click

from wheelyard_core.adapters.blobs.s3 import S3BlobStore, S3Settings
from wheelyard_core.bootstrap import make_database
from wheelyard_core.ports import StorageUnavailable
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


@main.command("make-bucket")
@click.pass_obj
def make_bucket(settings: Settings) -> None:
    """Make the object store's bucket unless it is there; for a first start."""
    if not isinstance(settings.blobs, S3Settings):
        click.echo("Files are kept in a folder; there is no bucket to make.")
        return
    store = S3BlobStore(settings.blobs)
    try:
        store.create_bucket()
    except StorageUnavailable as outage:
        raise click.ClickException(str(outage)) from outage
    finally:
        store.close()
    click.echo(f"The bucket {settings.blobs.bucket} is there.")


@main.command()
@click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    help="Where to leave the credentials; WHEELYARD_CREDENTIALS_FILE where this is not given.",
)
@click.pass_obj
def bootstrap(settings: Settings, credentials_file: Path | None) -> None:
    """Create an administrator, demo/first and its token in a registry that is new."""
    file = credentials_file or _credentials_file(settings)
    # Before anything is created: its secrets are shown here and nowhere else.
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    database = make_database(settings.database, "bootstrap", lambda _promised: None)
    created = first_run(database, settings.pepper)
    if created is None:
        click.echo("The registry is not new; nothing was changed.")
        return
    file.chmod(0o600)
    file.write_text(created.as_file(settings.http.public_url), encoding="utf-8")
    click.echo(f"Created demo/first; its credentials are in {file}.")


@main.command()
@click.pass_obj
def credentials(settings: Settings) -> None:
    """Print the credentials that the first start left."""
    file = _credentials_file(settings)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    if not text:
        raise click.ClickException(f"{file} is empty: the first start has left nothing here.")
    click.echo(text, nl=False)


def _credentials_file(settings: Settings) -> Path:
    if settings.credentials_file is None:
        raise click.UsageError("WHEELYARD_CREDENTIALS_FILE is not set.")
    return settings.credentials_file


if __name__ == "__main__":
    main()
