"""A new registry: its schema, its bucket, its first accounts, and the file with their secrets."""

from pathlib import Path

import click

from wheelyard_api.admin.edge import opened, read
from wheelyard_api.admin.waiting import WAIT, patiently
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.adapters.db.schema import Fit
from wheelyard_core.adapters.secret_file import write_secret
from wheelyard_core.bootstrap import make_database
from wheelyard_core.usecases.first_run import FirstRun, first_run

_FILE = click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    help="Where the credentials are; WHEELYARD_CREDENTIALS_FILE by default.",
)


@click.command()
@WAIT
def migrate(seconds: float) -> None:
    """Migrate the database's schema to this release; safe to run several times at once."""
    database = make_database(read().database, "migrate", lambda _promised: None)
    try:
        fit = patiently(seconds, database.migrate)
    finally:
        database.close()
    if fit is Fit.LATER:
        click.echo("The schema is a later release's, on which this one runs; it stays as it is.")
    else:
        click.echo("The schema is up to date.")


@click.command("make-bucket")
@WAIT
def make_bucket(seconds: float) -> None:
    """Create the object store's bucket if it is missing; for a first start."""
    blobs = read().blobs
    if not isinstance(blobs, S3Settings):
        click.echo("Files are kept in a folder; there is no bucket to make.")
        return
    store = S3BlobStore(blobs)
    try:
        patiently(seconds, store.create_bucket)
    finally:
        store.close()
    click.echo(f"The bucket {blobs.bucket} is there.")


@click.command()
@_FILE
def bootstrap(credentials_file: Path | None) -> None:
    """Create an administrator, demo/first and its token in a registry that is new."""
    with opened() as registry:
        file = _chosen(credentials_file, registry.settings.credentials_file)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

        def keep(created: FirstRun) -> None:
            write_secret(file, created.as_file(registry.settings.http.public_url))

        if first_run(registry.database, registry.peppers(), keep, registry.reach):
            click.echo(f"Created demo/first; its credentials are in {file}.")
        else:
            click.echo("The registry is not new; nothing was changed.")


@click.command()
@_FILE
def credentials(credentials_file: Path | None) -> None:
    """Print the credentials that the first start left."""
    file = _chosen(credentials_file, read().credentials_file)
    try:
        click.echo(file.read_text(encoding="utf-8"), nl=False)
    except FileNotFoundError:
        raise click.ClickException(
            f"There is no {file}: the first start has left nothing here."
        ) from None


def _chosen(given: Path | None, configured: Path | None) -> Path:
    file = given or configured
    if file is None:
        raise click.UsageError("Give --credentials-file, or set WHEELYARD_CREDENTIALS_FILE.")
    return file
