"""Pages for people: what they answer to a browser."""

from typing import Final

from wheelyard_api.openapi.fields import TEXT, Schema, record
from wheelyard_api.openapi.operations import FORM, Operation, content, get, post

_SHOWN: Final = content({"type": "string"}, "text/html")
_ON: Final = {"description": "Go on to the page in `Location`."}
_Q: Final[Schema] = TEXT | {"maxLength": 200}
_SIGN_IN: Final = record({"token": TEXT, "next": TEXT}, "next")


def _page(address: str, what: str) -> Operation:
    # All parameters at their longest do not fit the line of a request.
    return get(address, what).answering(200, _SHOWN).refusing(414)


PEOPLE: Final[tuple[Operation, ...]] = (
    _page("/", "List the projects that the visitor sees").asking(q=_Q, page=_Q),
    _page("/{path}", "Show a group, a project, or a package of a project").asking(
        q=_Q, page=_Q, after=_Q, before=_Q, older=_Q, newer=_Q
    ),
    get("/{path}/-/packages/{number}", "Lead to the page of a release").answering(303, _ON),
    _page("/{path}/-/uploads", "Show the uploads to a project that are not published").asking(
        page=_Q
    ),
    _page("/_/sign-in", "Show the form to sign in with"),
    Operation("post", "/_/sign-in", "Begin a session", body={FORM: _SIGN_IN})
    .answering(303, _ON)
    .refusing(413),
    post("/_/sign-out", "End the session").answering(303, _ON).refusing(413),
    get("/_/assets/{asset}", "Get the style sheet or a picture").answering(
        200, {"description": "The file.", "content": {"text/css": {}, "image/svg+xml": {}}}
    ),
)
