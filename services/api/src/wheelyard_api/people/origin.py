"""Forms of ours are sent from our own pages: another site's are refused.

Every browser says where a POST comes from: `Sec-Fetch-Site` where the connection can be trusted,
`Origin` elsewhere. Who says neither is no browser, and has no session that somebody could borrow.
"""

from urllib.parse import urlsplit

from flask import request

from wheelyard_core.domain.errors import NotAllowed
from wheelyard_web.identity import registry


def require_same_origin() -> None:
    """Raise NotAllowed for a form that another site sends."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    elif origin is not None:
        ours = _host(origin) in {request.host, _host(registry().settings.http.public_url)}
    else:
        ours = True
    if not ours:
        raise NotAllowed("This form was sent by another site: go to the page itself, and try again")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
