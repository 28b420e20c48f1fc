"""A steady load of uploads, reads and client runs, none of which is tried a second time."""

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Self

from tests.cluster.kube import NOT_YET
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, ask, basic, post

_PACKAGE = "steady"
_NUMBERS = itertools.count()
_TAKEN = {200, 201, 202}
_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@dataclass(frozen=True, slots=True)
class Door:
    """Where the registry is, and who comes."""

    url: str
    token: str = field(repr=False)

    @property
    def uploads(self) -> str:
        return f"{self.url}/api/v4/projects/1/packages/pypi"

    @property
    def index(self) -> str:
        """The index with its credentials in it, as people give it to pip."""
        host = self.uploads.removeprefix("http://")
        return f"http://__token__:{self.token}@{host}/simple"

    def page(self, package: str) -> dict[str, str]:
        """Return the sha256 of each file that the package's page lists."""
        answer = self.get(f"{self.uploads}/simple/{package}/")
        return {file["filename"]: file["hashes"]["sha256"] for file in json.loads(answer)["files"]}

    def get(self, url: str) -> bytes:
        answer = ask("GET", url, headers={**basic("__token__", self.token), **_JSON})
        if answer.status != 200:
            raise OSError(f"GET {url}: {answer.status} {answer.reason}")
        return answer.body

    def file(self, package: str, filename: str) -> bytes:
        """Return a file's bytes by the address that its page gives."""
        page = json.loads(self.get(f"{self.uploads}/simple/{package}/"))
        (url,) = (one["url"] for one in page["files"] if one["filename"] == filename)
        path = url if url.startswith("/") else "/" + url.split("/", 3)[3]
        return self.get(self.url + path.partition("#")[0])

    def publish(self, package: str, acknowledged: dict[str, tuple[str, str]]) -> None:
        """Publish a version that nobody has published; remember it when that was acknowledged."""
        built = ADistribution().named(package, f"1.{next(_NUMBERS)}").wheel()
        answer = post(self.uploads, AForm.of(built), self.token)
        if answer.status not in _TAKEN:
            raise OSError(f"POST: {answer.status} {answer.reason} {answer.body[:200]!r}")
        acknowledged[built.filename] = (package, built.sha256)


@dataclass
class Load:
    """Runs from `with` to its end; then its figures are final."""

    door: Door
    person: Person
    acknowledged: dict[str, tuple[str, str]]
    requests: int = 0
    client_runs: int = 0
    failures: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _threads: list[Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.door.publish(_PACKAGE, self.acknowledged)
        self._first = next(reversed(self.acknowledged))
        for act, pause in ((self._upload, 0.3), (self._read, 0.05), (self._fetch, 0.2)):
            self._start(act, pause, "requests")
        for client in (self._pip, self._twine):
            self._start(client, 0.2, "client_runs")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

    def _start(self, act: Callable[[], None], pause: float, counted: str) -> None:
        thread = Thread(target=self._repeat, args=(act, pause, counted), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _repeat(self, act: Callable[[], None], pause: float, counted: str) -> None:
        while not self._stop.wait(pause):
            failure = ""
            try:
                act()
            except NOT_YET as error:
                failure = f"{time.monotonic() - self._began:.1f} s, {act.__name__[1:]}: {error!r}"
            with self._lock:
                setattr(self, counted, getattr(self, counted) + 1)
                if failure:
                    self.failures.append(failure)

    def _upload(self) -> None:
        self.door.publish(_PACKAGE, self.acknowledged)

    def _read(self) -> None:
        if self._first not in self.door.page(_PACKAGE):
            raise ValueError(f"{self._first} is not listed")

    def _fetch(self) -> None:
        content = self.door.file(_PACKAGE, self._first)
        if hashlib.sha256(content).hexdigest() != self.acknowledged[self._first][1]:
            raise ValueError(f"{self._first} has other bytes")

    def _pip(self) -> None:
        install_with_pip(self.door, self.person, _PACKAGE, self._first.split("-")[1])

    def _twine(self) -> None:
        publish_with_twine(self.door, self.person, _PACKAGE, self.acknowledged)


def install_with_pip(door: Door, person: Person, package: str, version: str) -> None:
    """Install one version, without a second try, into a folder that is new."""
    folder = person.home / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    options = ("--no-deps", "--target", folder, "--index-url", door.index, "--retries", "0")
    host = door.url.removeprefix("http://").partition(":")[0]
    person.pip("install", *options, "--trusted-host", host, f"{package}=={version}").succeeded()


def publish_with_twine(
    door: Door, person: Person, package: str, acknowledged: dict[str, tuple[str, str]]
) -> Path:
    """Publish a new version with twine; that it had to try again by itself is an error, too."""
    built = ADistribution().named(package, f"2.{next(_NUMBERS)}").wheel()
    file = person.home / built.filename
    file.write_bytes(built.content)
    who = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": door.token}
    done = person.twine("upload", "--repository-url", door.uploads, file, env=who).succeeded()
    acknowledged[built.filename] = (package, built.sha256)
    # No option keeps it from trying a 5xx and a refused connection up to five times; it says so.
    if "Retry" in done.output:
        raise OSError(f"twine tried again: {done.output}")
    return file
