"""The table that a run prints: what was done, how long it took, requests, failures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cluster.kube import NOT_YET, DidNotHappen
from tests.cluster.load import Load
from tests.cluster.yard import SETTLED_SECONDS, Yard


@dataclass
class Outcome:
    """What a step has to say beside that it ended."""

    requests: int = 0
    client_runs: int = 0
    failures: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def add(self, load: Load) -> "Outcome":
        self.requests += load.requests
        self.client_runs += load.client_runs
        self.failures += load.failures
        return self

    def say(self, line: str) -> "Outcome":
        self.said.append(line)
        return self

    def finds(self, yard: Yard, seconds: float = SETTLED_SECONDS) -> "Outcome":
        """Say that all files are there; where not, that is one failure beside those of the load."""
        try:
            return self.say(f"{yard.holds_everything(seconds)} files, each with its digest")
        except (DidNotHappen, *NOT_YET) as error:
            self.failures.append(f"not every file is found: {error!r}")
            return self

    def hold(self, what: str, seconds: float, limit: float) -> "Outcome":
        """Note a time, and a failure where it is above what was promised."""
        if seconds > limit:
            self.failures.append(f"{what}: {seconds:.0f} s, and not {limit:.0f} s")
        return self.say(f"{what}: {seconds:.1f} s (≤ {limit:.0f} s)")


class Skipped(Exception):
    """A step that cannot be done here, and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A step that was tried."""

    name: str
    seconds: float
    result: str
    outcome: Outcome

    @property
    def is_good(self) -> bool:
        return self.result in {"ok", "skipped"}


def run(name: str, step: Callable[[Yard], Outcome], yard: Yard) -> Row:
    """Do one step; what goes wrong in it is its result, and the next one is tried all the same."""
    began = time.monotonic()
    try:
        outcome = step(yard)
        result = "FAILED" if outcome.failures else "ok"
    except Skipped as reason:
        outcome, result = Outcome(said=[str(reason)]), "skipped"
    except (DidNotHappen, *NOT_YET) as error:
        outcome, result = Outcome(failures=[str(error)]), "FAILED"
    return Row(name, time.monotonic() - began, result, outcome)


def shown(row: Row) -> str:
    """Return a row's line, and below it what it has to say."""
    requests = row.outcome.requests or "-"
    runs = row.outcome.client_runs or "-"
    failures = len(row.outcome.failures)
    line = (
        f"{row.name:<12} {row.result:<8} {row.seconds:>7.1f} {requests:>9} {runs:>12} {failures:>9}"
    )
    more = [f"    {one}" for one in row.outcome.said]
    more += [f"    ! {one}" for one in row.outcome.failures[:20]]
    return "\n".join([line, *more])


HEAD = (
    f"{'step':<12} {'result':<8} {'seconds':>7} {'requests':>9} {'client runs':>12} {'failures':>9}"
)
