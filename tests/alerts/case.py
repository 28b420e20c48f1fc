"""What an alert is tested with: series over time, and the minute from which on it must fire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Values over time as promtool writes them: "0+10x5 50" is 0, 10, …, 50 and 50.
Series = Mapping[str, str]


@dataclass(frozen=True)
class Fires:
    """Series under which the alert fires from minute *at* on, and not a step before."""

    alert: str
    series: Series
    at: int
    labels: Mapping[str, str] = field(default_factory=dict)
    step: int = 1
    what: str = ""


@dataclass(frozen=True)
class Silent:
    """Series under which the alert has not fired until minute *until*."""

    alert: str
    series: Series
    until: int = 120
    step: int = 1
    what: str = ""


Case = Fires | Silent
