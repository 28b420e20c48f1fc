"""docs/CLIENTS.md, made of the tables and tests here: what `make clients-matrix` found to hold."""

import inspect
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

import pytest
from tests.e2e.clients import test_libraries, test_publishing_corners, test_reading_corners
from tests.e2e.clients.environments import ROOT
from tests.e2e.clients.installers import INSTALLERS
from tests.e2e.clients.matrix import Action, Client
from tests.e2e.clients.publishers import PUBLISHERS

FILE = ROOT / "docs" / "CLIENTS.md"
CORNERS = (test_publishing_corners, test_reading_corners, test_libraries)
_ACTIONS = list(Action)
PUBLISHING = _ACTIONS[: _ACTIONS.index(Action.INSTALL)]
INSTALLING = _ACTIONS[_ACTIONS.index(Action.INSTALL) :]
_HEAD = """\
# Clients

Which clients are tested, and with what; how to set one up is in [Publishing and
installing](USING.md). This page is written by `make clients-matrix` when every cell passes; do
not edit it. Each client is installed from its lock in `requirements/clients` and does everything
six times: in a private and in a public project, with a personal, a deploy and a job token. We
check its exit code, its output, and its requests. `make test` runs one of the six, and everything
below the tables.
"""
_PUBLISHING = """\
When a file is refused, each of these clients fails and shows our sentence. They send no requests
but the uploads, except for hatch (below).
"""
_INSTALLING = """\
Yanked releases are left out, unless exactly their version is requested. With a wrong token one
still reads what is public, unless the user name is `gitlab-ci-token`. When reading is refused,
none of these clients shows our sentence; this is what a person sees instead:
"""
_CORNERS = """\
What single clients rely on, each tested with that client: in a private project, with a personal
token.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join(
        [
            _HEAD,
            *_matrix("Publishing", PUBLISHERS, PUBLISHING),
            _PUBLISHING,
            *_matrix("Installing", INSTALLERS, INSTALLING),
            _INSTALLING,
            *_table(("client", "without a right to read"), _locked_out()),
            "## What they cannot do\n",
            *_table(("client", "what", "why"), _cannot()),
            "## Corners\n",
            _CORNERS,
            *_table(("what holds", "why", "clients"), _corners()),
        ]
    )


def _matrix(title: str, clients: Sequence[Client], actions: Sequence[Action]) -> Iterator[str]:
    yield f"## {title}\n"
    rows = [
        (str(client), *("" if action in client.cannot else "✓" for action in actions))
        for client in clients
    ]
    yield from _table(("client", *actions), rows)


def _locked_out() -> Iterator[tuple[str, str]]:
    for client in INSTALLERS:
        yield str(client), f"`{client.locked_out}`"


def _cannot() -> Iterator[tuple[str, str, str]]:
    for client in (*PUBLISHERS, *INSTALLERS):
        for action, reason in client.cannot.items():
            yield str(client), action, reason


def _corners() -> Iterator[tuple[str, str, str]]:
    for module in CORNERS:
        for name, test in _tests(module):
            sentence = name.removeprefix("test_").replace("_", " ")
            why = " ".join((inspect.getdoc(test) or "").split())
            yield sentence, why, " · ".join(dict.fromkeys(_clients(test.pytestmark)))


def _tests(module: ModuleType) -> Iterator[tuple[str, "_Test"]]:
    for name, value in vars(module).items():
        if name.startswith("test_"):
            yield name, value


class _Test:
    """A function with the marks that pytest keeps on it."""

    pytestmark: list[pytest.Mark]


def _clients(marks: list[pytest.Mark]) -> Iterator[str]:
    for mark in marks:
        if mark.name == "parametrize":
            for value in mark.args[1]:
                # A pytest.param() holds its values.
                (cell,) = getattr(value, "values", (value,))
                yield str(cell.client)


def _table(
    head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


if __name__ == "__main__":
    FILE.write_text(page())
    sys.stdout.write(page())
