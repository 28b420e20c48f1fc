"""`wheelyard-admin user`: accounts."""

from typing import Final

import click

from wheelyard_api.admin.arguments import Text
from wheelyard_api.admin.edge import opened, table
from wheelyard_core.domain.administration import Stretch, User, UserChanges, UserFilter
from wheelyard_core.domain.audit import ADMIN_COMMAND, Action
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.places import parse_email, parse_path
from wheelyard_core.domain.texts import parse_filled
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.administer_users import apply_changes, record_account

_MOST: Final = 10_000
_NAME: Final = click.argument("username", type=Text())


@click.group()
def user() -> None:
    """Create, list, block and promote accounts."""


@user.command()
@_NAME
@click.option("--name", type=Text(), help="The full name; the user name by default.")
@click.option("--email", type=Text())
@click.option("--admin", is_flag=True, help="Make it an administrator.")
def create(username: str, name: str | None, email: str | None, *, admin: bool) -> None:
    """Create an account. It has no password: give it a token."""
    parse_path(username, "username", at_top=True)
    shown = parse_filled(name, "name") if name else username
    with opened() as registry, registry.database.begin() as uow:
        created = uow.accounts.add_user(username, shown, is_admin=admin)
        changes = UserChanges(email=parse_email(email) if email else None)
        user = uow.users.change(created, changes)
        record_account(uow, ADMIN_COMMAND, Action.USER_CREATED, user, is_admin=admin)
        uow.commit()
    click.echo(f"Created the account {username}, number {created}.")


@user.command("list")
@click.option("--search", type=Text(), help="A part of a name, a user name or an email address.")
def list_(search: str | None) -> None:
    """List accounts."""
    with opened() as registry, registry.database.snapshot() as uow:
        found = uow.users.listed(UserFilter(search=search), Stretch(_MOST))
    rows = [
        (one.id, one.username, one.name, one.email, _kind(one), one.created_at)
        for one in found.items
    ]
    click.echo(table(["ID", "USERNAME", "NAME", "EMAIL", "STATE", "CREATED"], rows))


@user.command()
@_NAME
def block(username: str) -> None:
    """Refuse all tokens of an account, at once and everywhere."""
    _change(username, UserChanges(is_blocked=True))
    click.echo(f"Blocked {username}; none of its tokens works.")


@user.command()
@_NAME
def unblock(username: str) -> None:
    """Unblock an account; its tokens work again."""
    _change(username, UserChanges(is_blocked=False))
    click.echo(f"Unblocked {username}; its tokens work again.")


@user.command("make-admin")
@_NAME
@click.option("--undo", is_flag=True, help="Make it an ordinary account.")
def make_admin(username: str, *, undo: bool) -> None:
    """Make an account an administrator, who may do everything."""
    _change(username, UserChanges(is_admin=not undo))
    click.echo(f"{username} is {'no longer' if undo else 'now'} an administrator.")


def account(uow: UnitOfWork, username: str) -> User:
    """Return the account of this user name. Raises NotFound."""
    found = uow.users.named(username)
    if found is None:
        raise NotFound(f"There is no account {username}")
    return found


def _change(username: str, changes: UserChanges) -> None:
    with opened() as registry, registry.database.begin() as uow:
        apply_changes(uow, ADMIN_COMMAND, account(uow, username), changes)
        uow.access_changed()
        uow.commit()


def _kind(one: User) -> str:
    words = (
        (one.is_blocked, "blocked"),
        (one.is_admin, "administrator"),
        (one.is_bot, "bot"),
    )
    return ", ".join(word for true, word in words if true) or "active"
