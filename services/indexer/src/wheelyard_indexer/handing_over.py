"""Large files are fetched by the gateway, which asks for it: a slow client holds no thread of ours.

nginx's X-Accel-Redirect, as deploy/nginx has it. The gateway fetches from the object store what an
address says that we signed, and sends it with the headers of our answer.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from wheelyard_indexer.file_answers import FileAnswer

# What is sent instead has a length of its own, and the store's answer says which part it is.
_STORES: Final = frozenset({"Content-Length", "Content-Range"})
# No address of its own: nobody else gets there.
_LOCATION: Final = "@blob"


def takes_over(environ: Mapping[str, Any]) -> bool:
    """Tell whether the gateway is there, and fetches files for itself."""
    return bool(environ.get("HTTP_X_SENDFILE_TYPE") == "X-Accel-Redirect")


def handed_over(answer: FileAnswer, address: str) -> FileAnswer:
    """Return what has the gateway give *answer* with the bytes that are at *address*."""
    store = urlsplit(address)
    headers = [header for header in answer.headers if header[0] not in _STORES]
    headers += [
        ("Content-Length", "0"),
        ("X-Accel-Redirect", _LOCATION),
        ("X-Wheelyard-Store", store.netloc),
        ("X-Wheelyard-Blob", f"{store.path}?{store.query}"),
    ]
    if answer.span is not None and answer.is_part:
        headers.append(("X-Wheelyard-Range", f"bytes={answer.span.start}-{answer.span.stop - 1}"))
    return FileAnswer("200 OK", headers, handed_over=True)
