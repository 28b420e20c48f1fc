"""What a request asks for, from its query and its JSON or form body, as typed values.

The body wins over the query. An absent field and a JSON null are the same: None.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlsplit

from flask import request

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.moments import parse_moment
from wheelyard_core.domain.texts import LONGEST, parse_filled, parse_text
from wheelyard_core.domain.tokens import parse_expiry
from wheelyard_core.domain.wording import quoted

E = TypeVar("E", bound=StrEnum)

_LARGEST_BODY: Final = 1 << 20
LONG_TEXT: Final = 50_000
_TRUE: Final = frozenset({"true", "1", "t", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "f", "no", "off"})
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_LARGEST_NUMBER: Final = (1 << 63) - 1


class Params:
    """The fields of a request; each method refuses what is malformed by one sentence."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    @classmethod
    def of_request(cls) -> "Params":
        """Read the request at hand."""
        fields = _pairs(request.args.items(multi=True))
        return cls(fields | _body())

    def has(self, name: str) -> bool:
        """Tell whether the field was sent, if only as null."""
        return name in self._fields

    def text(self, name: str, longest: int = LONGEST) -> str | None:
        """Return a text of printable characters, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidInput(f"{name} is invalid: it must be a text")
        return parse_text(str(value), name, longest)

    def required(self, name: str, longest: int = LONGEST) -> str:
        """Return a text that must be there and not blank."""
        text = self.text(name, longest)
        if text is None:
            raise InvalidInput(f"{name} is missing")
        return parse_filled(text, name, longest)

    def number(self, name: str) -> int | None:
        """Return a whole number from 0, or None."""
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:  # noqa: PLR2004  64 bits have 19 digits
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput(f"{name} is invalid: it must be a whole number")
        if not 0 <= value <= _LARGEST_NUMBER:
            raise InvalidInput(f"{name} is invalid: the number is too large or negative")
        return value

    def required_number(self, name: str) -> int:
        """Return a whole number that must be there."""
        number = self.number(name)
        if number is None:
            raise InvalidInput(f"{name} is missing")
        return number

    def flag(self, name: str) -> bool | None:
        """Return true or false, or None."""
        value = self._fields.get(name)
        if value is None or value == "" or isinstance(value, bool):
            return value if isinstance(value, bool) else None
        word = str(value).lower()
        if word not in _TRUE | _FALSE:
            raise InvalidInput(f"{name} is invalid: it must be true or false")
        return word in _TRUE

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of words; one word, or several with commas, are a list, too."""
        value = self._fields.get(name)
        if value is None:
            raise InvalidInput(f"{name} is missing")
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise InvalidInput(f"{name} is invalid: it must be a list of words")
        return tuple(str(item).strip() for item in value)

    def texts(self, name: str) -> dict[str, str]:
        """Return an object of texts that must be there."""
        value = self._fields.get(name)
        if value is None:
            raise InvalidInput(f"{name} is missing")
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise InvalidInput(f"{name} is invalid: it must be an object of texts")
        return dict(value)

    def choice(self, name: str, words: type[E]) -> E | None:
        """Return one of some words, or None."""
        text = self.text(name)
        if text is None or text == "":
            return None
        try:
            return words(text)
        except ValueError:
            allowed = ", ".join(word.value for word in words)
            raise InvalidInput(
                f"{name} does not have a valid value: {quoted(text)} is none of {allowed}"
            ) from None

    def expiry(self, now: datetime, name: str = "expires_at") -> datetime | None:
        """Return when something ends: None for never."""
        return parse_expiry(self.text(name), now)

    def moment(self, name: str) -> datetime | None:
        """Return a time, or None."""
        text = self.text(name)
        return None if text is None or text == "" else parse_moment(text, name)

    def address(self, name: str) -> str | None:
        """Return an http or https address, or None: pages link to it."""
        text = self.text(name, 2048)
        if text is None or text == "":
            return None
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise InvalidInput(f"{name} is invalid: it must be an http or https address")
        return text


def _body() -> dict[str, object]:
    request.max_content_length = _LARGEST_BODY
    if request.mimetype in _FORMS:
        return _pairs(request.form.items(multi=True))
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The body must be JSON, with Content-Type: application/json, or a form"
        ) from None
    if not isinstance(document, dict):
        raise InvalidInput("The body must be a JSON object, with a name for each value")
    return document


def _pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Return the fields of a form or query; `name[]` is a list, as in GitLab."""
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            items = fields.setdefault(name.removesuffix("[]"), [])
            if isinstance(items, list):
                items.append(value)
        else:
            fields[name] = value
    return fields
