"""What every page tells a browser: to run nothing, load nothing from elsewhere, and tell nobody."""

from typing import Final

from flask import Response

HEADERS: Final = {
    # No scripts at all, no pictures of READMEs: whoever reads one would be known to its author.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Our own pages get it: without it, a browser does not say where a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(response: Response) -> Response:
    """Add the headers, and have no cache keep a page, for it was made for one visitor."""
    response.headers.update(HEADERS)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, Authorization, Accept"
    return response
