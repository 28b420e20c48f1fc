"""One operation of the API, and the few words in which the tables of them are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from wheelyard_api.openapi.fields import NUMBER, Fields, Schema, array, named, one_of

# What every address may say: see docs/API.md, "Refusals".
_REFUSALS: Final = (400, 401, 403, 404, 429, 503)
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

LIST: Final[Fields] = {
    "page": {"type": "integer", "minimum": 1, "maximum": 10**12 - 1},
    "per_page": {"type": "integer", "minimum": 1, "maximum": 100},
    "sort": one_of("asc", "desc"),
}
# Lists of the administration can also be read from an id on.
KEYSET: Final[Fields] = LIST | {
    "pagination": one_of("offset", "keyset"),
    "id_after": NUMBER,
    "id_before": NUMBER,
}
_LIST_HEADERS: Final = ("X-Per-Page", "Link")
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method at an address, where `{name}` stands for what differs."""

    method: str
    address: str
    what: str
    answers: Mapping[int, Answer] = field(default_factory=dict)
    query: Fields = field(default_factory=dict)
    body: Mapping[str, Schema] = field(default_factory=dict)
    refusals: tuple[int, ...] = _REFUSALS

    def asking(self, **query: Schema) -> Self:
        """Return the operation with parameters in its query."""
        return replace(self, query={**self.query, **query})

    def taking(self, schema: Schema, *kinds: str) -> Self:
        """Return the operation with a body, as JSON or as a form; it may be too large."""
        return replace(self, body=dict.fromkeys(kinds or (JSON, FORM), schema)).refusing(413)

    def answering(self, status: int, answer: Answer) -> Self:
        """Return the operation with one more answer."""
        return replace(self, answers={**self.answers, status: answer})

    def refusing(self, *statuses: int) -> Self:
        """Return the operation with refusals beside those that every one has."""
        return replace(self, refusals=(*self.refusals, *statuses))

    def shows(self, schema: str, status: int = 200) -> Self:
        """Return the operation that answers with one thing."""
        return self.answering(status, content(named(schema)))

    def lists(self, schema: str, query: Fields = KEYSET) -> Self:
        """Return the operation that answers with a part of a list."""
        headers = {name: {"schema": {"type": "string"}} for name in _LIST_HEADERS}
        shown = content(array(named(schema)), headers=headers)
        return self.asking(**query).answering(200, shown)

    def ends(self) -> Self:
        """Return the operation that answers without a body."""
        return self.answering(204, {"description": "It is done."})


def get(address: str, what: str) -> Operation:
    """Return an operation that reads."""
    return Operation("get", address, what)


def post(address: str, what: str) -> Operation:
    """Return an operation that makes something."""
    return Operation("post", address, what)


def put(address: str, what: str) -> Operation:
    """Return an operation that changes something."""
    return Operation("put", address, what)


def patch(address: str, what: str) -> Operation:
    """Return an operation that changes a part of something."""
    return Operation("patch", address, what)


def delete(address: str, what: str) -> Operation:
    """Return an operation that removes something."""
    return Operation("delete", address, what)


def content(schema: Schema, kind: str = JSON, **more: object) -> Answer:
    """Return an answer of one media type."""
    return {"description": "As asked.", "content": {kind: {"schema": schema}}, **more}
