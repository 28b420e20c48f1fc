"""Many at once on one name: exactly one wins, and the page tells the truth afterwards."""

import base64
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard, environment, in_process
from tests.support.seed import SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.db.models import File, OutboxMessage
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import Role
from wheelyard_core.domain.catalogue import FileStatus

pytestmark = pytest.mark.integration

AT_ONCE = 16
_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture(params=["sqlite", "postgresql"])
def yard(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer
) -> Iterator[Yard]:
    url = f"sqlite:///{tmp_path}/wheelyard.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_database()
    settings = environment(tmp_path, url, redis_server.url) | {"WHEELYARD_VERDICT_SECONDS": "30"}
    with in_process(settings) as started:
        yield started
        assert started.hand.failures == []


@pytest.fixture
def project(yard: Yard) -> SeededProject:
    return yard.seed.project()


@pytest.fixture
def maintainer(yard: Yard, project: SeededProject) -> str:
    return yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))


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


def files_of(registry: Registry, project: SeededProject) -> list[File]:
    engine = create_engine(registry.settings.database.url)
    with Session(engine) as session:
        found = list(session.scalars(select(File).where(File.project_id == project.id)))
    engine.dispose()
    return found


def settle(yard: Yard) -> None:
    """Return when nothing is promised any more, and what broke was swept."""
    engine = create_engine(yard.registry.settings.database.url)
    deadline = time.monotonic() + 30
    with Session(engine) as session:
        while session.scalars(select(OutboxMessage.id)).first() is not None:
            session.rollback()
            assert time.monotonic() < deadline, "the outbox is not empty"
            time.sleep(0.05)
    engine.dispose()
    yard.registry.cleaner().clean_uploads(yard.registry.now() + timedelta(days=1))


def test_of_many_files_of_one_name_exactly_one_is_published(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    built = [variant(number) for number in range(AT_ONCE)]

    statuses = publish_all(yard, project, maintainer, built)

    assert sorted(statuses) == [201] + [400] * (AT_ONCE - 1)
    [row] = files_of(yard.registry, project)
    assert row.sha256 == built[statuses.index(201)].sha256
    assert yard.listed(project.id, "demo", maintainer) == [row.filename]
    settle(yard)
    assert set(yard.registry.blobs.keys("")) == {row.blob_key, f"{row.blob_key}.metadata"}


def test_of_one_file_sent_many_times_all_succeed_and_one_is_kept(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    statuses = publish_all(yard, project, maintainer, [variant(0)] * AT_ONCE)

    assert sorted(statuses) == [200] * (AT_ONCE - 1) + [201]
    [row] = files_of(yard.registry, project)
    settle(yard)
    assert set(yard.registry.blobs.keys("")) == {row.blob_key, f"{row.blob_key}.metadata"}


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
        self._application = yard.client.application
        self._api = f"/api/v4/projects/{project.id}/packages"
        basic = base64.b64encode(f"__token__:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}"}
        self._secret = {"PRIVATE-TOKEN": secret}
        self._full = Event()
        self._over = Event()
        self.statuses: set[int] = set()
        self.deleted = 0
        self.serials: list[list[int]] = []

    def run(self, seconds: float) -> None:
        parts: list[Callable[[int], None]] = []
        parts += [self._upload] * 4
        parts += [self._delete] * 2
        parts += [self._read] * 2
        with ThreadPoolExecutor(len(parts)) as pool:
            running = [pool.submit(part, number) for number, part in enumerate(parts)]
            time.sleep(seconds)
            # The last word is a delete's, or an upload would mend the page after it.
            self._full.set()
            time.sleep(0.5)
            self._over.set()
            for part in running:
                part.result()

    def _upload(self, number: int) -> None:
        client, dice = Client(self._application), random.Random(number)
        while not self._full.is_set():
            built = variant(dice.randrange(1000), f"1.{dice.randrange(4)}")
            form = {
                ":action": "file_upload",
                "name": built.name,
                "version": built.version,
                "sha256_digest": built.sha256,
                "content": (BytesIO(built.content), built.filename),
            }
            answer = client.post(f"{self._api}/pypi", data=form, headers=self._headers)
            self.statuses.add(answer.status_code)

    def _delete(self, number: int) -> None:
        client, dice = Client(self._application), random.Random(number)
        while not self._over.is_set():
            releases = client.get(self._api, headers=self._secret).get_json()
            if releases:
                one = dice.choice(releases)["id"]
                answer = client.delete(f"{self._api}/{one}", headers=self._secret)
                assert answer.status_code in {204, 404}, answer.text
                self.deleted += answer.status_code == 204

    def _read(self, _number: int) -> None:
        client, seen = Client(self._application), list[int]()
        self.serials.append(seen)
        while not self._over.is_set():
            page = client.get(f"{self._api}/pypi/simple/demo/", headers={**self._secret, **_JSON})
            if page.status_code == 200:
                seen.append(int(page.headers["X-PyPI-Last-Serial"]))


def test_uploads_and_deletes_of_one_package_leave_its_page_as_the_database_says(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    crowd = Crowd(yard, project, maintainer)

    crowd.run(6)

    settle(yard)
    rows = files_of(yard.registry, project)
    there = [row for row in rows if row.deleted_at is None]
    assert {row.status for row in there} <= {FileStatus.PUBLISHED}
    listed = yard.listed(project.id, "demo", maintainer)
    assert sorted(listed) == sorted(row.filename for row in there)
    for row in there:
        assert yard.registry.blobs.size(row.blob_key) == row.size
    assert crowd.statuses <= {200, 201, 400}
    assert {201, 400} <= crowd.statuses
    assert crowd.deleted > 3
    for seen in crowd.serials:
        assert seen == sorted(seen)
        assert len(set(seen)) > 3
