"""A figure, what it is compared with, and whether it is what it should be: one line each."""

from dataclasses import dataclass, field
from typing import Final

_ROW: Final = "  {:<58} {:>10} {:>11} {:>8}   {:<13} {}"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a figure, or of its ratio to the one beside it."""

    sign: str
    limit: float
    of_ratio: bool = False

    def __str__(self) -> str:
        return f"{'ratio ' * self.of_ratio}{self.sign} {self.limit:,g}"

    def is_met(self, value: float, ratio: float | None) -> bool:
        measured = ratio if self.of_ratio else value
        if measured is None:
            return False
        return measured <= self.limit if self.sign == "<=" else measured >= self.limit


def at_most(limit: float) -> Target:
    return Target("<=", limit)


def at_least(limit: float) -> Target:
    return Target(">=", limit)


def at_least_of_nginx(part: float) -> Target:
    return Target(">=", part, of_ratio=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in which unit, and the same of something known in the same run."""

    what: str
    value: float
    unit: str
    beside: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.beside if self.beside else None

    @property
    def is_met(self) -> bool:
        return self.target is None or self.target.is_met(self.value, self.ratio)

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        beside = "" if self.beside is None else _plain(self.beside, self.unit)
        verdict = "" if self.target is None else "met" if self.is_met else "MISSED"
        target = "" if self.target is None else str(self.target)
        cells = (self.what, _plain(self.value, self.unit), beside, ratio, target, verdict)
        return _ROW.format(*cells).rstrip()


def _plain(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 or value == int(value) else f"{value:,.2f} {unit}"


@dataclass(slots=True)
class Report:
    """The table, printed as it grows: a run that is ended early has shown what it knew."""

    missed: list[Figure] = field(default_factory=list)

    def begin(self, title: str, beside: str = "") -> None:
        print(f"\n{title}", flush=True)
        ratio = "ratio" if beside else ""
        print(_ROW.format("", "measured", beside, ratio, "target", "").rstrip(), flush=True)

    def add(self, figure: Figure) -> None:
        print(figure, flush=True)
        if not figure.is_met:
            self.missed.append(figure)
