"""The transaction in which a request to the administration is decided, and who makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from flask import Response, jsonify

from wheelyard_api.rest.params import Params
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.texts import LONGEST_REASON
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.authenticate import note_use
from wheelyard_core.usecases.page_changes import PageChange, await_page
from wheelyard_web.identity import identify, registry
from wheelyard_web.watching import request_id

# All is done by then; this bounds only the wait for the page to show it.
_PAGE_SECONDS: Final = 5.0


@contextmanager
def acting(*, writes: bool) -> Iterator[Acting]:
    """Yield the actor of this request in a transaction, a snapshot unless it *writes*.

    The actor is looked up in the transaction that acts: a token that was revoked a moment ago
    changes nothing.
    """
    here = registry()
    with here.database.begin(request_id()) if writes else here.database.snapshot() as uow:
        who = identify(uow)
        yield Acting(uow, who.actor, here.now())
    note_use(here.database, who.token, here.now())


def peppers() -> Peppers:
    """Return the keys of the tokens' digests."""
    return registry().peppers()


def reason_given() -> str | None:
    """Read why something is done, from the body or the query."""
    return (Params.of_request().text("reason", LONGEST_REASON) or "").strip() or None


def await_change(change: PageChange) -> None:
    """Wait until pages show a change: whoever reads after this answer finds it."""
    here = registry()
    await_page(here.database, here.verdicts, change, _PAGE_SECONDS)


def created(shown: object) -> Response:
    """Return the answer to what was created."""
    response = jsonify(shown)
    response.status_code = HTTPStatus.CREATED
    return response


def secret_shown(shown: dict[str, object], secret: str, *, status: HTTPStatus) -> Response:
    """Return the only answer that ever has the secret; nobody may keep it on the way."""
    response = jsonify(shown | {"token": secret})
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def nothing() -> Response:
    """Return the answer to what was deleted."""
    return Response(status=HTTPStatus.NO_CONTENT)


def accepted() -> Response:
    """Return GitLab's answer to the deletion of a group or project, which we did at once."""
    response = jsonify({"message": "202 Accepted"})
    response.status_code = HTTPStatus.ACCEPTED
    return response
