"""Which client does what, where and with which token: every cell, and a subset that covers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

import pytest
from tests.e2e.clients.environments import version_of

from wheelyard_core.domain.access import Visibility
from wheelyard_core.domain.tokens import TokenKind


class Action(StrEnum):
    """What a person wants, or does wrong."""

    PUBLISH = "publish new"
    AGAIN = "publish again"
    OTHER_BYTES = "publish other bytes"
    INVALID = "publish invalid"
    UNWELCOME = "publish with a wrong token"
    INSTALL = "install"
    RESOLVE = "resolve by metadata only"
    RANGES = "read a part of a wheel"
    YANKED = "leave out what is yanked"
    PYTHON = "leave out what needs another Python"
    LOCKED_OUT = "install with a wrong token"


# Neighbours differ in both, so that two cells in a row meet both kinds of project, and three every
# kind of token.
PLACES = (
    (Visibility.PRIVATE, TokenKind.PERSONAL),
    (Visibility.PUBLIC, TokenKind.DEPLOY),
    (Visibility.PRIVATE, TokenKind.JOB),
    (Visibility.PUBLIC, TokenKind.PERSONAL),
    (Visibility.PRIVATE, TokenKind.DEPLOY),
    (Visibility.PUBLIC, TokenKind.JOB),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program of one version, and one way of using it."""

    lock: str
    """Its requirements/clients/<lock>.lock: the program's name, with a number unless current."""
    way: str = ""
    cannot: Mapping[Action, str] = field(default_factory=dict)
    """What it has no means to do, each with the reason."""

    @property
    def name(self) -> str:
        program = re.sub(r"-\d+$", "", self.lock)
        return f"{program} {version_of(self.lock, program)}"

    def __str__(self) -> str:
        return f"{self.name} {self.way}".rstrip()


AClient = TypeVar("AClient", bound=Client)
ATest = TypeVar("ATest", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Cell(Generic[AClient]):
    """A client in one kind of project with one kind of token."""

    client: AClient
    visibility: Visibility = Visibility.PRIVATE
    token: TokenKind = TokenKind.PERSONAL

    def __str__(self) -> str:
        return f"{self.client}, {self.visibility}, {self.token} token"


def cells(clients: Sequence[AClient], action: Action) -> list[tuple[Cell[AClient], bool]]:
    """Return the cells of an action, but for clients that cannot do it, and whether each covers.

    One of each client covers, in a place that moves on with the client and with the action: those
    are in every run. The others are of `make clients-matrix`.
    """
    first = list(Action).index(action)
    return [
        (Cell(client, *place), place == PLACES[(row + first) % len(PLACES)])
        for row, client in enumerate(clients)
        for place in PLACES
        if action not in client.cannot
    ]


def each(clients: Sequence[AClient], action: Action) -> Callable[[ATest], ATest]:
    """Run a test for every cell of an action."""
    found = [
        pytest.param(cell, marks=() if covers else pytest.mark.matrix, id=str(cell))
        for cell, covers in cells(clients, action)
    ]
    return pytest.mark.parametrize("cell", found)


def every(clients: Sequence[Client]) -> Callable[[ATest], ATest]:
    """Run a test once for each client, in a private project with a personal token."""
    ids = [str(client) for client in clients]
    return pytest.mark.parametrize("cell", [Cell(client) for client in clients], ids=ids)


def of(*locks: str) -> Callable[[ATest], ATest]:
    """Run a test for the programs of some locks, as `every` does."""
    return every([Client(lock=lock) for lock in locks])
