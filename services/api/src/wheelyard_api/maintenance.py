"""Modes: while nothing may change, every address that changes something says so.

The database is asked at each change, in which it takes part anyway: a mode holds everywhere with
the commit that set it, and there is no cache to be wrong (docs/decisions/0030-modes.md).
"""

from typing import Final

from flask import Flask, g, request

from wheelyard_core.domain.access import Actor
from wheelyard_core.ports import UnitOfWork
from wheelyard_web.identity import registry

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_UPLOAD: Final = "uploads.upload"
# Setting the mode, and beginning or ending a session, which is in a cookie alone.
_ALWAYS: Final = frozenset({"modes.set_mode", "people.sign_in", "people.sign_out"})


def enable(app: Flask) -> None:
    """Have *app* refuse what the mode does not allow."""
    app.before_request(refuse_changes)


def refuse_changes() -> None:
    """Raise ReadOnly for a request that may change nothing, before anything of it is read."""
    endpoint = request.endpoint
    if request.method in _READS or endpoint is None or endpoint in _ALWAYS:
        return
    with registry().database.snapshot() as uow:
        g.operation = uow.operating.now()
    g.operation.require_changes()
    if endpoint == _UPLOAD:
        g.operation.require_uploads()


def still_taken(uow: UnitOfWork, actor: Actor) -> Actor:
    """Return the actor of an upload; raise ReadOnly if uploads were disabled since it began."""
    uow.operating.now().require_uploads()
    return actor
