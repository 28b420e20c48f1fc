"""The nine invariants of the design, each through the front door.

Every test was seen to fail with the code that keeps its invariant broken: docs/INVARIANTS.md says
how.
"""

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.orm import Session
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard, environment, in_process
from tests.support.seed import SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.db.models import File, OutboxMessage
from wheelyard_core.domain.access import Role, Scope, Visibility
from wheelyard_core.domain.work import Promise
from wheelyard_core.usecases.sweep import sweep_outbox
from wheelyard_indexer.app import create_app as create_indexer
from wheelyard_standalone.web import dispatch

pytestmark = pytest.mark.integration

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings() -> dict[str, str]:
    """What a test sets beside the usual."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def yard(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    redis_server: RedisServer,
    settings: dict[str, str],
) -> Iterator[Yard]:
    url = f"sqlite:///{tmp_path}/wheelyard.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_database()
    with in_process(environment(tmp_path, url, redis_server.url) | settings) as started:
        yield started


@pytest.fixture
def project(yard: Yard) -> SeededProject:
    return yard.seed.project()


@pytest.fixture
def secret(yard: Yard, project: SeededProject) -> str:
    """A personal token of a maintainer of the project."""
    return yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))


def wheel(version: str = "1.0", payload: bytes = b"") -> Built:
    return ADistribution().versioned(version).with_payload(payload).wheel()


def another_replica(yard: Yard) -> Yard:
    """Return a second pair of web applications, with memories of their own."""
    application = dispatch(create_api(yard.registry), create_indexer(yard.registry))
    return replace(yard, client=Client(application))


def page(yard: Yard, project: SeededProject, secret: str) -> TestResponse:
    """Return the package's simple page; nobody's cache but the registry's own is asked."""
    address = f"/api/v4/projects/{project.id}/packages/pypi/simple/demo/"
    return yard.client.get(address, headers={"PRIVATE-TOKEN": secret, **JSON})


def listing(yard: Yard, project: SeededProject, secret: str) -> dict[str, dict[str, Any]]:
    answer = page(yard, project, secret)
    assert answer.status_code == 200, answer.text
    return {file["filename"]: file for file in answer.get_json(force=True)["files"]}


def serial(answer: TestResponse) -> int:
    return int(answer.headers["X-PyPI-Last-Serial"])


def published(yard: Yard, project: SeededProject, secret: str, *built: Built) -> None:
    for one in built:
        answer = yard.publish(project.id, one, secret)
        assert answer.status_code == 201, answer.text


@contextmanager
def rows(yard: Yard) -> Iterator[Session]:
    engine = create_engine(yard.registry.settings.database.url)
    with Session(engine) as session:
        yield session
        session.commit()
    engine.dispose()


def promised(yard: Yard) -> int:
    with rows(yard) as session:
        return session.scalar(select(func.count(OutboxMessage.id))) or 0


def count_files(yard: Yard, project: SeededProject) -> int:
    query = select(func.count(File.id)).where(File.project_id == project.id)
    with rows(yard) as session:
        return session.scalar(query) or 0


def wait_until_done(yard: Yard) -> None:
    deadline = time.monotonic() + 20
    while promised(yard):
        assert time.monotonic() < deadline, "the outbox is not empty"
        time.sleep(0.05)


def sweep(yard: Yard) -> None:
    """Do what the scheduler does once broken uploads are old enough."""
    wait_until_done(yard)
    yard.registry.cleaner().clean_uploads(yard.registry.now() + timedelta(days=1))


def delete_release(yard: Yard, project: SeededProject, secret: str) -> None:
    address = f"/api/v4/projects/{project.id}/packages"
    [release] = yard.ask("GET", address, secret).get_json()
    assert yard.ask("DELETE", f"{address}/{release['id']}", secret).status_code == 204


