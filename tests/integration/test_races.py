"""Many at once on one name: exactly one wins, and the page tells the truth afterwards."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.domain.catalogue import FileStatus

pytestmark = pytest.mark.integration

AT_ONCE = 16


@pytest.fixture
def settings() -> dict[str, str]:
    return {"WHEELYARD_VERDICT_SECONDS": "30"}


def variant(number: int, version: str = "1.0") -> Built:
    """Return a wheel whose name is that of the others, and whose bytes are not."""
    return ADistribution().versioned(version).with_payload(f"N = {number}\n".encode()).wheel()


def publish_all(yard: Yard, project: SeededProject, secret: str, built: list[Built]) -> list[int]:
    """Publish everything at once: no row is written before the bytes of all are stored."""
    together = Barrier(len(built))

    def reach(point: str) -> None:
        if point == "blob-stored":
            together.wait(60)

    application = create_api(replace(yard.registry, reach=reach))

    def publish(one: Built) -> TestResponse:
        return replace(yard, client=Client(application)).publish(project.id, one, secret)

    with ThreadPoolExecutor(len(built)) as pool:
        answers = list(pool.map(publish, built))
    for answer in answers:
        if answer.status_code == 400:
            assert "already exists" in str(answer.get_json()["message"])
    return [answer.status_code for answer in answers]


def test_of_many_files_of_one_name_exactly_one_is_published(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    built = [variant(number) for number in range(AT_ONCE)]

    statuses = publish_all(yard, project, maintainer, built)

    assert sorted(statuses) == [201] + [400] * (AT_ONCE - 1)
    [row] = yard.kept.files(project.id)
    assert row.sha256 == built[statuses.index(201)].sha256
    assert yard.listed(project.id, "demo", maintainer) == [row.filename]
    yard.kept.sweep()
    assert yard.kept.blobs() == {row.blob_key, f"{row.blob_key}.metadata"}


def test_of_one_file_sent_many_times_all_succeed_and_one_is_kept(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    statuses = publish_all(yard, project, maintainer, [variant(0)] * AT_ONCE)

    assert sorted(statuses) == [200] * (AT_ONCE - 1) + [201]
    [row] = yard.kept.files(project.id)
    yard.kept.sweep()
    assert yard.kept.blobs() == {row.blob_key, f"{row.blob_key}.metadata"}


def test_files_of_one_package_do_not_hinder_each_other(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    built = [variant(number, f"1.{number}") for number in range(AT_ONCE)]

    assert publish_all(yard, project, maintainer, built) == [201] * AT_ONCE
    listed = yard.listed(project.id, "demo", maintainer)
    assert sorted(listed) == sorted(one.filename for one in built)


class Crowd:
    """Uploads, deletes and reads the releases of one package, all at once, for a while."""

    def __init__(self, yard: Yard, project: SeededProject, secret: str) -> None:
        self._yard = yard
        self._project = project.id
        self._api = f"/api/v4/projects/{project.id}/packages"
        self._secret = secret
        self._full = Event()
        self._over = Event()
        self.statuses: set[int] = set()
        self.deleted = 0
        self.serials: list[list[int]] = []

    def run(self, seconds: float, at_most: float = 60) -> None:
        """Go on for some *seconds*, and on a slow machine until enough has met."""
        parts: list[Callable[[int], None]] = []
        parts += [self._upload] * 4
        parts += [self._delete] * 2
        parts += [self._read] * 2
        with ThreadPoolExecutor(len(parts)) as pool:
            running = [pool.submit(part, number) for number, part in enumerate(parts)]
            began = time.monotonic()
            time.sleep(seconds)
            while not self.has_met() and time.monotonic() < began + at_most:
                time.sleep(0.1)
            # The last word is a delete's, or an upload would mend the page after it.
            self._full.set()
            time.sleep(0.5)
            self._over.set()
            for part in running:
                part.result()

    def has_met(self) -> bool:
        """Say whether uploads were taken and refused, releases deleted, and pages changed."""
        changes = [len(set(seen)) for seen in self.serials]
        return {201, 400} <= self.statuses and self.deleted > 3 and min(changes, default=0) > 3

    def _upload(self, number: int) -> None:
        yard, dice = self._yard.another_client(), random.Random(number)
        while not self._full.is_set():
            built = variant(dice.randrange(1000), f"1.{dice.randrange(4)}")
            self.statuses.add(yard.publish(self._project, built, self._secret).status_code)

    def _delete(self, number: int) -> None:
        yard, dice = self._yard.another_client(), random.Random(number)
        while not self._over.is_set():
            releases = yard.ask("GET", self._api, self._secret).get_json()
            if releases:
                address = f"{self._api}/{dice.choice(releases)['id']}"
                answer = yard.ask("DELETE", address, self._secret)
                assert answer.status_code in {204, 404}, answer.text
                self.deleted += answer.status_code == 204

    def _read(self, _number: int) -> None:
        yard, seen = self._yard.another_client(), list[int]()
        self.serials.append(seen)
        while not self._over.is_set():
            page = yard.page(self._project, "demo", self._secret)
            if page.status_code == 200:
                seen.append(int(page.headers["X-PyPI-Last-Serial"]))


def test_uploads_and_deletes_of_one_package_leave_its_page_as_the_database_says(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    crowd = Crowd(yard, project, maintainer)

    crowd.run(3)

    yard.kept.sweep()
    rows = yard.kept.files(project.id)
    there = [row for row in rows if row.deleted_at is None]
    assert {row.status for row in there} <= {FileStatus.PUBLISHED}
    listed = yard.listed(project.id, "demo", maintainer)
    assert sorted(listed) == sorted(row.filename for row in there)
    for row in there:
        assert yard.registry.blobs.size(row.blob_key) == row.size
    assert crowd.statuses <= {200, 201, 400}
    assert crowd.has_met()
    for seen in crowd.serials:
        assert seen == sorted(seen)
