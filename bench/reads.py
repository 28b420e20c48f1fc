"""How many pages and files a second, beside bare nginx, and what they ask of others."""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

from bench.figures import Figure, Report, Target, at_least, at_least_of_nginx, at_most
from bench.machinery import Nginx, Rate, bare_nginx, load, processor_seconds
from bench.stacks import Stack, Watch
from bench.uploads import LARGE, MIDDLE, SMALL, publish, wheel_of
from tests.support.forms import basic
from tests.support.uploading import Connection

_ACCEPT = {"Accept": "application/vnd.pypi.simple.v1+json"}
# Longer than a slow machine takes to verify a large file.
_LISTED_SECONDS = 60.0
# Shorter than a grant is remembered; then the database is asked again.
_COUNTED_SECONDS = 3
_REMEMBERED_SECONDS = 10
_ROUNDS = 3
_CONNECTIONS = (1, 16)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to ask for; large things are measured in bytes."""

    name: str
    path: str
    content: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    target: Target | None = None
    is_large: bool = False


def measure_reads(stack: Stack, report: Report, seconds: int, *, quick: bool) -> None:
    large = MIDDLE if quick else LARGE
    publish(stack, wheel_of(large))
    subjects = _subjects(stack, large)
    contents = {str(number): subject.content for number, subject in enumerate(subjects)}
    report.begin("reads", "bare nginx")
    with bare_nginx(stack.folder / "nginx", contents) as nginx:
        for (number, subject), connections in product(enumerate(subjects), _CONNECTIONS):
            there = Nginx(f"{nginx.address}/{number}", nginx.pid)
            _compare(stack, there, report, subject, connections, seconds)
    if stack.watch is None:
        return
    report.begin("what is asked of others while hits are given, at 16 connections")
    for subject in subjects[:2]:
        _count(stack, stack.watch, report, subject)


def _subjects(stack: Stack, large: int) -> list[Subject]:
    yard = stack.wheelyard
    index = yard.upload_url.removeprefix(yard.url)
    page = f"{index}/simple/sized-{SMALL}/"
    with Connection(yard.host, yard.token) as client:
        content = client.get(page, _ACCEPT)
        small = json.loads(content)["files"][0]["url"]
        big = _listed(client, f"{index}/simple/sized-{large}/")
        return [
            Subject("page of thirty files", page, content, _ACCEPT),
            Subject("file of 20 kB", small, client.get(small), target=at_least(2_000)),
            Subject("metadata file", f"{small}.metadata", client.get(f"{small}.metadata")),
            Subject(
                f"file of {large // 10**6} MB",
                big,
                client.get(big),
                target=at_least_of_nginx(0.4),
                is_large=True,
            ),
        ]


def _listed(client: Connection, page: str) -> str:
    """Return the address of the only file of a page, once it is there."""
    deadline = time.monotonic() + _LISTED_SECONDS
    while True:
        files = json.loads(client.get(page, _ACCEPT))["files"]
        if files:
            return str(files[0]["url"])
        assert time.monotonic() < deadline, "the large file is never listed"
        time.sleep(0.2)


def _compare(
    stack: Stack, nginx: Nginx, report: Report, subject: Subject, connections: int, seconds: int
) -> None:
    """Measure by turns: what else the machine does meanwhile is then done to both."""
    serving = [process.pid for process in stack.wheelyard.processes.values()]
    ours, theirs = Readings(subject, serving), Readings(subject, [nginx.pid])
    for _ in range(_ROUNDS):
        with ours.reading() as rates:
            rates.append(_load(stack, subject, connections, seconds))
        with theirs.reading() as rates:
            rates.append(load(nginx.address, connections, seconds, {}))
    what = f"{subject.name}, {connections} connection{'s' * (connections > 1)}"
    # One connection waits for its client most of the time.
    target = subject.target if connections > 1 or subject.is_large else None
    unit = "MB/s" if subject.is_large else "/s"
    report.add(Figure(what, ours.rate, unit, theirs.rate, target))
    # Says more than the rate where others use the machine, too.
    report.add(Figure("    processor for an answer", ours.processor, "us", theirs.processor))


@dataclass(slots=True)
class Readings:
    """What one server gave, round by round, and what its processes used meanwhile."""

    subject: Subject
    processes: list[int]
    rates: list[Rate] = field(default_factory=list)
    seconds: float = 0

    @contextmanager
    def reading(self) -> Iterator[list[Rate]]:
        before = processor_seconds(self.processes)
        yield self.rates
        self.seconds += processor_seconds(self.processes) - before

    @property
    def rate(self) -> float:
        large = self.subject.is_large
        return statistics.median(rate.megabytes if large else rate.requests for rate in self.rates)

    @property
    def processor(self) -> float:
        """Microseconds of the processor for an answer."""
        return 1e6 * self.seconds / max(1, sum(rate.answers for rate in self.rates))


def _load(stack: Stack, subject: Subject, connections: int, seconds: int) -> Rate:
    yard = stack.wheelyard
    headers = {**basic("__token__", yard.token), **subject.headers}
    return load(f"{yard.url}{subject.path}", connections, seconds, headers)


def _count(stack: Stack, watch: Watch, report: Report, subject: Subject) -> None:
    """Count what others are asked while a subject is asked for as often as can be."""
    with stack.only_serving():
        # The time of what is remembered is over then, and begins anew.
        time.sleep(_REMEMBERED_SECONDS)
        _load(stack, subject, 16, 1)
        before = watch.counts()
        rate = _load(stack, subject, 16, _COUNTED_SECONDS)
        after = watch.counts()
    for name, counted in after.items():
        what = f"{subject.name}: {name} in {rate.answers:,} answers"
        report.add(Figure(what, counted - before[name], "", target=at_most(0)))