def test_1_a_file_is_listed_if_and_only_if_it_is_published_and_not_deleted_or_quarantined(
    yard: Yard, project: SeededProject, secret: str, redis_server: RedisServer
) -> None:
    def readers() -> list[set[str]]:
        """What the page shows to those who remember it, who cached it, and who build it anew."""
        seen = [set(listing(yard, project, secret))]
        seen.append(set(listing(another_replica(yard), project, secret)))
        redis_server.flush()
        return [*seen, set(listing(another_replica(yard), project, secret))]

    good, later = wheel("1.0"), wheel("2.0")
    published(yard, project, secret, good)
    assert readers() == [{good.filename}] * 3
    # Received and not decided about.
    impatient = replace(yard.registry.settings.limits, verdict_seconds=0)
    registry = replace(yard.registry, settings=replace(yard.registry.settings, limits=impatient))
    with yard.hand.resting():
        hurried = replace(yard, client=Client(create_api(registry)))
        assert hurried.publish(project.id, later, secret).status_code == 202
        assert readers() == [{good.filename}] * 3
    wait_until_done(yard)
    assert readers() == [{good.filename, later.filename}] * 3
    # Refused.
    bad = ADistribution().versioned("3.0").without("RECORD").wheel()
    assert yard.publish(project.id, bad, secret).status_code == 400
    assert readers() == [{good.filename, later.filename}] * 3
    # Quarantined: no address does it yet, so its row says so, and the page is made anew.
    with rows(yard) as session:
        session.execute(
            update(File).where(File.filename == later.filename).values(quarantined_at=LONG_AGO)
        )
    redis_server.flush()
    assert readers()[1:] == [{good.filename}] * 2
    # Deleted.
    with rows(yard) as session:
        session.execute(update(File).values(quarantined_at=None))
    for release in yard.ask("GET", f"/api/v4/projects/{project.id}/packages", secret).get_json():
        address = f"/api/v4/projects/{project.id}/packages/{release['id']}"
        assert yard.ask("DELETE", address, secret).status_code == 204
    assert readers() == [set()] * 3


