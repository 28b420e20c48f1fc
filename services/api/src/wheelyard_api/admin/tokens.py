"""`wheelyard-admin token`: personal access tokens, and the end of any token."""

from typing import Final

import click

from wheelyard_api.admin.arguments import Text
from wheelyard_api.admin.edge import opened, table
from wheelyard_api.admin.users import account
from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.administration import Stretch, TokenDetails, TokenFilter
from wheelyard_core.domain.audit import ADMIN_COMMAND, Action
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.texts import parse_filled
from wheelyard_core.domain.tokens import TokenKind, parse_expiry
from wheelyard_core.usecases.administer_tokens import issue_as, record_token
from wheelyard_core.usecases.issue_token import Grant

_MOST: Final = 10_000
_SCOPES: Final = (Scope.API.value, Scope.READ_API.value)


@click.group()
def token() -> None:
    """Create, list and revoke tokens."""


@token.command()
@click.argument("username", type=Text())
@click.option(
    "--name", type=Text(), default="wheelyard-admin", show_default=True, help="What it is for."
)
@click.option("--scope", "scopes", type=click.Choice(_SCOPES), multiple=True, default=["api"])
@click.option("--expires-at", help="A date like 2027-01-31, or a time with its zone.")
def create(username: str, name: str, scopes: tuple[str, ...], expires_at: str | None) -> None:
    """Create a personal access token, and print it this once."""
    with opened() as registry, registry.database.begin() as uow:
        grant = Grant(
            TokenKind.PERSONAL,
            parse_filled(name, "name"),
            frozenset(Scope(scope) for scope in scopes),
            user_id=account(uow, username).id,
            expires_at=parse_expiry(expires_at, registry.now()),
        )
        issued = issue_as(uow, ADMIN_COMMAND, grant, registry.peppers())
        uow.commit()
    # On its own on the standard output, so that a script can take it.
    click.echo(f"Created token {issued.token.id} of {username}; it is shown only now:", err=True)
    click.echo(issued.secret)


@token.command("list")
@click.option("--user", "username", type=Text(), help="Only those of one account.")
@click.option("--all", "everything", is_flag=True, help="Include expired and revoked ones.")
def list_(username: str | None, *, everything: bool) -> None:
    """List tokens; nobody has their secrets."""
    with opened() as registry, registry.database.snapshot() as uow:
        now = registry.now()
        wanted = TokenFilter(
            kinds=tuple(TokenKind),
            user_id=None if username is None else account(uow, username).id,
            is_active=None if everything else True,
        )
        found = uow.token_admin.listed(wanted, Stretch(_MOST), now)
        owners = {one.user_id for one in found.items if one.user_id is not None}
        accounts = {number: uow.users.get(number) for number in owners}
    names = {number: one.username for number, one in accounts.items() if one is not None}
    rows = [
        (
            one.id,
            one.kind.value,
            one.name,
            _belongs_to(one, names),
            ",".join(one.scopes),
            one.expires_at,
            one.last_used_at,
            one.pepper,
            "active" if one.is_active(now) else "revoked" if one.revoked_at else "expired",
        )
        for one in found.items
    ]
    heads = ["ID", "KIND", "NAME", "BELONGS TO", "SCOPES", "EXPIRES", "LAST USED"]
    click.echo(table([*heads, "PEPPER", "STATE"], rows))


@token.command()
@click.argument("token_id", type=click.IntRange(1, 10**18))
def revoke(token_id: int) -> None:
    """Revoke a token, at once and everywhere."""
    with opened() as registry, registry.database.begin() as uow:
        found = uow.token_admin.get(token_id)
        if found is None:
            raise NotFound(f"There is no token {token_id}")
        uow.token_admin.revoke(token_id)
        record_token(uow, Action.TOKEN_REVOKED, ADMIN_COMMAND, found)
        uow.access_changed()
        uow.commit()
    click.echo(f"Revoked token {token_id}.")


def _belongs_to(one: TokenDetails, names: dict[int, str]) -> str:
    places = []
    if one.user_id is not None:
        places.append(names.get(one.user_id, "an account that is gone"))
    if one.project_id is not None:
        places.append(f"project {one.project_id}")
    if one.group_id is not None:
        places.append(f"group {one.group_id}")
    return ", ".join(places)
