"""Publishers at work all at once, who try again as twine does and remember every answer."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

import requests
from tests.support.distributions import ADistribution, Built
from tests.support.wheelyard import Wheelyard

_PUBLISHERS = 8
_PAUSE = 0.5
_PATIENCE = 60.0
_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def distributions(prefix: str, count: int, packages: int = 10) -> list[Built]:
    """Return *count* small wheels that differ, over a few packages named after *prefix*."""
    return [
        ADistribution().named(f"{prefix}-{n % packages}", f"1.{n // packages}").wheel()
        for n in range(count)
    ]


def refused(prefix: str, count: int) -> list[Built]:
    """Return wheels that verification refuses."""
    return [
        ADistribution().named(f"{prefix}-bad", f"1.{n}").without("RECORD").wheel()
        for n in range(count)
    ]


@dataclass
class Fleet:
    """Uploads everything and gives nothing up; `answers` has the final status of each filename."""

    wheelyard: Wheelyard
    built: Sequence[Built]
    answers: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    _lock: Lock = field(default_factory=Lock)
    _uploads: list["Future[None]"] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator["Fleet"]:
        """Upload in the background; return when everything was answered."""
        with ThreadPoolExecutor(_PUBLISHERS, "publisher") as pool:
            self._uploads = [pool.submit(self._publish, one) for one in self.built]
            yield self
            for upload in self._uploads:
                upload.result()

    def wait_for(self, count: int) -> None:
        """Return when *count* uploads were answered for good."""
        deadline = time.monotonic() + _PATIENCE
        while len(self.answers) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(self.answers)} of {len(self.built)} answered")
            time.sleep(0.02)

    def answered(self, *statuses: int) -> list[Built]:
        """Return what was answered so."""
        return [one for one in self.built if self.answers[one.filename] in statuses]

    def _publish(self, built: Built) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            status = self._try(built)
            if status is not None and status < 500:
                with self._lock:
                    self.answers[built.filename] = status
                return
            with self._lock:
                self.broken += 1
            time.sleep(_PAUSE)
        raise AssertionError(f"{built.filename} was never answered; last {status}")

    def _try(self, built: Built) -> int | None:
        form = {
            ":action": "file_upload",
            "protocol_version": "1",
            "name": built.name,
            "version": built.version,
            "filetype": built.filetype,
            "sha256_digest": built.sha256,
        }
        try:
            answer = requests.post(
                self.wheelyard.upload_url,
                data=form,
                files={"content": (built.filename, built.content)},
                auth=("__token__", self.wheelyard.token),
                timeout=(3, 25),
            )
        except requests.RequestException:
            return None
        return answer.status_code


@dataclass(frozen=True, slots=True)
class Shelf:
    """What readers see of the default project."""

    wheelyard: Wheelyard

    def files(self, package: str) -> dict[str, dict[str, object]]:
        """Return the files on a package's page by name; none where there is no page."""
        with self._session() as session:
            answer = session.get(f"{self.wheelyard.upload_url}/simple/{package}/", headers=_JSON)
        if answer.status_code == 404:
            return {}
        assert answer.status_code == 200, answer.text
        return {str(file["filename"]): file for file in answer.json()["files"]}

    def check(self, packages: set[str]) -> set[str]:
        """See that every listed file and its metadata are the bytes that the page says."""
        names = set()
        with self._session() as session:
            for package in sorted(packages):
                for name, file in self.files(package).items():
                    address = f"{self.wheelyard.upload_url}/simple/{package}/"
                    url = requests.compat.urljoin(address, str(file["url"]))
                    hashes, metadata = file["hashes"], file["core-metadata"]
                    assert isinstance(hashes, dict)
                    assert isinstance(metadata, dict), name
                    assert _sha256(session, url) == hashes["sha256"], name
                    assert _sha256(session, f"{_bare(url)}.metadata") == metadata["sha256"], name
                    names.add(name)
        return names

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        with requests.Session() as session:
            session.auth = ("__token__", self.wheelyard.token)
            yield session


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _sha256(session: requests.Session, url: str) -> str:
    answer = session.get(_bare(url), timeout=20)
    assert answer.status_code == 200, (url, answer.text)
    return hashlib.sha256(answer.content).hexdigest()
