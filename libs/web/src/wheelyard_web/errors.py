"""The only place where a refusal becomes HTTP."""

import json
from http import HTTPStatus
from typing import Final
from uuid import uuid4

import structlog
from flask import Flask, Request, Response, render_template_string, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from wheelyard_core.domain import errors
from wheelyard_core.ports import Conflict, DatabaseUnavailable, StorageUnavailable
from wheelyard_web.attempts import require_few_failures
from wheelyard_web.watching import request_id

log = structlog.get_logger()

STATUS_OF: Final[dict[type[errors.RegistryError], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.BAD_REQUEST,
    errors.InvalidName: HTTPStatus.BAD_REQUEST,
    errors.InvalidVersion: HTTPStatus.BAD_REQUEST,
    errors.InvalidFilename: HTTPStatus.BAD_REQUEST,
    errors.InvalidDigest: HTTPStatus.BAD_REQUEST,
    errors.InvalidAttestations: HTTPStatus.BAD_REQUEST,
    errors.InvalidDistribution: HTTPStatus.BAD_REQUEST,
    errors.AlreadyTaken: HTTPStatus.BAD_REQUEST,
    errors.FileAlreadyExists: HTTPStatus.BAD_REQUEST,
    errors.ReleaseClosed: HTTPStatus.BAD_REQUEST,
    errors.Broken: HTTPStatus.BAD_REQUEST,
    errors.AuthenticationRequired: HTTPStatus.UNAUTHORIZED,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Duplicate: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.RuleExists: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.NotMinted: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ReadOnly: HTTPStatus.SERVICE_UNAVAILABLE,
}
REALM: Final = 'Basic realm="Wheelyard"'
RETRY_AFTER: Final = "5"
AWAY: Final = "A service that the registry needs is away; try again in a moment"
# Of what the framework refuses before anything of ours is asked.
_SENTENCES: Final = {
    HTTPStatus.BAD_REQUEST: "The request is broken, or ended in its middle: send it again",
    HTTPStatus.NOT_FOUND: "There is nothing at this address: see /api/v4/openapi.json",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than this address takes",
}
# Some clients read a status line into a fixed buffer; the body has everything.
_LONGEST_REASON: Final = 600
_PAGE: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{{ status.value }} {{ status.phrase }}"
    "</title><h1>{{ status.value }} {{ status.phrase }}</h1><p>{{ sentence }}</p></html>"
)


def register_error_handlers(app: Flask) -> None:
    """Translate refusals, outages and bugs, each once."""

    @app.errorhandler(errors.RegistryError)
    def refuse(error: errors.RegistryError) -> Response:
        error = rather(error)
        problems = error.problems if isinstance(error, errors.InvalidDistribution) else ()
        response = answer(status_of(error), str(error), problems)
        return with_wait(response, error)

    @app.errorhandler(DatabaseUnavailable)
    @app.errorhandler(StorageUnavailable)
    def out_of_order(error: Exception) -> Response:
        log.warning("outage", error=str(error))
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, AWAY)

    @app.errorhandler(Conflict)
    def outrun(_error: Conflict) -> Response:
        return answer(HTTPStatus.CONFLICT, "Another change was first; look again")

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        response = answer(status, _said_of(error, status))
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        number = request_id() or str(uuid4())
        log.error("bug", exc_info=error, request_id=number)
        return answer(
            HTTPStatus.INTERNAL_SERVER_ERROR, f"Something is wrong here; request {number}"
        )


def rather(error: errors.RegistryError) -> errors.RegistryError:
    """Return the refusal to answer with: who has failed too often is told to wait."""
    if isinstance(error, errors.AuthenticationRequired):
        try:
            require_few_failures()
        except errors.TooManyAttempts as limited:
            return limited
    return error


def with_wait(response: Response, error: errors.RegistryError) -> Response:
    """Say in the answer to *error* how long to wait, where that is what it asks for."""
    if isinstance(error, errors.TooManyAttempts):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _said_of(error: HTTPException, status: HTTPStatus) -> str:
    """Return our sentence in place of the framework's, which speak to people at a browser."""
    if isinstance(error, MethodNotAllowed):
        return f"This address takes {' and '.join(sorted(error.valid_methods or ()))} only"
    return _SENTENCES.get(status) or error.description or status.phrase


def status_of(error: errors.RegistryError) -> HTTPStatus:
    """Return the status that a refusal is answered with."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def answer(status: HTTPStatus, sentence: str, problems: tuple[str, ...] = ()) -> Response:
    """Return the error answer: JSON, or a page for a browser, with the sentence as the reason.

    twine, pdm and hatch show nothing but the reason phrase; uv shows `code`, and only when the
    type is exactly `application/json`.
    """
    if prefers_page(request):
        response = Response(render_template_string(_PAGE, status=status, sentence=sentence))
        response.content_type = "text/html; charset=utf-8"
    else:
        response = Response(error_body(status, sentence, problems))
        response.headers["Content-Type"] = "application/json"
    response.status = f"{status.value} {reason_of(sentence)}"
    # What is refused now may be right in a moment: uv would remember a 404 and not ask again.
    response.headers["Cache-Control"] = "no-store"
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = REALM
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def error_body(status: HTTPStatus, sentence: str, problems: tuple[str, ...] = ()) -> bytes:
    """Return the JSON of a refusal."""
    body: dict[str, object] = {
        "message": f"{status.value} {status.phrase} - {sentence}",
        "code": f"{status.value} {sentence}",
        "title": status.phrase,
    }
    if problems:
        body["errors"] = list(problems)
    return json.dumps(body).encode()


def prefers_page(asked: Request) -> bool:
    """Tell a browser, which names text/html, from a client that takes anything."""
    best = max(asked.accept_mimetypes, key=lambda pair: pair[1], default=None)
    return best is not None and best[0] == "text/html" and best[1] > 0


def reason_of(sentence: str) -> str:
    """Return a sentence as a status line can have it."""
    line = " ".join(sentence.split()).replace("…", "...")
    # A server refuses to send a status line with control characters in it, even to say no to them.
    line = "".join(char if char.isprintable() else "?" for char in line)
    if len(line) > _LONGEST_REASON:
        line = line[: _LONGEST_REASON - 3] + "..."
    return line.encode("latin-1", "replace").decode("latin-1")
