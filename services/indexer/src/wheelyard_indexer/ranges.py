"""Which bytes of a file a request is for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass
from typing import Final

# One range. Of several, the whole file is an answer that the RFC allows and every client takes.
_ONE: Final = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*\Z", re.IGNORECASE)
# Beyond every file. Python refuses to read numbers of some thousand digits.
_FAR: Final = 10**18


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from *start* up to, and without, *stop*."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many there are."""
        return self.stop - self.start


class Unsatisfiable(Exception):
    """The range lies outside of the file: 416."""


def wanted_span(
    range_header: str | None, if_range: str | None, etag: str, size: int
) -> Span | None:
    """Return the range asked for, or None for the whole. Raises Unsatisfiable.

    A header that is no range, or more than one, is as none. `If-Range` holds by the strong
    comparison only: a weak ETag or a date, of which we give none, never matches.
    """
    if range_header is None or (if_range is not None and if_range.strip() != etag):
        return None
    found = _ONE.match(range_header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return _suffix(_number(found[2]), size)
    start = _number(found[1])
    stop = _number(found[2]) + 1 if found[2] else size
    if found[2] and stop <= start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(stop, size))


def _number(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) < len(str(_FAR)) else _FAR


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(0, size - length), size)
