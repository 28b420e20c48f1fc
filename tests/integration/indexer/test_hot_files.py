"""Files out of memory: the same answers, and never one that is not right any more."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from tests.integration.indexer.conftest import (
    Reader,
    Replica,
    change_access,
    gets,
    headers_of,
    revoke,
)
from tests.integration.standstill import Clock
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard, counted
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS
from wheelyard_core.adapters.db.models import ProjectRow, Token
from wheelyard_core.domain.access import Anonymous, Role, Visibility
from wheelyard_core.domain.standing import PackageStatus, Standing
from wheelyard_core.domain.tokens import lookup_of
from wheelyard_core.usecases.set_status import StatusSetter
from wheelyard_indexer.sending import PIECE

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()
# In two pieces, and smaller than what the test client would leave in an open file.
LARGE = (
    ADistribution()
    .named("large", "1.0")
    .with_payload(random.Random(1).randbytes(PIECE + PIECE // 2))
    .wheel()
)
SIZE = len(LARGE.content)
SMALL = f"files/{ONE.sha256}/{ONE.filename}"
METADATA = f"{SMALL}.metadata"
WHOLE = f"files/{LARGE.sha256}/{LARGE.filename}"
ETAG = f'"{LARGE.sha256}"'


@pytest.fixture
def published(reader: Reader) -> Reader:
    for built in (ONE, LARGE):
        assert reader.yard.publish(reader.project.id, built, reader.secret).status_code == 201
    return reader


@pytest.fixture
def replicas(yard: Yard, replica: Replica) -> list[Replica]:
    return [replica, Replica.of(yard)]


@pytest.mark.usefixtures("trusting")
def test_a_hit_asks_nobody(published: Reader, replica: Replica, redis_server: RedisServer) -> None:
    alias = f"/{published.project.path}/{SMALL}"
    for path in (SMALL, METADATA, alias, WHOLE):
        replica.warm(published, path)
    asked = gets(redis_server)

    with counted(published.yard) as statements:
        bodies = [replica.ask(published, path).data for path in (SMALL, alias, WHOLE)]
        assert replica.ask(published, METADATA).status_code == 200

    assert statements == []
    assert gets(redis_server) == asked
    assert bodies == [ONE.content, ONE.content, LARGE.content]


@pytest.mark.usefixtures("trusting")
def test_another_file_for_known_credentials_costs_one_statement(
    published: Reader, replica: Replica
) -> None:
    replica.warm(published, SMALL)

    assert replica.statements(published, WHOLE) <= 2  # with SQLite's or PostgreSQL's own first word
    assert replica.statements(published, WHOLE) == 0


@pytest.mark.usefixtures("trusting")
def test_memory_and_flask_give_the_same_answers(published: Reader, replica: Replica) -> None:
    ranges = (None, "bytes=0-9", "bytes=-7", "bytes=5-", f"bytes={SIZE}-", "bytes=1-0", "x=1-2")
    conditions: tuple[dict[str, str], ...] = (
        {},
        {"If-None-Match": ETAG},
        {"If-Range": ETAG},
        {"If-Range": '"other"'},
    )
    for path in (SMALL, METADATA, WHOLE):
        replica.warm(published, path)

    for path, wanted, condition, method in product(
        (SMALL, METADATA, WHOLE), ranges, conditions, ("GET", "HEAD")
    ):
        asked = {**condition, **({} if wanted is None else {"Range": wanted})}
        hot = replica.ask(published, path, asked, method)
        # With a query, Flask answers.
        cold = replica.ask(published, f"{path}?x=1", asked, method)
        assert (hot.status, hot.data) == (cold.status, cold.data)
        assert headers_of(hot) == headers_of(cold)


@pytest.mark.usefixtures("trusting")
def test_a_hit_is_one_event_in_the_words_of_a_miss(published: Reader, replica: Replica) -> None:
    for path, size in ((SMALL, len(ONE.content)), (WHOLE, SIZE)):
        replica.warm(published, path)
        with capture_logs() as events:
            replica.ask(published, path)
            replica.ask(published, f"{path}?x=1").close()

        (of_hit, of_miss) = [event for event in events if event["event"] == "http_request"]
        apart = {"request_id", "duration_ms"}
        assert {k: v for k, v in of_hit.items() if k not in apart} == {
            k: v for k, v in of_miss.items() if k not in apart
        }
        assert (of_hit["actor"], of_hit["bytes"]) == ("person", size)


def test_a_deleted_file_is_gone_with_the_commit_before_its_page_is(
    published: Reader, replicas: list[Replica]
) -> None:
    yard = published.yard
    maintainer = yard.seed.personal_token(
        yard.seed.member(Role.MAINTAINER, project=published.project)
    )
    for replica in replicas:
        replica.warm(published, WHOLE)
        replica.warm(published, SMALL)
    index = f"/api/v4/projects/{published.project.id}/packages"
    (package,) = yard.ask("GET", f"{index}?package_name=large", maintainer).json or []

    with ThreadPoolExecutor(1) as pool, yard.hand.resting():
        deletion = pool.submit(yard.ask, "DELETE", f"{index}/{package['id']}", maintainer)
        # Nobody makes the page now, for which the deletion itself waits a while.
        deadline = time.monotonic() + 30
        while replicas[0].ask(published, WHOLE).status_code != 404:
            assert time.monotonic() < deadline
        # Twice: the first answer brought the grant back, and must not have brought the file.
        assert [each.ask(published, WHOLE).status_code for each in replicas * 2] == [404] * 4
        assert [each.ask(published, SMALL).status_code for each in replicas * 2] == [200] * 4
    assert deletion.result().status_code == 204


def test_a_quarantined_file_is_gone_with_the_commit_before_its_page_is(
    published: Reader, replicas: list[Replica]
) -> None:
    yard = published.yard
    for replica in replicas:
        replica.warm(published, WHOLE)
        replica.warm(published, f"{WHOLE}.metadata")

    with yard.hand.resting():
        quarantine(yard, published.project.id, "large")
        deadline = time.monotonic() + 30
        while {each.ask(published, WHOLE).status_code for each in replicas} != {404}:
            assert time.monotonic() < deadline
        assert [
            each.ask(published, path).status_code
            for each in replicas * 2
            for path in (WHOLE, f"{WHOLE}.metadata")
        ] == [404] * 8


def quarantine(yard: Yard, project_id: int, package: str) -> None:
    """Set the status without waiting for the page."""
    setter = StatusSetter(yard.registry.database)
    setter(project_id, package, Standing(PackageStatus.QUARANTINED), lambda _uow: Anonymous())


@pytest.mark.usefixtures("trusting")
def test_a_page_that_changes_takes_its_files_along(published: Reader, replica: Replica) -> None:
    replica.warm(published, SMALL)
    replica.warm(published, WHOLE)

    # What remains of a deletion whose api died before it could tell of it.
    yard = published.yard
    assert yard.publish(published.project.id, TWO, published.secret).status_code == 201

    assert replica.statements(published, SMALL) > 0
    assert replica.statements(published, WHOLE) == 0


def test_a_revoked_token_gets_no_file_of_any_replica(
    published: Reader, replicas: list[Replica]
) -> None:
    for _ in range(20):
        secret = published.yard.seed.developer_token(published.project)
        holder = replace(published, secret=secret)
        for each in replicas:
            each.warm(holder, SMALL)
            each.warm(holder, WHOLE)
        revoke(published.yard, secret)
        answers = [
            each.ask(holder, path).status_code for each in replicas for path in (SMALL, WHOLE)
        ]
        assert answers == [401] * 4


def test_a_token_gets_no_file_when_it_has_expired(published: Reader, clock: Clock) -> None:
    replica = Replica.of(clock.over(published.yard))
    secret = published.yard.seed.developer_token(published.project)
    # Sooner than any decision is forgotten.
    soon = GRANT_SECONDS / 2
    change_access(
        published.yard,
        update(Token)
        .where(Token.lookup == lookup_of(secret))
        .values(expires_at=clock.now() + timedelta(seconds=soon)),
    )
    holder = replace(published, secret=secret)
    replica.warm(holder, SMALL)

    clock.let_pass(soon)

    assert replica.ask(holder, SMALL).status_code == 401


def test_the_files_of_a_project_that_turns_private_close_at_once(
    public_reader: Reader, replica: Replica
) -> None:
    yard = public_reader.yard
    yard.publish(public_reader.project.id, ONE, public_reader.secret)
    anybody = replace(public_reader, secret="")
    replica.warm(anybody, SMALL)
    public = replica.ask(anybody, SMALL)

    change_access(
        yard,
        update(ProjectRow)
        .where(ProjectRow.id == public_reader.project.id)
        .values(visibility=Visibility.PRIVATE),
    )

    assert public.headers["Cache-Control"].endswith("public")
    assert replica.ask(anybody, SMALL).status_code == 401


def test_a_remembered_file_is_for_its_own_credentials_and_project(
    published: Reader, replica: Replica
) -> None:
    stranger = published.yard.seed.personal_token(published.yard.seed.user())
    other = published.yard.seed.project()
    replica.warm(published, SMALL)

    assert replica.ask(replace(published, secret=""), SMALL).status_code == 401
    assert replica.ask(replace(published, secret=stranger), SMALL).status_code == 404
    assert replica.ask(replace(published, project=other), SMALL).status_code == 404
    swapped = f"files/{LARGE.sha256}/{ONE.filename}"
    assert replica.ask(published, swapped).status_code == 404


def test_a_file_published_again_is_the_new_one(published: Reader, replica: Replica) -> None:
    yard = published.yard
    maintainer = yard.seed.personal_token(
        yard.seed.member(Role.MAINTAINER, project=published.project)
    )
    replica.warm(published, SMALL)
    index = f"/api/v4/projects/{published.project.id}/packages"
    (package,) = yard.ask("GET", f"{index}?package_name=demo", maintainer).json or []
    assert yard.ask("DELETE", f"{index}/{package['id']}", maintainer).status_code == 204
    assert replica.ask(published, SMALL).status_code == 404

    again = ADistribution().named("demo", "1.0").with_payload(b"other").wheel()
    assert yard.publish(published.project.id, again, published.secret).status_code == 201

    path = f"files/{again.sha256}/{again.filename}"
    assert replica.ask(published, path).data == again.content
    assert replica.ask(published, SMALL).status_code == 404


def test_without_redis_files_are_right_and_not_from_memory(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    replica.warm(published, SMALL)
    redis_server.stop()

    answer = replica.ask(published, SMALL)
    revoke(published.yard, published.secret)
    refused = replica.ask(published, SMALL)

    assert (answer.status_code, answer.data) == (200, ONE.content)
    assert refused.status_code == 401
    redis_server.start()
