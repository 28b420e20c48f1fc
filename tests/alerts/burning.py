"""Cases of the alerts that burn an error budget: a promise is broken by a multiple of its budget.

Each number of such an alert is met from both sides: the long window alone, the short one alone, and
traffic so small that even a total failure is a few requests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.alerts.case import Case, Fires, Series, Silent

# So many steps, and the rate of failures in multiples of the budget.
Piece = tuple[int, float]


@dataclass(frozen=True)
class Promise:
    """A promise: its budget, and the two counters by which it is measured.

    *bad* counts failures; where a histogram counts what was fast enough, that is *good*, and
    *total* counts all. Else *total* counts what did not fail.
    """

    slo: str
    budget: float
    total: str
    bad: str = ""
    good: str = ""

    def series(self, pieces: Sequence[Piece], everything_fails: float = 0.0) -> Series:
        """Return counters in which a multiple of 1 is one failure a step."""
        all_of_them = everything_fails or 1 / self.budget
        broken = [(n, everything_fails or multiple) for n, multiple in pieces]
        kept = [(n, all_of_them - bad) for n, bad in broken]
        if self.good:
            whole = [(n, all_of_them) for n, _ in pieces]
            return {self.total: _counter(whole), self.good: _counter(kept)}
        return {self.total: _counter(kept), self.bad: _counter(broken)}


def _counter(pieces: Sequence[Piece]) -> str:
    (first, step), *others = pieces
    written, value = [f"0+{step:.6f}x{first}"], step * first
    for count, step in others:
        written.append(f"{value + step:.6f}+{step:.6f}x{count - 1}")
        value += step * count
    return " ".join(written)


def fast(alert: str, promise: Promise, pause: int) -> Iterator[Case]:
    """Yield cases of 14.4 times the budget over an hour and 6 times over six; steps of 2 min."""
    labels = {"slo": promise.slo}

    def fires(at: int, *pieces: Piece, few: float = 0.0, what: str) -> Case:
        return Fires(alert, promise.series(pieces, few), at + pause, labels, 2, what)

    def silent(until: int, *pieces: Piece, few: float = 0.0, what: str) -> Case:
        return Silent(alert, promise.series(pieces, few), until, 2, what)

    yield fires(418, (180, 0), (60, 15), what="an hour at 15 times")
    yield fires(2, (60, 6.5), what="hours at 6.5 times")
    yield fires(54, (60, 0), few=5.6 / 30, what="all of 5.6 requests an hour")
    yield silent(436, (180, 0), (14, 28.9), (25, 13), what="an hour above and 5 min below")
    yield silent(390, (180, 5), (15, 7), what="30 min above and 6 hours below")
    yield silent(540, (90, 0), (40, 14), (140, 5.5), what="6 hours above and 30 min below")
    yield silent(358, (180, 0), (12, 28), what="a short storm")
    yield silent(300, (150, 0), few=4.6 / 30, what="all of 4.6 requests an hour")


def slow(alert: str, promise: Promise) -> Iterator[Case]:
    """Yield cases of the budget itself over three days and six hours; steps of 30 min."""
    labels = {"slo": promise.slo}

    def fires(at: int, *pieces: Piece, few: float = 0.0, what: str) -> Case:
        return Fires(alert, promise.series(pieces, few), at + 60, labels, 30, what)

    def silent(until: int, *pieces: Piece, few: float = 0.0, what: str) -> Case:
        return Silent(alert, promise.series(pieces, few), until, 30, what)

    yield fires(150, (20, 1.1), what="a little more than the budget")
    yield fires(3870, (150, 0), few=5.6 / 144, what="all of 5.6 requests in three days")
    yield silent(4560, (140, 0.88), (12, 1.2), what="6 hours above and 3 days below")
    yield silent(6660, (72, 0), (60, 1.3), (90, 0.9), what="3 days above and 6 hours below")
    yield silent(6000, (200, 0), few=4.6 / 144, what="all of 4.6 requests in three days")


_REQUESTS = "wheelyard_http_requests_total"
_SIMPLE = "/api/v4/projects/<path:reference>/packages/pypi/simple/<package>"
_FILE = "/api/v4/groups/<path:reference>/-/packages/pypi/files/<sha256>/<filename>"
_UPLOAD = 'service="api",method="POST",route="/api/v4/projects/<path:reference>/packages/pypi"'
_SECONDS = "wheelyard_http_request_duration_seconds"
_PAGE = 'service="indexer",kind="page"'


def _requests(slo: str, budget: float, labels: str) -> Promise:
    return Promise(
        slo,
        budget,
        f'{_REQUESTS}{{{labels},code="200"}}',
        bad=f'{_REQUESTS}{{{labels},code="503"}}',
    )


PAGES = _requests("pages", 0.0005, f'service="indexer",method="GET",route="{_SIMPLE}"')
FILES = _requests("downloads", 0.0005, f'service="indexer",method="GET",route="{_FILE}"')
UPLOADS = _requests("uploads", 0.001, _UPLOAD)
PAGE_TIMES = Promise(
    "page_latency",
    0.01,
    f"{_SECONDS}_count{{{_PAGE}}}",
    good=f'{_SECONDS}_bucket{{{_PAGE},le="0.5"}}',
)
PUBLISH_TIMES = Promise(
    "publish_latency",
    0.01,
    "wheelyard_publish_duration_seconds_count",
    good='wheelyard_publish_duration_seconds_bucket{le="60.0"}',
)

CASES: list[Case] = [
    *fast("WheelyardReadErrorBudgetBurn", PAGES, 2),
    *list(fast("WheelyardReadErrorBudgetBurn", FILES, 2))[:1],
    *slow("WheelyardReadErrorBudgetBurnSlow", PAGES),
    *list(slow("WheelyardReadErrorBudgetBurnSlow", FILES))[:1],
    *fast("WheelyardUploadErrorBudgetBurn", UPLOADS, 2),
    # What clients do wrong breaks no promise, and hides no failure among many refusals.
    Silent(
        "WheelyardUploadErrorBudgetBurn",
        {f'{_REQUESTS}{{{_UPLOAD},code="400"}}': "0+100x60"},
        step=2,
        what="only refusals",
    ),
    *slow("WheelyardUploadErrorBudgetBurnSlow", UPLOADS),
    *fast("WheelyardReadLatencyBurn", PAGE_TIMES, 10),
    *slow("WheelyardReadLatencyBurnSlow", PAGE_TIMES),
    *fast("WheelyardPublishLatencyBurn", PUBLISH_TIMES, 2),
    *slow("WheelyardPublishLatencyBurnSlow", PUBLISH_TIMES),
]
