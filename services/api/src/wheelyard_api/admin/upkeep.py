"""`wheelyard-admin reconcile`, `gc` and `repair`: the database and the object store, by hand."""

import sys
from pathlib import Path
from typing import Final

import click

from wheelyard_api.admin.edge import opened, table
from wheelyard_core.domain.upkeep import Finding
from wheelyard_core.usecases.mend import Mender
from wheelyard_core.usecases.reconcile import Progress

_MOST: Final = 1_000
_TOLD: Final = 64
_SERIOUS: Final = (Finding.MISSING, Finding.CORRUPT)


@click.command()
@click.option("--show", is_flag=True, help="Only show what the last run found.")
@click.option("--read-all", is_flag=True, help="Read every file again, not only today's share.")
def reconcile(*, show: bool, read_all: bool) -> None:
    """Compare the object store with the database; ends with 1 if a blob is missing or corrupt."""
    with opened() as registry:
        if not show:
            done = registry.reconciler().run(_tell, read_all=read_all)
            click.echo(f"Counted {done.objects} blobs, read {done.read} files again.", err=True)
        with registry.database.snapshot() as uow:
            counts = uow.reconciling.counts()
            found = uow.reconciling.findings(None, _MOST)
    click.echo("\n".join(f"{state.value:8} {count}" for state, count in counts.items()))
    if found:
        rows = [(one.state.value, one.file_id, one.found_at, one.blob_key) for one in found]
        click.echo(f"\n{table(['STATE', 'FILE', 'SINCE', 'BLOB'], rows)}")
    sys.exit(1 if any(counts[state] for state in _SERIOUS) else 0)


@click.command()
@click.option("--dry-run", is_flag=True, help="Delete nothing; show what would be deleted.")
@click.option("--beyond-limit", is_flag=True, help="Even if that is more than 2 % of all files.")
def gc(*, dry_run: bool, beyond_limit: bool) -> None:
    """Delete the bytes of deleted files and blobs that belong to nothing, after the grace."""
    with opened() as registry:
        done = registry.collector().run(dry=dry_run, beyond_limit=beyond_limit)
    figures = {"candidates": done.candidates, "thrown away": done.objects, "bytes": done.size}
    click.echo("\n".join(f"{name:11} {figure}" for name, figure in figures.items()))
    if done.brake is not None:
        raise click.ClickException(f"Nothing was thrown away. {done.brake}")


@click.command()
@click.argument(
    "copies",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def repair(copies: tuple[Path, ...]) -> None:
    """Restore missing or corrupt blobs from a backup's files; ends with 1 if none fits."""
    mended = 0
    with opened() as registry:
        mender = Mender(registry.database, registry.blobs, registry.reconciler().read)
        for copy in copies:
            for key in mender(copy):
                click.echo(f"{copy} is {key} again.")
                mended += 1
    if not mended:
        raise click.ClickException(
            "Nothing was mended: nothing that was found missing or corrupt has these bytes. "
            "`wheelyard-admin reconcile --read-all` looks again."
        )


def _tell(progress: Progress) -> None:
    if progress.shard % _TOLD == 0 and not progress.read:
        click.echo(f"{progress.objects} blobs so far", err=True)
