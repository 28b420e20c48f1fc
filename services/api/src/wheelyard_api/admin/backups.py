"""`wheelyard-admin backup` and `restore`: what a backup needs beside the database's own tools.

docs/OPERATIONS.md has the order; `make restore-drill` runs it.
"""

from pathlib import Path
from typing import Final

import click

from wheelyard_api.admin.arguments import LARGEST
from wheelyard_api.admin.edge import opened, table
from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.cache.redis import forget_pages
from wheelyard_core.domain.operating import Target
from wheelyard_core.usecases import back_up
from wheelyard_core.usecases.back_up import Copied

_FOLDER: Final = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
# A restore out of a folder that is not there would be one of nothing, and well.
_OLD_FOLDER: Final = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
_SIZE: Final = click.IntRange(0, LARGEST)


@click.group()
def backup() -> None:
    """Back up: `begin`, then the database by its own tools, then `bucket`."""


@backup.command()
def begin() -> None:
    """Pause garbage collection until the backup has ended."""
    with opened() as registry:
        back_up.begin_backup(registry.database)
    click.echo("Garbage collection is paused. Dump the database, note it, and copy the bucket.")


@backup.command()
@click.argument("target", type=click.Choice([target.value for target in Target]))
@click.option("--seconds", type=click.FloatRange(0), default=0.0, help="How long it took.")
@click.option("--bytes", "size", type=_SIZE, default=0, help="How large it is.")
def note(target: str, seconds: float, size: int) -> None:
    """Record for the metrics that a part of a backup, or a drill, succeeded."""
    with opened() as registry:
        back_up.note_backup(registry.database, Target(target), seconds, size)
    click.echo(f"Noted {target}.")


@backup.command()
@_FOLDER
def bucket(folder: Path) -> None:
    """Copy all blobs into a folder; what is there already is not copied again."""
    with opened() as registry:
        copy = DirectoryBlobStore(DirectoryBlobSettings(folder))
        _tell(back_up.back_up_bucket(registry.database, registry.blobs, copy))


@backup.command()
def show() -> None:
    """Show what was backed up last."""
    with opened() as registry, registry.database.snapshot() as uow:
        rows = [
            (one.target.value, one.succeeded_at, one.seconds, one.size)
            for one in uow.backups.listed()
        ]
    click.echo(table(["TARGET", "LAST", "SECONDS", "BYTES"], rows))


@click.group()
def restore() -> None:
    """Restore: the database by its own tools, then `begin`, then `bucket`."""


@restore.command("begin")
def begin_restored() -> None:
    """Begin anew with a restored database: read-only, and without outdated pages."""
    with opened() as registry:
        epoch = back_up.begin_after_restore(registry.database)
        forgotten = forget_pages(registry.settings.cache)
    click.echo(f"Epoch {epoch} begins, read-only; {forgotten} pages were forgotten.")


@restore.command("bucket")
@_OLD_FOLDER
def bucket_restored(folder: Path) -> None:
    """Copy every blob of a folder into the object store that it lacks."""
    with opened() as registry:
        copy = DirectoryBlobStore(DirectoryBlobSettings(folder))
        _tell(back_up.copy_blobs(copy, registry.blobs))


def _tell(copied: Copied) -> None:
    click.echo(f"{copied.objects} blobs, {copied.size} bytes; {copied.new} were copied now.")
