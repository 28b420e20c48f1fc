"""`wheelyard-admin smoke`: publish, find, install and delete a tiny wheel, as a client does.

Safe where people work: it has private projects and an account of its own, a version that no other
run has, and a token that is revoked in the end and works for an hour at the most.
"""

import secrets
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Final, TypeVar

import click

from wheelyard_api.admin.arguments import Address
from wheelyard_api.admin.edge import opened
from wheelyard_api.admin.smoke_client import Refused, SmokeClient
from wheelyard_api.admin.smoke_place import GROUP, drop_old_place, smoke_token
from wheelyard_api.admin.smoke_wheel import BrokenWheel, TinyWheel
from wheelyard_core.bootstrap import Registry
from wheelyard_core.usecases.robot import forget_robot, note_failure, note_success

T = TypeVar("T")

# Each publishes into a project of its own, so that a helm test and the robot never meet.
_CHECK, _ROBOT = "check", "robot"
_EVERY: Final = 0.5
# Nothing answers at the address, or something else that speaks no HTTP or no JSON.
_NO_REGISTRY: Final = (OSError, HTTPException, ValueError)


@click.command()
@click.option(
    "--url",
    type=Address(),
    help="The address of the registry; its public one by default.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3600),
    default=120,
    show_default=True,
    help="How long all of it may take.",
)
@click.option("--robot", is_flag=True, help="Record the result for the metrics.")
@click.option("--forget", is_flag=True, help="Remove a robot that is turned off from the metrics.")
def smoke(url: str | None, seconds: float, *, robot: bool, forget: bool) -> None:
    """Publish a tiny wheel, wait for its page, install it by its digest, and delete it."""
    with opened() as registry:
        if forget:
            forget_robot(registry.database)
        elif robot:
            _be_robot(registry, url, seconds)
        else:
            _run(registry, _CHECK, url, seconds)


def _be_robot(registry: Registry, url: str | None, seconds: float) -> None:
    began = monotonic()
    with registry.database.snapshot() as uow:
        notice = uow.operating.now().notice
    if notice is not None:
        # People decided so, and whoever forgets that they did is told by an alert of its own.
        click.echo(f"Nothing was tried. {notice}")
        note_success(registry.database, 0)
        return
    try:
        drop_old_place(registry, _ROBOT, registry.now())
        _run(registry, _ROBOT, url, seconds)
    except click.ClickException as failure:
        note_failure(registry.database, failure.message, registry.now())
        raise
    note_success(registry.database, monotonic() - began)


def _run(registry: Registry, name: str, url: str | None, seconds: float) -> None:
    until = monotonic() + seconds
    with smoke_token(registry, name) as (project, token):
        http = registry.settings.http
        client = SmokeClient(url or http.public_url, http.base_path, project, token)
        wheel = TinyWheel(f"1.{secrets.randbelow(10**12)}")
        try:
            _publish_and_install(client, wheel, until)
            _step("deletes", lambda: client.delete(wheel))
        except (Refused, BrokenWheel, TimeoutError) as problem:
            raise click.ClickException(str(problem)) from problem
        finally:
            _leave_nothing(client, wheel, name)
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
        if refused.status != HTTPStatus.SERVICE_UNAVAILABLE or monotonic() >= until:
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
    except _NO_REGISTRY as error:
        raise Refused(f"It no longer {words}: {error}") from error
    click.echo(f"{words:<10} {monotonic() - began:6.2f} s")
    return done


def _leave_nothing(client: SmokeClient, wheel: TinyWheel, name: str) -> None:
    """Delete what a run that failed has published; a run that went well has done so."""
    try:
        client.delete(wheel)
    except (Refused, *_NO_REGISTRY):
        click.echo(f"{wheel.filename} may be left in {GROUP}/{name}.", err=True)
