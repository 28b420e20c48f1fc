"""The pages for people: read, look, show."""

from http import HTTPStatus
from typing import Final

import structlog
from flask import Blueprint, Response, g, request
from flask.blueprints import BlueprintSetupState
from jinja2 import StrictUndefined

from wheelyard_api.people import session, wording
from wheelyard_api.people.addresses import PlaceConverter
from wheelyard_api.people.assets import Assets
from wheelyard_api.people.headers import protect
from wheelyard_api.people.origin import require_same_origin
from wheelyard_api.people.places import look, look_at_uploads, look_home
from wheelyard_api.people.readme import Readmes
from wheelyard_api.people.shown import Shown, answer, here, links_here
from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.errors import AuthenticationRequired, RegistryError
from wheelyard_core.ports import DatabaseUnavailable
from wheelyard_core.usecases import browse
from wheelyard_web import errors
from wheelyard_web.attempts import require_few_failures
from wheelyard_web.parts import equip, part

log = structlog.get_logger()

blueprint = Blueprint("people", __name__, template_folder="templates")

# A token has some fifty characters.
_MOST: Final = 16 << 10


@blueprint.record_once
def prepare(state: BlueprintSetupState) -> None:
    """Give the application what the pages need, before they have their addresses."""
    app = state.app
    app.url_map.converters["place"] = PlaceConverter
    equip(app, Assets(), Readmes())
    app.jinja_env.undefined = StrictUndefined
    for make in (wording.size, wording.day, wording.minute, wording.iso, wording.link):
        app.add_template_filter(make)


blueprint.after_request(protect)


@blueprint.after_request
def forget_ended_session(response: Response) -> Response:
    """Have the browser forget a session that no longer works."""
    if session.has_ended():
        session.end(response)
    return response


@blueprint.get("/", provide_automatic_options=False)
def home() -> Response:
    """Show the projects that the visitor sees."""
    with session.looking() as visitor:
        shown = look_home(visitor)
    return answer(shown)


@blueprint.get("/<place:path>", provide_automatic_options=False)
def place(path: str) -> Response:
    """Show a group, a project, or a package of one."""
    with session.looking() as visitor:
        shown = look(visitor, path)
    return answer(shown)


@blueprint.get("/<place:path>/-/packages/<number:number>", provide_automatic_options=False)
def release(path: str, number: int) -> Response:
    """Lead from the address that GitLab's API gives of a release to its page."""
    with session.looking() as visitor:
        found = browse.release(visitor, path, number)
    address = links_here().package(found.project_path, found.normalized, found.version)
    return _go_to(address)


@blueprint.get("/<place:path>/-/uploads", provide_automatic_options=False)
def uploads(path: str) -> Response:
    """Show the uploads to a project that were refused or wait for their verdict."""
    with session.looking() as visitor:
        shown = look_at_uploads(visitor, path)
    return answer(shown)


@blueprint.get("/_/sign-in", provide_automatic_options=False)
def sign_in_page() -> Response:
    """Show the form to sign in with."""
    with session.looking():
        pass
    return answer(Shown("sign_in.html", {"reason": None, "next": ""}))


@blueprint.post("/_/sign-in")
def sign_in() -> Response:
    """Begin a session, and go on where the visitor wanted to be."""
    request.max_content_length = _MOST
    require_same_origin()
    secret = request.form.get("token", "").strip()
    who, token = session.sign_in(secret)
    if token is None:
        g.actor = who.actor
        require_few_failures()
        refused = who.actor.refused if isinstance(who.actor, Anonymous) else None
        reason = refused if secret else "Give a token"
        return _sign_in_first(reason, request.form.get("next", ""))
    response = _go_on(request.form.get("next", ""))
    session.begin(response, token)
    return response


@blueprint.post("/_/sign-out")
def sign_out() -> Response:
    """End the session."""
    request.max_content_length = _MOST
    require_same_origin()
    session.sign_out()
    return _go_to(links_here().home())


@blueprint.get("/_/assets/<name>", provide_automatic_options=False)
def asset(name: str) -> Response:
    """Answer with the style sheet or a picture."""
    return part(Assets).answer(name)


@blueprint.errorhandler(RegistryError)
def refuse(error: RegistryError) -> Response:
    """Say no on a page of ours; to anything but a browser as everywhere else."""
    error = errors.rather(error)
    status = errors.status_of(error)
    if not errors.prefers_page(request):
        return errors.with_wait(errors.answer(status, str(error)), error)
    if isinstance(error, AuthenticationRequired):
        return _sign_in_first(str(error), here())
    shown = Shown("refused.html", {"status": status, "sentence": str(error)})
    return errors.with_wait(answer(shown, status), error)


@blueprint.errorhandler(DatabaseUnavailable)
def out_of_order(error: DatabaseUnavailable) -> Response:
    """Say on a page of ours that the database is away."""
    log.warning("outage", error=str(error))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if not errors.prefers_page(request):
        return errors.answer(status, errors.AWAY)
    response = answer(Shown("refused.html", {"status": status, "sentence": errors.AWAY}), status)
    response.headers["Retry-After"] = errors.RETRY_AFTER
    return response


def _sign_in_first(reason: str | None, then: str) -> Response:
    given: dict[str, object] = {"reason": reason, "next": then}
    response = answer(Shown("sign_in.html", given), HTTPStatus.UNAUTHORIZED)
    # Basic would have the browser ask in a window of its own, before it shows the form.
    response.headers["WWW-Authenticate"] = 'Cookie realm="Wheelyard"'
    return response


def _go_on(path: str) -> Response:
    """Return a redirect to a path of ours, and to nowhere else."""
    plain = path.isascii() and path.isprintable() and not set(path) & set(' \\"<>')
    inside = plain and path.startswith("/") and not path.startswith("//")
    return _go_to(f"{links_here().base}{path}" if inside else links_here().home())


def _go_to(address: str) -> Response:
    response = Response(status=HTTPStatus.SEE_OTHER)
    response.headers["Location"] = address
    return response
