"""The invariants of uploads, whatever becomes of them: 3, 5, 6 and 9.

Every test was seen to fail with the code that keeps its invariant broken: docs/INVARIANTS.md says
how.
"""

import random
import socket
import threading
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, head_of
from tests.support.in_process import Yard
from tests.support.seed import LONG_AGO, SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from wheelyard_api.app import create_app as create_api
from wheelyard_core.adapters.db.models import OutboxMessage
from wheelyard_core.usecases.sweep import sweep_outbox

pytestmark = pytest.mark.integration


def wheel(version: str = "1.0", payload: bytes = b"") -> Built:
    return ADistribution().versioned(version).with_payload(payload).wheel()


def delete_release(yard: Yard, project: SeededProject, secret: str) -> None:
    address = f"/api/v4/projects/{project.id}/packages"
    [release] = yard.ask("GET", address, secret).get_json()
    assert yard.ask("DELETE", f"{address}/{release['id']}", secret).status_code == 204


class TestAnAcknowledgedFile:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"WHEELYARD_VERDICT_SECONDS": "0"}

    def test_3_is_not_lost_with_redis_or_with_the_process_that_works_on_it(
        self, yard: Yard, project: SeededProject, maintainer: str, redis_server: RedisServer
    ) -> None:
        """Real processes are killed in tests/e2e/test_crashes.py."""
        with yard.hand.resting() as hints:
            assert yard.publish(project.id, wheel(), maintainer).status_code == 202
            # Every hint is lost, with all that Redis had.
            lost = [promise.message_id for promise in hints]
            hints.clear()
            redis_server.flush()
            # A worker that has begun dies: its lease runs out.
            with yard.registry.database.begin() as uow:
                assert uow.outbox.claim(lost[0]) is not None
                uow.commit()
        with yard.kept.session() as session:
            session.execute(
                update(OutboxMessage).values(leased_until=LONG_AGO, not_before=LONG_AGO)
            )

        assert sweep_outbox(yard.registry.database, yard.hand) == 1
        yard.kept.until_done()

        assert yard.listed(project.id, "demo", maintainer) == [wheel().filename]


def test_5_of_two_uploads_of_one_name_at_once_exactly_one_wins(
    yard: Yard, project: SeededProject, maintainer: str
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
        answers.append(replace(yard, client=client).publish(project.id, built, maintainer))

    threads = [threading.Thread(target=publish, args=(text,)) for text in (b"a = 1\n", b"b = 1\n")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    lost, won = sorted(answers, key=lambda answer: -answer.status_code)
    assert (won.status_code, lost.status_code) == (201, 400)
    assert "already exists" in lost.get_json()["message"]
    assert len(yard.kept.files(project.id)) == 1


def test_6_same_bytes_again_succeed_and_other_bytes_are_refused_until_a_delete(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    first, other = wheel("1.0"), wheel("1.0", b"CHANGED = True\n")
    yard.must_publish(project.id, maintainer, first)
    before = yard.page(project.id, "demo", maintainer).headers["X-PyPI-Last-Serial"]

    assert yard.publish(project.id, first, maintainer).status_code == 200
    after = yard.page(project.id, "demo", maintainer).headers["X-PyPI-Last-Serial"]
    assert after == before
    assert len(yard.kept.files(project.id)) == 1
    refused = yard.publish(project.id, other, maintainer)
    assert refused.status_code == 400
    assert "already exists" in refused.get_json()["message"]

    delete_release(yard, project, maintainer)
    assert yard.publish(project.id, other, maintainer).status_code == 201
    [listed] = yard.listing(project.id, "demo", maintainer)
    assert (listed["filename"], listed["hashes"]["sha256"]) == (other.filename, other.sha256)


class TestWhereNamesAreBurned:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"WHEELYARD_BURN_FILENAMES": "true"}

    def test_6_the_name_of_a_deleted_file_is_taken_for_ever(
        self, yard: Yard, project: SeededProject, maintainer: str
    ) -> None:
        yard.must_publish(project.id, maintainer, wheel("1.0"))
        delete_release(yard, project, maintainer)

        assert yard.publish(project.id, wheel("1.0", b"x = 1\n"), maintainer).status_code == 400
        assert yard.publish(project.id, wheel("1.0"), maintainer).status_code == 201


def test_9_a_refused_upload_leaves_no_row_and_no_blob(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    hostile = ADistribution().with_member("../escape.py", b"x = 1\n").wheel()
    lying = wheel().holding(wheel("1.0", b"other = 1\n").content)
    unsigned = ADistribution().without("RECORD").wheel()

    assert yard.publish(project.id, hostile, maintainer).status_code == 400
    assert yard.publish(project.id, unsigned, maintainer).status_code == 400
    lied = yard.publish(project.id, lying, maintainer, sha256_digest=wheel().sha256)
    assert lied.status_code == 400

    yard.kept.sweep()
    assert yard.kept.files(project.id) == []
    assert yard.kept.blobs() == set()


def test_9_a_broken_upload_leaves_no_row_and_after_the_sweep_no_blob(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    # One client goes away in the middle; one process dies between the bytes and the row.
    application = yard.client.application
    server = make_server("127.0.0.1", 0, application, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        address = f"http://127.0.0.1:{server.port}/api/v4/projects/{project.id}/packages/pypi"
        break_off(address, maintainer)
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()

    def die(point: str) -> None:
        if point == "blob-stored":
            raise SystemExit

    dying = create_api(replace(yard.registry, reach=die))
    with pytest.raises(SystemExit):
        replace(yard, client=Client(dying)).publish(project.id, wheel("2.0"), maintainer)
    assert len(yard.kept.blobs()) == 1

    yard.kept.sweep()
    assert yard.kept.files(project.id) == []
    assert yard.kept.blobs() == set()


def break_off(address: str, secret: str) -> None:
    """Send the first half of an upload, and hang up."""
    noise = random.Random(9).randbytes(200_000)
    body = AForm.of(ADistribution().with_member("noise.bin", noise).wheel()).body()
    server = urlsplit(address)
    with socket.create_connection((server.hostname, server.port), 10) as client:
        client.sendall(head_of(address, secret, len(body)) + body[: len(body) // 2])
        client.shutdown(socket.SHUT_WR)
        client.settimeout(20)
        assert b"400" in client.recv(4096)[:40]
