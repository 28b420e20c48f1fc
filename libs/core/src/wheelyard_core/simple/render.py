"""A page, ready to send: both representations, both encodings, their ETags, and how it is stored.

Everything that a request would otherwise wait for happens here, once per change of a page.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from wheelyard_core.simple.as_html import package_as_html, root_as_html
from wheelyard_core.simple.as_json import package_as_json, root_as_json
from wheelyard_core.simple.page import PackagePage, RootPage

# Measured on 10,000 files (5.6 MB of JSON, 5.8 MB of HTML). Three digests a file are 0.96 MB that
# no level can take away, so beyond 6 there is nothing left to win, and below it a fifth.
#   level 1: 1.22 + 1.11 MB in 51 ms    level 4: 1.14 + 1.05 MB in 100 ms
#   level 6: 1.09 + 0.99 MB in 138 ms   level 9: 1.07 + 0.99 MB in 199 ms
_GZIP_LEVEL = 6
_GZIP_WINDOW = 31  # the largest window, with a gzip header instead of zlib's


class Representation(StrEnum):
    """The two ways to write a simple page."""

    JSON = "json"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Variant:
    """One representation in both encodings, each with its ETag as the header spells it."""

    identity: bytes
    gzip: bytes
    etag: str
    gzip_etag: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page at one serial, in everything that may be asked for."""

    serial: int
    json: Variant
    html: Variant

    def variant(self, representation: Representation) -> Variant:
        """Return what was negotiated."""
        return self.json if representation is Representation.JSON else self.html


def render(page: PackagePage | RootPage) -> Rendered:
    """Return the page in both representations; the same page is the same bytes everywhere."""
    if isinstance(page, PackagePage):
        json, html = package_as_json(page), package_as_html(page)
    else:
        json, html = root_as_json(page), root_as_html(page)
    return Rendered(page.serial, _variant(json), _variant(html))


def _variant(identity: bytes) -> Variant:
    # zlib writes no time and no name into the header, so replicas agree on the bytes.
    gzip = zlib.compress(identity, _GZIP_LEVEL, _GZIP_WINDOW)
    return Variant(identity, gzip, _etag(identity), _etag(gzip))


def _etag(body: bytes) -> str:
    """Return a strong validator (RFC 9110, 8.8.1): other bytes, another tag.

    `text/html` and the versioned HTML type share one, since their bytes are the same.
    """
    return f'"{sha256(body).hexdigest()[:32]}"'


# The stored form: this header, then four ETags and four bodies, one behind the other.
# The serial is a big-endian number at a fixed place, so that a store can compare two pages by the
# bytes from `SERIAL_AT`, without reading the rest.
FORM = 1
# In the place of a page that is older than this serial, and that is made when it is asked for.
_OUTDATED = 0
_MAGIC = b"WYP"
_OUTDATED_BEGINS = _MAGIC + bytes([_OUTDATED])
_HEADER = struct.Struct("!3sBQ8I")
_PREFIX = struct.Struct("!3sBQ")
SERIAL_AT = slice(4, 12)


def dump(rendered: Rendered) -> bytes:
    """Return the stored form. Raise `FORM` when it, or how pages look, changes."""
    parts = [part for variant in (rendered.json, rendered.html) for part in _parts(variant)]
    header = _HEADER.pack(_MAGIC, FORM, rendered.serial, *map(len, parts))
    return b"".join((header, *parts))


def _parts(variant: Variant) -> tuple[bytes, bytes, bytes, bytes]:
    return (
        variant.etag.encode("ascii"),
        variant.gzip_etag.encode("ascii"),
        variant.identity,
        variant.gzip,
    )


def load(raw: bytes) -> Rendered:
    """Return what was dumped; a `ValueError` says that this is no page of this form."""
    serial = serial_of(raw)
    if is_outdated(raw):
        raise ValueError("In place of this page stands that it is out of date.")
    if len(raw) < _HEADER.size:
        raise ValueError("A stored page is cut off in its header.")
    lengths = _HEADER.unpack_from(raw)[3:]
    if _HEADER.size + sum(lengths) != len(raw):
        raise ValueError("A stored page is not as long as its header says.")
    parts = []
    start = _HEADER.size
    for length in lengths:
        parts.append(raw[start : start + length])
        start += length
    return Rendered(serial, _variant_of(parts[:4]), _variant_of(parts[4:]))


def _variant_of(parts: list[bytes]) -> Variant:
    etag, gzip_etag, identity, gzip = parts
    return Variant(identity, gzip, etag.decode("ascii"), gzip_etag.decode("ascii"))


def outdated(serial: int) -> bytes:
    """Return what is stored in place of a page that is older than *serial*."""
    return _PREFIX.pack(_MAGIC, _OUTDATED, serial)


def is_outdated(raw: bytes) -> bool:
    """Tell whether this stands in place of a page; its first 4 bytes are enough."""
    return raw.startswith(_OUTDATED_BEGINS)


def serial_of(raw: bytes) -> int:
    """Return the serial of a stored page or what is in its place; 12 bytes are enough."""
    if len(raw) < _PREFIX.size:
        raise ValueError("A stored page is cut off in its header.")
    magic, form, serial = _PREFIX.unpack_from(raw)
    if magic != _MAGIC or form not in {FORM, _OUTDATED}:
        raise ValueError("This is no page stored in the form that this release reads.")
    return int(serial)
