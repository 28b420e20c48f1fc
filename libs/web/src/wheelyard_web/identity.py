"""Who makes the request at hand."""

from contextlib import suppress

from flask import g, request

from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import Actor, Permission
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.credentials import Credentials, read_credentials
from wheelyard_core.ports import Conflict, DatabaseUnavailable, UnitOfWork
from wheelyard_core.usecases.authenticate import Authenticated, authenticate, note_use
from wheelyard_core.usecases.authorise import authorised_project
from wheelyard_web.parts import part


def registry() -> Registry:
    """Return what `create_app` was given."""
    return part(Registry)


def credentials() -> Credentials | None:
    """Return what the request's headers say."""
    return read_credentials(request.headers.get)


def identify(uow: UnitOfWork) -> Authenticated:
    """Return the actor of this request, looked up in *uow*."""
    here = registry()
    given = credentials()
    # A long upload is asked again at its end: its token may be revoked meanwhile, but not expire.
    began = g.setdefault("began", here.now())
    who = authenticate(uow, given, here.peppers(), began)
    is_first = "actor" not in g
    g.actor = who.actor
    if given is not None and is_first:
        result = "failure" if who.token is None else "success"
        here.metrics.count("wheelyard_auth_attempts_total", "token", result)
    return who


def allowed_project(reference: str, permission: Permission) -> tuple[Project, Authenticated]:
    """Return the project and the actor, or raise the ladder's refusal."""
    here = registry()
    with here.database.snapshot() as uow:
        who = identify(uow)
        project = authorised_project(uow, who.actor, reference, permission, here.now())
    note_use(here.database, who.token, here.now())
    return project, who


def note_reader(who: Authenticated) -> None:
    """Note the use of the token that somebody reads with, unless that cannot be noted now.

    Reading goes on while the database is read-only, or too busy to note who reads.
    """
    here = registry()
    with suppress(DatabaseUnavailable, Conflict):
        note_use(here.database, who.token, here.now())


def confirm(uow: UnitOfWork, reference: str, permission: Permission) -> Actor:
    """Raise unless the actor may still do it: a token may be revoked during a long request."""
    who = identify(uow)
    authorised_project(uow, who.actor, reference, permission, registry().now())
    return who.actor