def test_2_every_listed_files_bytes_hash_to_the_digest_that_the_page_shows(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    good, rotten = wheel("1.0"), wheel("2.0")
    published(yard, project, secret, good)
    # The store gives back other bytes than it was given, before anybody decided about them.
    with yard.hand.resting():
        answers: list[TestResponse] = []
        upload = threading.Thread(
            target=lambda: answers.append(yard.publish(project.id, rotten, secret))
        )
        upload.start()
        key = key_of(yard, rotten.filename)
        yard.registry.blobs.delete(key)
        other = wheel("2.0", b"EVIL = True\n").content
        yard.registry.blobs.put(key, BytesIO(other), len(other))
    upload.join(20)
    # Declared digests that are not those of the bytes.
    lying = wheel("3.0")
    form = {
        "name": "demo",
        "version": "3.0",
        "sha256_digest": rotten.sha256,
        "content": (BytesIO(lying.content), lying.filename),
    }
    basic = base64.b64encode(f"__token__:{secret}".encode()).decode()
    lied = yard.client.post(
        f"/api/v4/projects/{project.id}/packages/pypi",
        data=form,
        headers={"Authorization": f"Basic {basic}"},
    )

    assert [answer.status_code for answer in (*answers, lied)] == [400, 400]
    listed = listing(yard, project, secret)
    assert set(listed) == {good.filename}
    for file in listed.values():
        url = file["url"].partition("#")[0]
        for address, digest in (
            (url, file["hashes"]["sha256"]),
            (f"{url}.metadata", file["core-metadata"]["sha256"]),
        ):
            content = yard.client.get(address, headers={"PRIVATE-TOKEN": secret})
            assert content.status_code == 200
            assert hashlib.sha256(content.data).hexdigest() == digest


def key_of(yard: Yard, filename: str) -> str:
    """Return where the bytes of a received file are, as soon as it has a row."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with rows(yard) as session:
            found = session.scalar(select(File.blob_key).where(File.filename == filename))
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{filename} was not received")


class TestAnAcknowledgedFile:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"WHEELYARD_VERDICT_SECONDS": "0"}

    def test_3_is_not_lost_with_redis_or_with_the_process_that_works_on_it(
        self, yard: Yard, project: SeededProject, secret: str, redis_server: RedisServer
    ) -> None:
        """Real processes are killed in tests/e2e/test_crashes.py."""
        with yard.hand.resting() as hints:
            assert yard.publish(project.id, wheel(), secret).status_code == 202
            # Every hint is lost, with all that Redis had.
            lost = [promise.message_id for promise in hints]
            hints.clear()
            redis_server.flush()
            # A worker that has begun dies: its lease runs out.
            with yard.registry.database.begin() as uow:
                assert uow.outbox.claim(lost[0]) is not None
                uow.commit()
        with rows(yard) as session:
            session.execute(
                update(OutboxMessage).values(leased_until=LONG_AGO, not_before=LONG_AGO)
            )

        class Queue:
            def send(self, due: list[Promise]) -> bool:
                return yard.hand.send(due)

        assert sweep_outbox(yard.registry.database, Queue()) == 1  # type: ignore[arg-type]  # a list is what comes
        wait_until_done(yard)

        assert set(listing(yard, project, secret)) == {wheel().filename}


def test_4_a_page_never_goes_back(
    yard: Yard, project: SeededProject, secret: str, redis_server: RedisServer
) -> None:
    published(yard, project, secret, wheel("1.0"))
    older = page(yard, project, secret)
    [key] = [key for key in stored(redis_server) if key.endswith(b":demo")]
    stale = stored(redis_server)[key]
    published(yard, project, secret, wheel("2.0"))
    newer = page(yard, project, secret)
    assert serial(newer) > serial(older)

    # A renderer that was slow comes with what it made of the older rows.
    name = key.decode().removeprefix("wheelyard:")
    assert yard.registry.cache.put(name, stale) != stale
    assert stored(redis_server)[key] != stale

    for replica in (yard, another_replica(yard)):
        assert serial(page(replica, project, secret)) == serial(newer)
        assert len(listing(replica, project, secret)) == 2
    # The same, after Redis was emptied: it cannot know better, but who has seen more does.
    redis_server.flush()
    assert yard.registry.cache.put(name, stale) == stale
    assert serial(page(yard, project, secret)) == serial(newer)


def stored(server: RedisServer) -> dict[bytes, bytes]:
    """Return the pages in Redis."""
    with server.client() as client:
        keys = [key for key in client.keys("*page:*") if isinstance(key, bytes)]
        return {key: value for key in keys if isinstance(value := client.get(key), bytes)}


def test_4_a_reader_never_gets_an_older_page_than_its_replica_has_shown(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    seen: list[int] = []
    over = threading.Event()

    def read() -> None:
        reader = replace(yard, client=Client(yard.client.application))
        while not over.is_set():
            answer = page(reader, project, secret)
            if answer.status_code == 200:
                seen.append(serial(answer))

    published(yard, project, secret, wheel("0.1"))
    reading = threading.Thread(target=read)
    reading.start()
    published(yard, project, secret, *(wheel(f"1.{n}") for n in range(10)))
    over.set()
    reading.join(20)

    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_5_of_two_uploads_of_one_name_at_once_exactly_one_wins(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    together = threading.Barrier(2)

    def reach(point: str) -> None:
        if point == "blob-stored":
            together.wait(20)

    application = create_api(replace(yard.registry, reach=reach))
    answers: list[TestResponse] = []

    def publish(payload: bytes) -> None:
        client = Client(application)
        built = wheel("1.0", payload)
        answers.append(replace(yard, client=client).publish(project.id, built, secret))

    threads = [threading.Thread(target=publish, args=(text,)) for text in (b"a = 1\n", b"b = 1\n")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    lost, won = sorted(answers, key=lambda answer: -answer.status_code)
    assert (won.status_code, lost.status_code) == (201, 400)
    assert "already exists" in lost.get_json()["message"]
    assert count_files(yard, project) == 1


def test_6_same_bytes_again_succeed_and_other_bytes_are_refused_until_a_delete(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    first, other = wheel("1.0"), wheel("1.0", b"CHANGED = True\n")
    published(yard, project, secret, first)
    before = serial(page(yard, project, secret))

    assert yard.publish(project.id, first, secret).status_code == 200
    assert serial(page(yard, project, secret)) == before
    assert count_files(yard, project) == 1
    refused = yard.publish(project.id, other, secret)
    assert refused.status_code == 400
    assert "already exists" in refused.get_json()["message"]

    delete_release(yard, project, secret)
    assert yard.publish(project.id, other, secret).status_code == 201
    assert listing(yard, project, secret)[other.filename]["hashes"]["sha256"] == other.sha256


class TestWhereNamesAreBurned:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"WHEELYARD_BURN_FILENAMES": "true"}

    def test_6_the_name_of_a_deleted_file_is_taken_for_ever(
        self, yard: Yard, project: SeededProject, secret: str
    ) -> None:
        published(yard, project, secret, wheel("1.0"))
        delete_release(yard, project, secret)

        assert yard.publish(project.id, wheel("1.0", b"x = 1\n"), secret).status_code == 400
        assert yard.publish(project.id, wheel("1.0"), secret).status_code == 201


def test_7_a_revoked_token_stops_at_once_on_every_replica(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    published(yard, project, secret, wheel())
    replicas = [yard, another_replica(yard), another_replica(yard)]
    for replica in 3 * replicas:
        assert page(replica, project, secret).status_code == 200

    gone = yard.ask("DELETE", "/api/v4/personal_access_tokens/self", secret)

    assert gone.status_code == 204
    assert [page(replica, project, secret).status_code for replica in replicas] == [401] * 3
    assert yard.publish(project.id, wheel("2.0"), secret).status_code == 401


def test_7_an_expired_token_stops_at_once_on_every_replica(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    published(yard, project, secret, wheel())
    deploy = yard.seed.deploy_token(Scope.READ_REGISTRY, project=project)
    replicas = [yard, another_replica(yard)]
    expires(yard, deploy, datetime.now(UTC) + timedelta(seconds=1.5))
    basic = base64.b64encode(f"deployer:{deploy}".encode()).decode()
    address = f"/api/v4/projects/{project.id}/packages/pypi/simple/demo/"

    def statuses() -> set[int]:
        headers = {"Authorization": f"Basic {basic}"}
        return {one.client.get(address, headers=headers).status_code for one in 3 * replicas}

    assert statuses() == {200}
    time.sleep(1.6)
    assert statuses() == {401}


def expires(yard: Yard, token: str, moment: datetime) -> None:
    yard.seed._change(token, expires_at=moment)  # noqa: SLF001  what `expired` does, at a later time


@pytest.mark.parametrize("who", ["a stranger", "anonymous"])
def test_8_nobody_learns_of_a_private_project_or_reads_its_bytes(
    yard: Yard, project: SeededProject, secret: str, who: str
) -> None:
    published(yard, project, secret, wheel())
    file = listing(yard, project, secret)[wheel().filename]["url"].partition("#")[0]
    token = yard.seed.personal_token(yard.seed.user()) if who == "a stranger" else None
    # The owner has just read everything: what is remembered for one is not for another.
    for _ in range(3):
        listing(yard, project, secret)
    for address in (file, f"{file}.metadata"):
        with yard.ask("GET", address, secret) as owned:
            assert (owned.status_code, len(owned.data) > 0) == (200, True)
    real, none = str(project.id), "987654321"
    api = "/api/v4/projects/{}/packages"
    addresses = [
        *(f"{api}/pypi/simple", f"{api}/pypi/simple/", f"{api}/pypi/simple/demo/"),
        *(api, f"{api}/1", f"{api}/1/package_files", "/api/v4/projects/{}"),
        *(file.replace(f"/{real}/", "/{}/"), file.replace(f"/{real}/", "/{}/") + ".metadata"),
    ]
    for address in addresses:
        told = [yard.ask("GET", address.format(one), token) for one in (real, none)]
        assert told[0].status_code == (404 if token else 401), address
        assert told[0].status_code == told[1].status_code, address
        assert told[0].text == told[1].text, address
    public = yard.seed.project(visibility=Visibility.PUBLIC)
    borrowed = file.replace(f"/{real}/", f"/{public.id}/")
    assert yard.ask("GET", borrowed, token).status_code == 404


def test_9_a_refused_upload_leaves_no_row_and_no_blob(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    hostile = ADistribution().with_member("../escape.py", b"x = 1\n").wheel()
    lying = wheel().holding(wheel("1.0", b"other = 1\n").content)
    unsigned = ADistribution().without("RECORD").wheel()

    assert yard.publish(project.id, hostile, secret).status_code == 400
    assert yard.publish(project.id, unsigned, secret).status_code == 400
    lying_form = {
        "name": "demo",
        "version": "1.0",
        "sha256_digest": wheel().sha256,
        "content": (BytesIO(lying.content), lying.filename),
    }
    basic = base64.b64encode(f"__token__:{secret}".encode()).decode()
    lied = yard.client.post(
        f"/api/v4/projects/{project.id}/packages/pypi",
        data=lying_form,
        headers={"Authorization": f"Basic {basic}"},
    )
    assert lied.status_code == 400

    sweep(yard)
    assert count_files(yard, project) == 0
    assert list(yard.registry.blobs.keys("")) == []


def test_9_a_broken_upload_leaves_no_row_and_after_the_sweep_no_blob(
    yard: Yard, project: SeededProject, secret: str
) -> None:
    # One client goes away in the middle; one process dies between the bytes and the row.
    application = yard.client.application
    server = make_server("127.0.0.1", 0, application, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        break_off(server.port, project, secret)
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()

    def die(point: str) -> None:
        if point == "blob-stored":
            raise SystemExit

    dying = create_api(replace(yard.registry, reach=die))
    with pytest.raises(SystemExit):
        replace(yard, client=Client(dying)).publish(project.id, wheel("2.0"), secret)
    left = list(yard.registry.blobs.keys(""))
    assert len(left) == 1

    sweep(yard)
    assert count_files(yard, project) == 0
    assert list(yard.registry.blobs.keys("")) == []


def break_off(port: int, project: SeededProject, secret: str) -> None:
    """Send the first half of an upload, and hang up."""
    built = wheel("1.0", b"#" * 200_000)
    head = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (
            ("name", built.name),
            ("version", built.version),
            ("sha256_digest", built.sha256),
        )
    )
    head += f'--b\r\nContent-Disposition: form-data; name="content"; filename="{built.filename}"'
    body = head.encode() + b"\r\n\r\n" + built.content
    basic = base64.b64encode(f"__token__:{secret}".encode()).decode()
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(
            f"POST /api/v4/projects/{project.id}/packages/pypi HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Basic {basic}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {len(body) + 100_000}\r\n\r\n".encode()
            + body
        )
        client.shutdown(socket.SHUT_WR)
        client.settimeout(20)
        assert b"400" in client.recv(4096)[:40]
