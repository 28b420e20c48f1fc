"""Which client does what, where and with which token: every cell, and a subset that covers."""

from collections.abc import Mapping, Sequence
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


PUBLISHING = (
    Action.PUBLISH,
    Action.AGAIN,
    Action.OTHER_BYTES,
    Action.INVALID,
    Action.UNWELCOME,
)
INSTALLING = (
    Action.INSTALL,
    Action.RESOLVE,
    Action.RANGES,
    Action.YANKED,
    Action.PYTHON,
    Action.LOCKED_OUT,
)
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
    """Its requirements/clients/<lock>.lock."""
    package: str
    way: str = ""
    cannot: Mapping[Action, str] = field(default_factory=dict)
    """What it has no means to do, each with the reason."""

    @property
    def version(self) -> str:
        return version_of(self.lock, self.package)

    def __str__(self) -> str:
        return f"{self.package} {self.version} {self.way}".rstrip()


AClient = TypeVar("AClient", bound=Client)


@dataclass(frozen=True, slots=True)
class Cell(Generic[AClient]):
    """One client doing one thing in one kind of project with one kind of token."""

    client: AClient
    action: Action
    visibility: Visibility
    token: TokenKind
    covers: bool
    """Whether every run has it; the others are of `make clients-matrix`."""

    def __str__(self) -> str:
        return f"{self.client}, {self.visibility}, {self.token} token"


def cells(clients: Sequence[AClient], action: Action) -> list[Cell[AClient]]:
    """Return the cells of an action, but for the clients that cannot do it.

    One cell of each client covers, in a place that moves on with the client and with the action.
    """
    actions = list(Action)
    return [
        Cell(client, action, *place, covers=place == PLACES[(row + actions.index(action)) % 6])
        for row, client in enumerate(clients)
        for place in PLACES
        if action not in client.cannot
    ]


def each(clients: Sequence[AClient], action: Action) -> pytest.MarkDecorator:
    """Run a test for every cell of an action."""
    found = [
        pytest.param(cell, marks=() if cell.covers else pytest.mark.matrix, id=str(cell))
        for cell in cells(clients, action)
    ]
    return pytest.mark.parametrize("cell", found)
