"""Lists in GitLab's manner: twenty a page, and headers that tell where the others are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from flask import Response, jsonify, request
from werkzeug.datastructures import MultiDict

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_web.identity import registry

_DEFAULT: Final = 20
_MOST: Final = 100
# Nobody has so many pages, and the database counts in 64 bits.
_LAST: Final = 10**12
# Link has the query four times, and a header that grows too long is lost on the way.
_LONGEST_QUERY: Final = 2000


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list is asked for."""

    number: int = 1
    size: int = _DEFAULT

    @property
    def offset(self) -> int:
        """How many items come before it."""
        return (self.number - 1) * self.size

    @classmethod
    def read(cls, arguments: MultiDict[str, str]) -> "Page":
        """Read `page` and `per_page`; more than a hundred a page are a hundred."""
        number = _positive(arguments, "page", 1)
        size = min(_positive(arguments, "per_page", _DEFAULT), _MOST)
        if len(urlencode(list(arguments.items(multi=True)))) > _LONGEST_QUERY:
            raise InvalidInput(f"The query is longer than {_LONGEST_QUERY} characters")
        return cls(number, size)


def paginated(items: Sequence[object], total: int, page: Page) -> Response:
    """Return the answer with a page of a list of *total* items."""
    pages = max((total + page.size - 1) // page.size, 1)
    following = page.number + 1 if page.number < pages else None
    preceding = page.number - 1 if 1 < page.number <= pages + 1 else None
    response = jsonify(items)
    response.headers.update(
        {
            "X-Total": str(total),
            "X-Total-Pages": str(pages),
            "X-Per-Page": str(page.size),
            "X-Page": str(page.number),
            "X-Next-Page": str(following or ""),
            "X-Prev-Page": str(preceding or ""),
        }
    )
    others = {"prev": preceding, "next": following, "first": 1, "last": pages}
    response.headers["Link"] = ", ".join(
        f'<{_address(number, page.size)}>; rel="{relation}"'
        for relation, number in others.items()
        if number is not None
    )
    return response


def address_of_request() -> str:
    """Return the address that was asked for, without its query, as others may use it."""
    # A project's path has come with its slashes encoded, and keeps them so (whole_ids.py).
    return registry().settings.http.public_url + quote(request.path, safe="/%")


def _address(number: int, size: int) -> str:
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    kept = [(name, value) for name, value in query if name != "per_page"]
    arguments = urlencode([*kept, ("page", str(number)), ("per_page", str(size))])
    return f"{address_of_request()}?{arguments}"


def _positive(arguments: Mapping[str, str], name: str, default: int) -> int:
    text = arguments.get(name, "")
    if text == "":
        return default
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) < _LAST:
        raise InvalidInput(f"{name} must be a whole number from 1")
    return int(text)
