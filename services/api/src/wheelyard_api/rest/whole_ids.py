"""A project's or group's path in an address: one segment, `acme%2Ftools`, as in GitLab.

WSGI servers decode the path before anybody can tell its slashes from the address's own: then
`/projects/acme%2Fmembers` would read as the members of `acme`. So the segment is put back as it
came, and decoded where it has become an argument.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from flask import Flask

from wheelyard_web.application import Wsgi
from wheelyard_web.parts import wrap

_ID: Final = re.compile(r"(?:https?://[^/]+)?(/api/v4/(?:projects|groups)/)([^/?#]+)")
_SLASH: Final = "%2F"


def keep_ids_whole(app: Flask) -> None:
    """Have views get the path that an encoded segment stands for, whatever is in it."""
    wrap(app, _with_whole_id)

    @app.url_value_preprocessor
    def decode(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and isinstance(values.get("reference"), str):
            values["reference"] = values["reference"].replace(_SLASH, "/")


def _with_whole_id(application: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # gunicorn's name for it; granian and others have the second.
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        found = _ID.match(raw)
        if found and _SLASH in found[2].upper():
            decoded = unquote_to_bytes(found[2]).decode("latin-1")
            start, path = found[1] + decoded, environ["PATH_INFO"]
            if path.startswith(start):
                environ["PATH_INFO"] = (
                    found[1] + decoded.replace("/", _SLASH) + path.removeprefix(start)
                )
        return application(environ, start_response)

    return answer
