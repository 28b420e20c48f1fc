"""The invariants of what simple pages show: 1, 2 and 4.

Every test was seen to fail with the code that keeps its invariant broken: docs/INVARIANTS.md says
how.
"""

import hashlib
import threading
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import update
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard
from tests.support.seed import LONG_AGO, SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.db.models import File

pytestmark = pytest.mark.integration


def wheel(version: str = "1.0", payload: bytes = b"") -> Built:
    return ADistribution().versioned(version).with_payload(payload).wheel()


def serial(answer: TestResponse) -> int:
    return int(answer.headers["X-PyPI-Last-Serial"])


def test_1_a_file_is_listed_if_and_only_if_it_is_published_and_not_deleted_or_quarantined(
    yard: Yard, project: SeededProject, maintainer: str, redis_server: RedisServer
) -> None:
    def readers() -> list[set[str]]:
        """What the page shows to those who remember it, who cached it, and who build it anew."""
        seen = [set(yard.listed(project.id, "demo", maintainer))]
        seen.append(set(yard.another_replica().listed(project.id, "demo", maintainer)))
        redis_server.flush()
        return [*seen, set(yard.another_replica().listed(project.id, "demo", maintainer))]

    good, later = wheel("1.0"), wheel("2.0")
    yard.must_publish(project.id, maintainer, good)
    assert readers() == [{good.filename}] * 3
    # Received and not decided about.
    impatient = replace(yard.registry.settings.limits, verdict_seconds=0)
    registry = replace(yard.registry, settings=replace(yard.registry.settings, limits=impatient))
    with yard.hand.resting():
        hurried = replace(yard, client=Client(create_api(registry)))
        assert hurried.publish(project.id, later, maintainer).status_code == 202
        assert readers() == [{good.filename}] * 3
    yard.kept.until_done()
    assert readers() == [{good.filename, later.filename}] * 3
    # Refused.
    bad = ADistribution().versioned("3.0").without("RECORD").wheel()
    assert yard.publish(project.id, bad, maintainer).status_code == 400
    assert readers() == [{good.filename, later.filename}] * 3
    # Quarantined: no address does it yet, so its row says so, and the page is made anew.
    with yard.kept.session() as session:
        session.execute(
            update(File).where(File.filename == later.filename).values(quarantined_at=LONG_AGO)
        )
    redis_server.flush()
    assert readers()[1:] == [{good.filename}] * 2
    # Deleted.
    with yard.kept.session() as session:
        session.execute(update(File).values(quarantined_at=None))
    packages = f"/api/v4/projects/{project.id}/packages"
    for release in yard.ask("GET", packages, maintainer).get_json():
        answer = yard.ask("DELETE", f"{packages}/{release['id']}", maintainer)
        assert answer.status_code == 204
    assert readers() == [set()] * 3


def test_2_every_listed_files_bytes_hash_to_the_digest_that_the_page_shows(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    good, rotten = wheel("1.0"), wheel("2.0")
    yard.must_publish(project.id, maintainer, good)
    # The store gives back other bytes than it was given, before anybody decided about them.
    with yard.hand.resting():
        answers: list[TestResponse] = []
        upload = threading.Thread(
            target=lambda: answers.append(yard.publish(project.id, rotten, maintainer))
        )
        upload.start()
        key = key_of(yard, project, rotten.filename)
        yard.registry.blobs.delete(key)
        other = wheel("2.0", b"EVIL = True\n").content
        yard.registry.blobs.put(key, BytesIO(other), len(other))
    upload.join(20)
    # Declared digests that are not those of the bytes.
    lying = wheel("3.0")
    lied = yard.publish(project.id, lying, maintainer, sha256_digest=rotten.sha256)

    assert [answer.status_code for answer in (*answers, lied)] == [400, 400]
    listing = yard.listing(project.id, "demo", maintainer)
    assert [file["filename"] for file in listing] == [good.filename]
    for file in listing:
        url = file["url"].partition("#")[0]
        for address, digest in (
            (url, file["hashes"]["sha256"]),
            (f"{url}.metadata", file["core-metadata"]["sha256"]),
        ):
            content = yard.ask("GET", address, maintainer)
            assert content.status_code == 200
            assert hashlib.sha256(content.data).hexdigest() == digest


def key_of(yard: Yard, project: SeededProject, filename: str) -> str:
    """Return where the bytes of a received file are, as soon as it has a row."""
    kept = yard.kept
    kept.until(lambda: filename in kept.filenames(project.id), f"{filename} is received")
    [key] = [file.blob_key for file in kept.files(project.id) if file.filename == filename]
    return key


def test_4_a_page_never_goes_back(
    yard: Yard, project: SeededProject, maintainer: str, redis_server: RedisServer
) -> None:
    yard.must_publish(project.id, maintainer, wheel("1.0"))
    older = yard.page(project.id, "demo", maintainer)
    [key] = [key for key in stored(redis_server) if key.endswith(b":demo")]
    stale = stored(redis_server)[key]
    yard.must_publish(project.id, maintainer, wheel("2.0"))
    newer = yard.page(project.id, "demo", maintainer)
    assert serial(newer) > serial(older)

    # A renderer that was slow comes with what it made of the older rows.
    name = key.decode().removeprefix("wheelyard:")
    assert yard.registry.cache.put(name, stale) != stale
    assert stored(redis_server)[key] != stale

    for replica in (yard, yard.another_replica()):
        assert serial(replica.page(project.id, "demo", maintainer)) == serial(newer)
        assert len(replica.listed(project.id, "demo", maintainer)) == 2
    # The same, after Redis was emptied: it cannot know better, but who has seen more does.
    redis_server.flush()
    assert yard.registry.cache.put(name, stale) == stale
    assert serial(yard.page(project.id, "demo", maintainer)) == serial(newer)


def test_4_a_reader_never_gets_an_older_page_than_its_replica_has_shown(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    seen: list[int] = []
    over = threading.Event()

    def read() -> None:
        reader = yard.another_client()
        while not over.is_set():
            answer = reader.page(project.id, "demo", maintainer)
            if answer.status_code == 200:
                seen.append(serial(answer))

    yard.must_publish(project.id, maintainer, wheel("0.1"))
    reading = threading.Thread(target=read)
    reading.start()
    for number in range(100):
        yard.must_publish(project.id, maintainer, wheel(f"1.{number}"))
        if number > 10 and len(set(seen)) > 2:
            break
    over.set()
    reading.join(20)

    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def stored(server: RedisServer) -> dict[bytes, bytes]:
    """Return the pages in Redis."""
    with server.client() as client:
        keys = [key for key in client.keys("*page:*") if isinstance(key, bytes)]
        return {key: value for key in keys if isinstance(value := client.get(key), bytes)}
