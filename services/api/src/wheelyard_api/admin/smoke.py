"""`wheelyard-admin smoke`: publish, find, install and delete a tiny wheel, as a client does.

Safe where people work: it has a private project and an account of its own, a version that no other
run has, and a token that is revoked in the end and works for an hour at the most.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final, TypeVar

import click

from wheelyard_api.admin.edge import opened
from wheelyard_api.admin.smoke_client import Refused, SmokeClient
from wheelyard_api.admin.smoke_wheel import BrokenWheel, TinyWheel
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.domain.audit import ADMIN_COMMAND, Action
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.administer_tokens import issue_as, record_token
from wheelyard_core.usecases.issue_token import Grant

T = TypeVar("T")

_GROUP: Final = "wheelyard-smoke"
_BOT: Final = "wheelyard-smoke-bot"
_LIFE: Final = timedelta(hours=1)
_EVERY: Final = 0.5


@click.command()
@click.option("--url", help="Where the registry is reached; its public address unless given.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3600),
    default=120,
    show_default=True,
    help="How long all of it may take.",
)
def smoke(url: str | None, seconds: float) -> None:
    """Publish a tiny wheel, wait for its page, install it by its digest, and delete it."""
    until = monotonic() + seconds
    with opened() as registry, _token(registry) as (project, token):
        http = registry.settings.http
        client = SmokeClient(url or http.public_url, http.base_path, project, token)
        wheel = TinyWheel(f"1.{secrets.randbelow(10**12)}")
        try:
            _publish_and_install(client, wheel, until)
            _step("deletes", lambda: client.delete(wheel))
        except (Refused, BrokenWheel, TimeoutError) as problem:
            raise click.ClickException(str(problem)) from problem
        finally:
            _leave_nothing(client, wheel)
    click.echo("The registry publishes, lists, serves and deletes.")


def _publish_and_install(client: SmokeClient, wheel: TinyWheel, until: float) -> None:
    # 503 is an answer to wait after, and the same bytes again are no second publication.
    _step("publishes", lambda: _until(until, lambda: _uploaded(client, wheel, until)))
    address, sha256 = _step("lists", lambda: _until(until, lambda: client.digest_on_page(wheel)))
    content = _step("serves", lambda: client.download(address))
    with tempfile.TemporaryDirectory() as folder:
        _step("installs", lambda: wheel.install(content, sha256, Path(folder)))


def _uploaded(client: SmokeClient, wheel: TinyWheel, until: float) -> bool:
    try:
        client.upload(wheel)
    except Refused as refused:
        if ": 503 " not in str(refused) or monotonic() >= until:
            raise
        return False
    return True


def _until(until: float, look: Callable[[], T | None]) -> T:
    """Return what *look* finds, within the time."""
    while not (found := look()):
        if monotonic() >= until:
            raise TimeoutError("The time is over, and the file is not there yet.")
        sleep(_EVERY)
    return found


def _step(words: str, act: Callable[[], T]) -> T:
    began = monotonic()
    try:
        done = act()
    except OSError as error:
        raise Refused(f"It no longer {words}: {error}") from error
    click.echo(f"{words:<10} {monotonic() - began:6.2f} s")
    return done


def _leave_nothing(client: SmokeClient, wheel: TinyWheel) -> None:
    """Delete what a run that failed has published; a run that went well has done so."""
    try:
        client.delete(wheel)
    except (Refused, OSError, ValueError):
        click.echo(f"{wheel.filename} may be left in {_GROUP}/check.", err=True)


@contextmanager
def _token(registry: Registry) -> Iterator[tuple[int, str]]:
    """Give the number of the project, and a token of the account that may publish there."""
    with registry.database.begin() as uow:
        project, bot = _place(uow)
        grant = Grant(
            TokenKind.PERSONAL,
            "smoke",
            frozenset({Scope.API}),
            user_id=bot,
            expires_at=registry.now() + _LIFE,
        )
        issued = issue_as(uow, ADMIN_COMMAND, grant, registry.peppers())
        uow.commit()
    try:
        yield project, issued.secret
    finally:
        with registry.database.begin() as uow:
            uow.token_admin.revoke(issued.token.id)
            record_token(uow, Action.TOKEN_REVOKED, ADMIN_COMMAND, issued.token)
            uow.access_changed()
            uow.commit()


def _place(uow: UnitOfWork) -> tuple[int, int]:
    """Return the project and the account of the smoke test; the first run makes them."""
    project, bot = uow.projects.find(f"{_GROUP}/check"), uow.users.named(_BOT)
    if project is not None and bot is not None:
        return project.id, bot.id
    group = uow.accounts.add_group(_GROUP, "Smoke test")
    made = uow.accounts.add_project("check", "check", group)
    account = uow.accounts.add_user(_BOT, "Smoke test", is_bot=True)
    uow.accounts.add_member(account, Role.MAINTAINER, project_id=made)
    return made, account
