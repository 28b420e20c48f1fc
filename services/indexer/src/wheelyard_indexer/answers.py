"""The one form of a page's answer, whether Flask gives it or the memory in front of it."""

from dataclasses import dataclass

from wheelyard_core.simple.negotiation import Offer
from wheelyard_core.simple.render import Rendered

Headers = list[tuple[str, str]]

# In every answer that another Accept would have changed.
VARY = ("Vary", "Accept, Accept-Encoding")


@dataclass(frozen=True, slots=True)
class Answer:
    """A page in the form and encoding that were negotiated. Copy the headers; do not change them.

    There is no Last-Modified: uv would not ask again for ten minutes.
    """

    form: str
    etag: str
    body: bytes
    headers: Headers
    headers_unchanged: Headers


def cache_control(*, public: bool) -> tuple[str, str]:
    """Return the header that lets a page be kept, and never used without asking."""
    audience = "public" if public else "private"
    return "Cache-Control", f"{audience}, max-age=0, must-revalidate"


def page_answer(page: Rendered, offer: Offer, *, gzip: bool, public: bool) -> Answer:
    """Return the answer with *page* as *offer*, in gzip or not."""
    variant = page.variant(offer.representation)
    body, etag = (variant.gzip, variant.gzip_etag) if gzip else (variant.identity, variant.etag)
    unchanged = [
        ("ETag", etag),
        VARY,
        cache_control(public=public),
        ("X-PyPI-Last-Serial", str(page.serial)),
    ]
    content = [("Content-Type", offer.content_type), ("Content-Length", str(len(body)))]
    if gzip:
        content.append(("Content-Encoding", "gzip"))
    return Answer(offer.representation.value, etag, body, [*content, *unchanged], unchanged)
