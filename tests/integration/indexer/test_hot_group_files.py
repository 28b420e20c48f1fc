"""Files at a group's address out of memory: as fast as a project's, and to nobody else."""

import time
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update
from tests.integration.indexer.conftest import (
    Replica,
    change_access,
    gets,
    headers_of,
    revoke,
)
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard, counted
from tests.support.seed import SeededGroup, SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.test import TestResponse

from wheelyard_core.adapters.db.models import Namespace, ProjectRow
from wheelyard_core.domain.access import Role, Visibility

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()
FILE = f"files/{ONE.sha256}/{ONE.filename}"
METADATA = f"{FILE}.metadata"


@dataclass(frozen=True, slots=True)
class Shop:
    """A group with a project that has a file, asked by somebody."""

    yard: Yard
    replica: Replica
    group: SeededGroup
    project: SeededProject
    secret: str

    def ask(self, what: str = FILE, method: str = "GET", **headers: str) -> TestResponse:
        sent = {"PRIVATE-TOKEN": self.secret} if self.secret else {}
        path = f"/api/v4/groups/{self.group.id}/-/packages/pypi/{what}"
        return self.replica.client.open(path, method=method, headers={**sent, **headers})

    def statements(self, what: str = FILE) -> int:
        with counted(self.yard) as statements:
            assert self.ask(what).status_code == 200
        return len(statements)

    def warm(self, what: str = FILE) -> None:
        deadline = time.monotonic() + 10
        while self.statements(what):
            assert time.monotonic() < deadline, "the file is never remembered"
            time.sleep(0.02)

    def publish(self, project: SeededProject) -> None:
        owner = self.yard.seed.personal_token(
            self.yard.seed.member(Role.DEVELOPER, project=project)
        )
        assert self.yard.publish(project.id, ONE, owner).status_code == 201


@pytest.fixture
def shop(yard: Yard, replica: Replica) -> Shop:
    group = yard.seed.group()
    project = yard.seed.project(yard.seed.group(group))
    user = yard.seed.member(Role.REPORTER, group=group)
    made = Shop(yard, replica, group, project, yard.seed.personal_token(user))
    made.publish(project)
    return made


@pytest.mark.usefixtures("trusting")
def test_a_hit_asks_nobody_and_answers_as_flask_does(shop: Shop, redis_server: RedisServer) -> None:
    for path in (FILE, METADATA):
        shop.warm(path)
    asked = gets(redis_server)

    with counted(shop.yard) as statements:
        assert shop.ask().data == ONE.content
        assert shop.ask(METADATA).status_code == 200
    assert statements == []
    assert gets(redis_server) == asked

    for path in (FILE, METADATA):
        for method, headers in (
            ("GET", {}),
            ("HEAD", {}),
            ("GET", {"Range": "bytes=-7"}),
            ("GET", {"If-None-Match": str(shop.ask(path).headers["ETag"])}),
        ):
            hot = shop.ask(path, method, **headers)
            # With a query, Flask answers.
            cold = shop.ask(f"{path}?x=1", method, **headers)
            assert (hot.status, hot.data) == (cold.status, cold.data)
            assert headers_of(hot) == headers_of(cold)


def test_a_file_of_a_project_that_the_reader_may_not_read_is_not_given(shop: Shop) -> None:
    other = shop.yard.seed.project(shop.group)
    guest = shop.yard.seed.member(Role.REPORTER, project=other)
    stranger = replace(shop, secret=shop.yard.seed.personal_token(guest))
    shop.warm()

    # Remembered, of a project below the group, and not of one that they read.
    assert stranger.ask("simple/").status_code == 200
    assert [stranger.ask().status_code for _ in range(3)] == [404] * 3
    assert replace(shop, secret="").ask().status_code == 401

    # Their own project has the same bytes: now they get them, and everybody else still does.
    shop.publish(other)
    assert stranger.ask().data == ONE.content
    stranger.warm()
    shop.warm()


def test_a_revoked_token_gets_no_file_of_any_replica(shop: Shop) -> None:
    replicas = [shop.replica, Replica.of(shop.yard)]
    for _ in range(10):
        user = shop.yard.seed.member(Role.REPORTER, group=shop.group)
        holder = replace(shop, secret=shop.yard.seed.personal_token(user))
        for each in replicas:
            replace(holder, replica=each).warm()
        revoke(shop.yard, holder.secret)
        assert [replace(holder, replica=each).ask().status_code for each in replicas] == [401] * 2


def test_a_deleted_file_is_gone_with_the_commit(shop: Shop) -> None:
    yard = shop.yard
    admin = yard.seed.personal_token(yard.seed.user(admin=True))
    shop.warm()
    index = f"/api/v4/projects/{shop.project.id}/packages"
    (package,) = yard.ask("GET", index, admin).json or []

    assert yard.ask("DELETE", f"{index}/{package['id']}", admin).status_code == 204

    assert [shop.ask().status_code for _ in range(3)] == [404] * 3


def test_the_files_of_a_group_that_turns_private_close_at_once(
    yard: Yard, replica: Replica
) -> None:
    group = yard.seed.group(visibility=Visibility.PUBLIC)
    project = yard.seed.project(group, Visibility.PUBLIC)
    anybody = Shop(yard, replica, group, project, "")
    anybody.publish(project)
    anybody.warm()
    assert anybody.ask().headers["Cache-Control"].endswith("public")

    for model, number in ((Namespace, group.id), (ProjectRow, project.id)):
        change_access(
            yard, update(model).where(model.id == number).values(visibility=Visibility.PRIVATE)
        )

    assert anybody.ask().status_code == 401


def test_without_redis_files_are_right_and_not_from_memory(
    shop: Shop, redis_server: RedisServer
) -> None:
    shop.warm()
    redis_server.stop()

    answer = shop.ask()
    revoke(shop.yard, shop.secret)
    refused = shop.ask()

    assert (answer.status_code, answer.data) == (200, ONE.content)
    assert refused.status_code == 401
    redis_server.start()
