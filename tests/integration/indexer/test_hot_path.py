"""Pages out of memory: the same answers, nothing asked, and nothing that is no longer true."""

import base64
import time
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from tests.integration.indexer.conftest import (
    HTML,
    JSON,
    PAGE,
    Reader,
    Replica,
    change_access,
    gets,
    headers_of,
    revoke,
)
from tests.integration.standstill import Clock
from tests.support.distributions import ADistribution
from tests.support.in_process import counted
from tests.support.servers.redis import RedisServer
from werkzeug.test import Client

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS
from wheelyard_core.adapters.db.models import Member, ProjectRow, Token
from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.tokens import lookup_of
from wheelyard_indexer.addresses import PROJECT_ROUTE
from wheelyard_indexer.app import create_app
from wheelyard_indexer.hot import Hit, HotPath
from wheelyard_indexer.sending import Sender
from wheelyard_web.parts import part

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()
TAIL = "/simple/<package>"
# Sooner than any decision is forgotten.
SOON = GRANT_SECONDS / 2


@pytest.fixture
def published(reader: Reader) -> Reader:
    assert reader.yard.publish(reader.project.id, ONE, reader.secret).status_code == 201
    return reader


@pytest.mark.usefixtures("trusting")
def test_a_hit_asks_neither_database_nor_redis(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    alias = f"/{published.project.path}/simple/demo"
    for path in (PAGE, "simple", alias):
        replica.warm(published, path)
    asked = gets(redis_server)

    with counted(published.yard) as statements:
        for path in (PAGE, "simple", alias):
            assert replica.ask(published, path).status_code == 200

    assert statements == []
    assert gets(redis_server) == asked


@pytest.mark.usefixtures("trusting")
def test_memory_and_flask_give_the_same_answers(published: Reader, replica: Replica) -> None:
    forms = product((JSON, HTML, "text/html", "*/*"), ("gzip", "identity"), ("GET", "HEAD"))
    replica.warm(published)

    for accept, coding, method in forms:
        asked = {"Accept": accept, "Accept-Encoding": coding}
        hot = replica.ask(published, PAGE, asked, method)
        # With a query, Flask answers.
        cold = replica.ask(published, f"{PAGE}?x=1", asked, method)
        assert (hot.status, hot.data) == (cold.status, cold.data)
        assert headers_of(hot) == headers_of(cold)
        conditional = {**asked, "If-None-Match": hot.headers["ETag"]}
        unchanged = replica.ask(published, PAGE, conditional, method)
        as_cold = replica.ask(published, f"{PAGE}?x=1", conditional, method)
        assert (unchanged.status, unchanged.data) == (as_cold.status, as_cold.data)
        assert unchanged.status_code == 304
        assert headers_of(unchanged) == headers_of(as_cold)
    assert replica.ask(published, PAGE, {"Accept": "image/png"}).status_code == 406
    assert replica.ask(published, PAGE, method="DELETE").status_code == 405


@pytest.mark.usefixtures("trusting")
def test_a_hit_is_told_with_the_route_that_flask_would_tell(published: Reader) -> None:
    app = create_app(published.yard.registry)
    hits: list[Hit] = []
    with app.app_context():
        hot = HotPath(app, part(Sender), hits.append)
    Replica(published.yard, Client(app)).warm(published)

    Replica(published.yard, Client(hot)).ask(published, PAGE, {"Accept": JSON})
    Replica(published.yard, Client(hot)).ask(published, PAGE, {"Accept": JSON}, "HEAD")

    (get, head) = hits
    told = get.exchange
    assert (told.route, get.form, told.status) == (f"{PROJECT_ROUTE}{TAIL}", "json", 200)
    assert (get.method, head.method, head.exchange.sent) == ("GET", "HEAD", 0)
    assert told.route in {rule.rule for rule in app.url_map.iter_rules()}
    assert told.sent > 0


@pytest.mark.usefixtures("trusting")
def test_a_hit_is_one_event_in_the_words_of_a_miss(published: Reader, replica: Replica) -> None:
    replica.warm(published)

    with capture_logs() as events:
        hot = replica.ask(published, PAGE, {"Accept": JSON})
        cold = replica.ask(published, f"{PAGE}?x=1", {"Accept": JSON})
        cold.close()

    (of_hit, of_miss) = [event for event in events if event["event"] == "http_request"]
    assert of_hit["request_id"] == hot.headers["X-Request-ID"]
    assert of_miss["request_id"] == cold.headers["X-Request-ID"] != of_hit["request_id"]
    assert of_hit["actor"] == "person"
    apart = {"request_id", "duration_ms"}
    assert {k: v for k, v in of_hit.items() if k not in apart} == {
        k: v for k, v in of_miss.items() if k not in apart
    }


def test_a_published_file_is_on_every_replica_when_the_upload_is_answered(
    published: Reader, replica: Replica
) -> None:
    replicas = [replica, Replica.of(published.yard)]
    for each in replicas:
        each.warm(published)

    for number in range(2, 12):
        built = ADistribution().named("demo", f"{number}.0").wheel()
        answer = published.yard.publish(published.project.id, built, published.secret)
        pages = [each.ask(published, PAGE, {"Accept": JSON}).text for each in replicas]
        assert answer.status_code == 201
        assert all(built.filename in page for page in pages)


def test_a_deleted_file_leaves_the_page_of_every_replica(
    published: Reader, replica: Replica
) -> None:
    maintainer = published.yard.seed.personal_token(
        published.yard.seed.member(Role.MAINTAINER, project=published.project)
    )
    replica.warm(published)

    index = f"/api/v4/projects/{published.project.id}/packages"
    (package,) = published.yard.ask("GET", index, maintainer).json or []
    gone = published.yard.ask("DELETE", f"{index}/{package['id']}", maintainer)

    assert gone.status_code == 204
    deadline = time.monotonic() + 5
    while ONE.filename in replica.ask(published, PAGE, {"Accept": JSON}).text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert replica.ask(published, PAGE).status_code == 200


def test_a_revoked_token_stops_at_once_on_every_replica(
    published: Reader, replica: Replica
) -> None:
    replicas = [replica, Replica.of(published.yard)]

    for _ in range(20):
        secret = published.yard.seed.developer_token(published.project)
        holder = replace(published, secret=secret)
        for each in replicas:
            each.warm(holder)
        revoke(published.yard, secret)
        assert [each.ask(holder).status_code for each in replicas] == [401, 401]


def test_a_token_stops_when_it_expires(published: Reader, clock: Clock) -> None:
    replica = Replica.of(clock.over(published.yard))
    secret = published.yard.seed.developer_token(published.project)
    change_access(
        published.yard,
        update(Token)
        .where(Token.lookup == lookup_of(secret))
        .values(expires_at=clock.now() + timedelta(seconds=SOON)),
    )
    holder = replace(published, secret=secret)
    replica.warm(holder)

    clock.let_pass(SOON)

    assert replica.ask(holder).status_code == 401


def test_a_membership_stops_when_it_expires(published: Reader, clock: Clock) -> None:
    replica = Replica.of(clock.over(published.yard))
    user = published.yard.seed.member(Role.REPORTER, project=published.project)
    holder = replace(published, secret=published.yard.seed.personal_token(user))
    ends = clock.now() + timedelta(seconds=SOON)
    change_access(
        published.yard, update(Member).where(Member.user_id == user).values(expires_at=ends)
    )
    replica.warm(holder)

    clock.let_pass(SOON)

    assert replica.ask(holder).status_code == 404


def test_a_project_that_turns_private_closes_at_once(
    public_reader: Reader, replica: Replica
) -> None:
    yard = public_reader.yard
    yard.publish(public_reader.project.id, ONE, public_reader.secret)
    anybody = replace(public_reader, secret="")
    replica.warm(anybody)
    public = replica.ask(anybody)

    change_access(
        yard,
        update(ProjectRow)
        .where(ProjectRow.id == public_reader.project.id)
        .values(visibility=Visibility.PRIVATE),
    )

    assert public.headers["Cache-Control"].startswith("public")
    assert replica.ask(anybody).status_code == 401


def test_a_refusal_is_not_remembered(published: Reader, replica: Replica) -> None:
    user = published.yard.seed.user()
    stranger = replace(published, secret=published.yard.seed.personal_token(user))
    replica.warm(published)
    assert [replica.ask(stranger).status_code for _ in range(3)] == [404] * 3

    published.yard.seed.member(Role.REPORTER, project=published.project, user=user)

    assert replica.ask(stranger).status_code == 200


def test_a_grant_is_for_its_own_credentials_and_project(
    published: Reader, replica: Replica
) -> None:
    other = published.yard.seed.project()
    replica.warm(published)
    basic = base64.b64encode(f"x:{published.secret}".encode()).decode()
    no_token = replace(published, secret="")

    assert replica.ask(replace(published, project=other)).status_code == 404
    assert replica.ask(no_token).status_code == 401
    assert replica.ask(no_token, PAGE, {"Authorization": f"Basic {basic}"}).status_code == 200
    assert replica.ask(no_token, PAGE, {"Authorization": f"Basic {basic[:-4]}"}).status_code == 401
    # A second credential beside the one that was granted decides by itself.
    assert replica.ask(published, PAGE, {"Authorization": "Basic x"}).status_code == 200


def test_an_emptied_redis_is_noticed(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    replica.warm(published)

    redis_server.flush()

    assert replica.statements(published) > 0
    replica.warm(published)


def test_without_redis_pages_are_right_soon_and_not_from_memory(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    replica.warm(published)
    redis_server.stop()

    began = time.monotonic()
    answers = [replica.ask(published) for _ in range(5)]
    revoke(published.yard, published.secret)
    refused = replica.ask(published)
    took = time.monotonic() - began

    assert [answer.status_code for answer in answers] == [200] * 5
    assert all(ONE.filename in answer.text for answer in answers)
    assert refused.status_code == 401
    assert took < 8
    redis_server.start()


def test_a_frozen_redis_is_not_believed(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    other = replace(published, secret=published.yard.seed.developer_token(published.project))
    replica.warm(published)
    replica.warm(other)

    redis_server.freeze()
    began = time.monotonic()
    revoke(published.yard, published.secret)
    revoked_after = time.monotonic() - began
    refused = replica.ask(published)
    right = replica.ask(other)
    took = time.monotonic() - began
    redis_server.thaw()

    assert refused.status_code == 401
    assert right.status_code == 200
    assert ONE.filename in right.text
    assert revoked_after < 4
    assert took < 10
    replica.warm(other)
    assert replica.ask(published).status_code == 401


def test_a_page_never_goes_back_when_redis_does(
    published: Reader, replica: Replica, redis_server: RedisServer
) -> None:
    replica.warm(published)
    (key,) = [k for k in keys(redis_server) if k.endswith(f":{published.project.id}:demo".encode())]
    with redis_server.client() as client:
        old = client.get(key)
        published.yard.publish(published.project.id, TWO, published.secret)
        assert TWO.filename in replica.ask(published).text
        client.set(key, old)
        # The replica is told by the time that this is answered (0013).
        client.ping()

    assert TWO.filename in replica.ask(published).text
    with redis_server.client() as client:
        assert client.get(key) != old


def keys(server: RedisServer) -> list[bytes]:
    with server.client() as client:
        return list(client.scan_iter("*page:*"))


def test_the_use_of_a_token_is_noted_though_memory_answers(
    published: Reader, replica: Replica
) -> None:
    secret = published.yard.seed.developer_token(published.project)
    holder = replace(published, secret=secret)
    before = published.yard.registry.now() - timedelta(seconds=1)

    replica.warm(holder)

    with published.yard.registry.database.snapshot() as uow:
        (token,) = uow.tokens.candidates(lookup_of(secret))
    assert token.last_used_at is not None
    assert token.last_used_at > before


def test_a_package_called_simple_has_its_page(reader: Reader, replica: Replica) -> None:
    built = ADistribution().named("simple", "1.0").wheel()
    reader.yard.publish(reader.project.id, built, reader.secret)

    for _ in range(3):
        answer = replica.ask(reader, "simple/simple/", {"Accept": JSON})
        assert built.filename in answer.text
        assert '"name":"simple"' in replica.ask(reader, "simple", {"Accept": JSON}).text
