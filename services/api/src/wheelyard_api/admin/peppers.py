"""`wheelyard-admin peppers`: when an older one may go."""

from collections.abc import Sequence

import click

from wheelyard_api.admin.edge import opened, table
from wheelyard_core.domain.administration import PepperUse
from wheelyard_core.domain.peppers import Peppers


@click.command()
def peppers() -> None:
    """Count the valid tokens that need each pepper; the peppers are not shown."""
    with opened() as registry, registry.database.snapshot() as uow:
        ring = registry.peppers()
        uses = {use.pepper: use for use in uow.token_admin.by_pepper(registry.now())}
    places = _places(ring)
    for name in uses.keys() - places.keys():
        places[name] = "not noted" if name is None else "gone"
    none = PepperUse(None, 0, None)
    shown = [(name, place, uses.get(name, none)) for name, place in places.items()]
    rows = [(name, place, use.tokens, use.last_used_at) for name, place, use in shown]
    click.echo(table(["PEPPER", "STATE", "TOKENS", "LAST USED"], rows))
    for sentence in _sentences(ring, {place: use.tokens for _, place, use in shown}):
        click.echo(sentence)


def _places(ring: Peppers) -> dict[str | None, str]:
    places: dict[str | None, str] = {pepper.name: "older" for pepper in ring.ring}
    places[ring.ring[0].name] = "new"
    return places | {ring.current.name: "current"}


def _sentences(ring: Peppers, tokens: dict[str, int]) -> Sequence[str]:
    needing = tokens.get("older", 0) + tokens.get("not noted", 0)
    said = []
    if tokens.get("gone"):
        said.append(f"Tokens that cannot be used, for their pepper is gone: {tokens['gone']}.")
    if len(ring.ring) == 1:
        return said
    if not ring.settled:
        said.append("The new pepper is accepted, and signs once every replica must have it.")
    elif needing:
        said.append(
            f"Tokens that were not used since the newest pepper came: {needing}. They end when the"
            " older go; wheelyard-admin token list names them."
        )
    else:
        said.append(
            "No token that works needs an older pepper. They may go twelve hours after the newest"
            " came, when the last session that they signed has ended."
        )
    return said
