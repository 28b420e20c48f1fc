"""Which representation and encoding a request gets: PEP 691 over RFC 9110, 12.5.

Nothing in here raises: a header is what a stranger wrote. An element that does not parse is
ignored, and a header in which nothing parses counts as absent. Answers are remembered, since a
handful of clients send a handful of headers, for ever.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from wheelyard_core.simple.render import Representation


@dataclass(frozen=True, slots=True)
class Offer:
    """What to answer with, and the exact Content-Type to say so."""

    representation: Representation
    content_type: str


# JSON and the versioned HTML go out exactly as the specification names them: no parameters are
# registered for either, and JSON is UTF-8 by definition. `text/html` says its charset, because
# without it a client may fall back to ISO 8859-1. pip 26.3 and uv 0.13 install from all three.
_JSON = Offer(Representation.JSON, "application/vnd.pypi.simple.v1+json")
_HTML = Offer(Representation.HTML, "application/vnd.pypi.simple.v1+html")
_TEXT = Offer(Representation.HTML, "text/html; charset=utf-8")

# What a client may call each offer, the best offer first. `latest` is answered with the version
# that it stands for (PEP 691).
_NAMES: tuple[tuple[Offer, tuple[str, ...]], ...] = (
    (_JSON, ("application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json")),
    (_HTML, ("application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html")),
    (_TEXT, ("text/html",)),
)
_BY_NAME = {name: offer for offer, names in _NAMES for name in names}

# Of offers that only a wildcard matched: whoever did not ask for JSON gets what everybody reads.
_UNNAMED_ORDER = (_TEXT, _JSON, _HTML)

# One element of a list, a quoted string in one piece; an unclosed quote runs to the end, so that
# the search never starts over.
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*(?:"|\Z))+', re.DOTALL)
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.?)*(?:"|\Z))+', re.DOTALL)
_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_RANGE = re.compile(rf"{_TCHARS}/{_TCHARS}\Z")
_CODING = re.compile(rf"{_TCHARS}\Z")
_QUALITY = re.compile(r"(?:0?\.[0-9]+|0\.?|1(?:\.0*)?)\Z")
_ETAG = re.compile(r'"[^"]*"')


class _Match(NamedTuple):
    """How much a header wants an offer; `named` when it did so by more than a wildcard."""

    quality: float
    named: bool


@lru_cache(maxsize=512)
def negotiate(accept: str | None, format_parameter: str | None) -> Offer | None:
    """Return the offer to answer with, or None when nothing fits (406).

    The highest quality wins. Of several, one that is named beats one that a wildcard matched, and
    JSON beats HTML; but where only wildcards matched (`*/*`, no header at all) it is `text/html`,
    because such clients scrape HTML. `?format=` beats the header (PEP 691).
    """
    if format_parameter:
        # In a query an unencoded plus means a space, and everybody forgets to encode this one.
        return _BY_NAME.get(format_parameter.replace(" ", "+").strip().lower())
    ranges = _ranges(accept or "") or {"*/*": 1.0}
    matches = {offer: _match(ranges, names) for offer, names in _NAMES}
    best = max(match.quality for match in matches.values())
    if best <= 0:
        return None
    wanted = {offer: match.named for offer, match in matches.items() if match.quality == best}
    for offer, named in wanted.items():
        if named:
            return offer
    return next(offer for offer in _UNNAMED_ORDER if offer in wanted)


@lru_cache(maxsize=512)
def best_of(accept: str | None, names: tuple[str, ...]) -> str | None:
    """Return the one of *names* that a header wants most, the first of equals; None for none."""
    ranges = _ranges(accept or "") or {"*/*": 1.0}
    qualities = {name: _match(ranges, (name,)).quality for name in names}
    best = max(names, key=qualities.__getitem__)
    return best if qualities[best] > 0 else None


def _match(ranges: dict[str, float], names: tuple[str, ...]) -> _Match:
    """Return the quality by the most specific range that matches (RFC 9110, 12.5.1)."""
    named = [ranges[name] for name in names if name in ranges]
    if named:
        return _Match(max(named), named=True)
    family = names[0].partition("/")[0]
    return _Match(ranges.get(f"{family}/*", ranges.get("*/*", 0.0)), named=False)


def _ranges(accept: str) -> dict[str, float]:
    """Return the media ranges of a header with their qualities; parameters are not looked at."""
    ranges: dict[str, float] = {}
    for name, quality in _qualified(accept):
        # Java has sent a lone asterisk for decades.
        media_range = "*/*" if name == "*" else name
        if _MEDIA_RANGE.match(media_range):
            ranges[media_range] = max(quality, ranges.get(media_range, 0.0))
    return ranges


@lru_cache(maxsize=512)
def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether to answer in gzip (RFC 9110, 12.5.3).

    No header would allow every coding; but who sends none (curl) decodes none. gzip loses only
    against an identity that is wanted more. Where neither is acceptable it is identity, too.
    """
    codings = {
        # Equivalent by RFC 9110, 8.4.1.3.
        "gzip" if name == "x-gzip" else name: quality
        for name, quality in _qualified(accept_encoding or "")
        if _CODING.match(name)
    }
    unlisted = codings.get("*", 0.0)
    gzip = codings.get("gzip", unlisted)
    return gzip > 0 and gzip >= codings.get("identity", unlisted)


def _qualified(header: str) -> list[tuple[str, float]]:
    """Return each element's name in lower case and its quality; skip what is malformed."""
    found = []
    for element in _ELEMENT.findall(header):
        # The comma keeps an element of nothing but semicolons from having no name at all.
        name, *parameters = (part.strip() for part in _PARAMETER.findall(element) or ",")
        quality = _quality(parameters)
        if quality is not None:
            found.append((name.lower(), quality))
    return found


def _quality(parameters: list[str]) -> float | None:
    """Return the weight, 1 where none is given, None where it is malformed."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            value = value.strip()
            return float(value) if _QUALITY.match(value) else None
    return 1.0


def etag_matches(if_none_match: str | None, etag: str) -> bool:
    """Return whether `If-None-Match` names this ETag, by the weak comparison (RFC 9110, 13.1.2)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in _ETAG.findall(if_none_match)
