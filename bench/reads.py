"""How many pages and files a second, beside bare nginx, and what they ask of others."""

import json
import statistics
import time
from dataclasses import dataclass, field
from itertools import product

from bench.figures import Figure, Report, Target, at_least, at_least_of_nginx, at_most
from bench.machinery import Rate, bare_nginx, load
from bench.stacks import Stack, Watch
from bench.uploads import LARGE, MIDDLE, SMALL, publish, wheel_of
from tests.support.forms import basic
from tests.support.uploading import Connection

_ACCEPT = {"Accept": "application/vnd.pypi.simple.v1+json"}
# Longer than a slow machine takes to verify a large file.
_LISTED_SECONDS = 60.0
# Shorter than a grant is remembered; then the database is asked again.
_COUNTED_SECONDS = 3
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
            report.add(_beside(stack, f"{nginx}/{number}", subject, connections, seconds))
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


def _beside(stack: Stack, bare: str, subject: Subject, connections: int, seconds: int) -> Figure:
    """Measure by turns: what else the machine does meanwhile is then done to both."""
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        ours.append(_load(stack, subject, connections, seconds))
        theirs.append(load(bare, connections, seconds, {}))
    # One connection waits for its client most of the time.
    target = subject.target if connections > 1 or subject.is_large else None
    unit = "MB/s" if subject.is_large else "/s"
    what = f"{subject.name}, {connections} connection{'s' * (connections > 1)}"
    return Figure(what, _median(subject, ours), unit, _median(subject, theirs), target)


def _median(subject: Subject, rates: list[Rate]) -> float:
    return statistics.median(
        rate.megabytes if subject.is_large else rate.requests for rate in rates
    )


def _load(
    stack: Stack, subject: Subject, connections: int, seconds: int, user: str = "__token__"
) -> Rate:
    yard = stack.wheelyard
    headers = {**basic(user, yard.token), **subject.headers}
    return load(f"{yard.url}{subject.path}", connections, seconds, headers)


def _count(stack: Stack, watch: Watch, report: Report, subject: Subject) -> None:
    """Count what others are asked while a subject is asked for as often as can be."""
    # Another user name is another grant, so its ten seconds begin now.
    user = f"user of the {subject.name}"
    with stack.only_serving():
        _load(stack, subject, 16, 1, user)
        before = watch.counts()
        rate = _load(stack, subject, 16, _COUNTED_SECONDS, user)
        after = watch.counts()
    for name, counted in after.items():
        what = f"{subject.name}: {name} in {rate.answers:,} answers"
        report.add(Figure(what, counted - before[name], "", target=at_most(0)))
