"""Ladders: tables of who gets what from which address.

A ladder has a row for every actor (tests/support/actors.py), a column for everything one may be
allowed to do, and in each cell a figure for each visibility. What a column stands for are its
routes, each of which is asked by every actor.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from tests.support.actors import STANDINGS

from wheelyard_core.domain.access import Visibility

PRIVATE, INTERNAL, PUBLIC = Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC
VISIBILITIES: Final = (PRIVATE, INTERNAL, PUBLIC)
# What a success may use up besides a fact: the place that is asked about, the actor who asks.
PLACE, ACTOR = "the place", "the actor"
# Who may not know of what is private, or is no one.
OUTSIDERS: Final = (
    *("anonymous", "expired", "stranger", "bot of elsewhere", "deploy of elsewhere"),
    "job from elsewhere",
)
FORM: Final = b"--x--\r\n"


@dataclass(frozen=True, slots=True)
class Route:
    """An address, and how it answers those who may.

    `success` is a refusal where the request is malformed on purpose: who may comes before what is
    asked. `{words}` in the path and in the body are facts of the place (FACTS in world.py).
    `uses_up` names the one that is gone after a success, so that the next who asks gets another.
    """

    method: str
    path: str
    success: int
    body: Mapping[str, str] | bytes | None = None
    uses_up: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An actor's figures in each column, and whether it asks all routes or one of each."""

    figures: Mapping[str, Sequence[str]]
    asks_all: bool


@dataclass(frozen=True)
class Ladder:
    """The figures of each actor in each column, and the routes of each column."""

    rows: Mapping[str, Row]
    routes: Mapping[str, Sequence[Route]]

    @classmethod
    def read(cls, table: str, routes: Mapping[str, Sequence[Route]]) -> Self:
        """Read a table. A row is of one actor or standing or, with commas, of several.

        The first in a row asks every route, and each other the first route of every column.
        """
        head, *lines = table.strip("\n").splitlines()
        columns = [name.strip() for name in head.split("|")][1:]
        assert columns == list(routes)
        rows: dict[str, Row] = {}
        for line in lines:
            who, *cells = line.split("|")
            figures = dict(zip(columns, (cell.split() for cell in cells), strict=True))
            names = [name.strip() for name in who.split(",")]
            actors = [actor for name in names for actor in STANDINGS.get(name, (name,))]
            for actor in actors:
                assert actor not in rows, f"{actor} has two rows"
                rows[actor] = Row(figures, asks_all=actor is actors[0])
        assert len({len(cell) for row in rows.values() for cell in row.figures.values()}) == 1
        return cls(rows, routes)

    def figure(self, actor: str, column: str, visibility: Visibility) -> str:
        """Return a cell's figure: a status, `ok` for the routes' success, `-` for not asked."""
        figures = self.rows[actor].figures[column]
        return dict(zip(VISIBILITIES, figures, strict=False)).get(visibility, "-")

    def expected(self, actor: str, visibility: Visibility) -> Iterator[tuple[Route, int]]:
        """Yield every route that the actor asks, with the status that it gets."""
        for column, routes in self.routes.items():
            figure = self.figure(actor, column, visibility)
            for route in routes if self.rows[actor].asks_all else routes[:1]:
                if figure != "-":
                    yield route, route.success if figure == "ok" else int(figure)

    def by_head(self) -> Self:
        """Return the ladder of the same addresses read with HEAD."""
        gets = {
            column: [replace(route, method="HEAD") for route in routes if route.method == "GET"]
            for column, routes in self.routes.items()
        }
        return replace(self, routes=gets)
