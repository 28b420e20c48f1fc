"""`wheelyard-admin outbox`: promised work, and what was set aside because it failed too often."""

import json
from typing import Final

import click

from wheelyard_api.admin.edge import opened, table
from wheelyard_core.usecases import set_aside

_SHOWN: Final = 80
_NUMBER: Final = click.argument("message_id", type=click.IntRange(1, 10**18))


@click.group()
def outbox() -> None:
    """Show work that waits or was set aside; replay or discard the latter."""


@outbox.command("list")
def list_() -> None:
    """Count what waits, and list what was set aside."""
    with opened() as registry, registry.database.snapshot() as uow:
        waiting, aside = uow.outbox_admin.count_waiting(), uow.outbox_admin.list_set_aside()
    click.echo(f"waiting    {waiting}\nset aside  {len(aside)}")
    if aside:
        rows = [
            (one.message_id, one.task.value, one.attempts, one.last_error[:_SHOWN]) for one in aside
        ]
        click.echo(f"\n{table(['ID', 'TASK', 'ATTEMPTS', 'LAST ERROR'], rows)}")


@outbox.command()
@_NUMBER
def show(message_id: int) -> None:
    """Show all about a message that was set aside."""
    with opened() as registry, registry.database.snapshot() as uow:
        message = set_aside.find_set_aside(uow, message_id)
    click.echo(
        f"message     {message.message_id}\n"
        f"task        {message.task.value}\n"
        f"attempts    {message.attempts}\n"
        f"arguments   {json.dumps(dict(message.arguments))}\n"
        f"last error  {message.last_error}"
    )


@outbox.command()
@click.argument("message_id", type=click.IntRange(1, 10**18), required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that was set aside.")
def replay(message_id: int | None, *, everything: bool) -> None:
    """Try a message again that was set aside, as if for the first time."""
    if (message_id is None) != everything:
        raise click.UsageError("Give the number of a message, or --all.")
    with opened() as registry:
        numbers = [message_id] if message_id is not None else []
        if everything:
            with registry.database.snapshot() as uow:
                numbers = [one.message_id for one in uow.outbox_admin.list_set_aside()]
        for number in numbers:
            set_aside.replay(registry.database, number)
    click.echo(f"Offered {len(numbers)} {'message' if len(numbers) == 1 else 'messages'} again.")


@outbox.command()
@_NUMBER
@click.confirmation_option(prompt="What it promised will never be done. Go on?")
def discard(message_id: int) -> None:
    """Forget a message; a file it should have verified gives its name back."""
    with opened() as registry:
        set_aside.discard(registry.database, message_id)
    click.echo(f"Discarded message {message_id}.")
