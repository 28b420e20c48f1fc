"""`wheelyard-admin maintenance`: what may change while the registry runs."""

import click

from wheelyard_api.admin.arguments import Text
from wheelyard_api.admin.edge import opened
from wheelyard_core.domain.audit import ADMIN_COMMAND
from wheelyard_core.domain.operating import Mode
from wheelyard_core.domain.texts import LONGEST_REASON
from wheelyard_core.usecases.set_mode import set_mode


@click.group()
def maintenance() -> None:
    """Make the registry read-only, disable uploads, or open it again, on all replicas at once."""


@maintenance.command()
def show() -> None:
    """Show what may change."""
    with opened() as registry, registry.database.snapshot() as uow:
        now = uow.operating.now()
    changed = "-" if now.changed_at is None else now.changed_at.strftime("%Y-%m-%d %H:%M")
    click.echo(
        f"mode            {now.mode.value}\n"
        f"reason          {now.reason or '-'}\n"
        f"since           {changed}\n"
        f"database epoch  {now.epoch}"
    )


@maintenance.command("set")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@click.option("--reason", type=Text(LONGEST_REASON), help="What people are told.")
def set_(mode: str, reason: str | None) -> None:
    """Set what may change: everything (open), everything but files, or nothing."""
    with opened() as registry, registry.database.begin() as uow:
        now = set_mode(uow, ADMIN_COMMAND, Mode(mode), (reason or "").strip() or None)
    click.echo(now.notice or "Everything may change.")
