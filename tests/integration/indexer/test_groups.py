"""Pages of groups cost the same whether few or thousands of projects are below."""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.integration.indexer.conftest import JSON, Replica
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard, counted
from tests.support.seed import SeededGroup, SeededProject
from tests.support.shelf import add_projects

from wheelyard_core.adapters.db.models import Member, Package
from wheelyard_core.domain.access import Role
from wheelyard_core.domain.administration import GroupChanges
from wheelyard_core.domain.group_index import PackageOverlap

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()
OTHER = ADistribution().named("other", "1.0").wheel()
MANY = 2_000


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Asks for what a group shows."""

    replica: Replica
    group: SeededGroup
    secret: str

    def ask(self, what: str, secret: str | None = None) -> tuple[int, bytes]:
        headers = {"Accept": JSON, "PRIVATE-TOKEN": secret or self.secret}
        path = f"/api/v4/groups/{self.group.id}/-/packages/pypi/{what}"
        answer = self.replica.client.get(path, headers=headers)
        return answer.status_code, answer.data

    def files(self, package: str = "demo", secret: str | None = None) -> list[str]:
        status, text = self.ask(f"simple/{package}/", secret)
        assert status == 200, text
        return [file["filename"] for file in json.loads(text)["files"]]

    def names(self, secret: str | None = None) -> list[str]:
        status, text = self.ask("simple/", secret)
        assert status == 200, text
        return [project["name"] for project in json.loads(text)["projects"]]

    def statements(self, what: str, secret: str | None = None) -> list[str]:
        with counted(self.replica.yard) as statements:
            assert self.ask(what, secret)[0] == 200
        return [one for one in statements if one.startswith("SELECT")]

    def warm(self, what: str, secret: str | None = None) -> None:
        """Ask until it is remembered what the credentials may read."""
        deadline = time.monotonic() + 10
        while any("FROM tokens" in one for one in self.statements(what, secret)):
            assert time.monotonic() < deadline, "it is never remembered"
            time.sleep(0.02)


@pytest.fixture
def group(yard: Yard) -> SeededGroup:
    return yard.seed.group()


@pytest.fixture
def project(yard: Yard, group: SeededGroup) -> SeededProject:
    return yard.seed.project(yard.seed.group(group))


@pytest.fixture
def member(yard: Yard, replica: Replica, group: SeededGroup) -> GroupReader:
    """A developer of the group."""
    user = yard.seed.member(Role.DEVELOPER, group=group)
    return GroupReader(replica, group, yard.seed.personal_token(user))


def with_many_projects(yard: Yard, group: SeededGroup) -> None:
    """Put projects into the group, each with a package of its own."""
    projects = add_projects(yard.registry, group, MANY)
    with yard.registry.database.engine.begin() as connection:
        connection.execute(
            insert(Package),
            [
                {
                    "project_id": project_id,
                    "name": f"package-{project_id}",
                    "normalized": f"package-{project_id}",
                    "serial": 1,
                    "created_at": yard.registry.now(),
                }
                for project_id in projects
            ],
        )


@pytest.mark.usefixtures("trusting")
def test_a_page_costs_one_statement_among_thousands_of_projects(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    yard.must_publish(project.id, member.secret, ONE)
    with_many_projects(yard, member.group)
    member.warm("simple/demo/")

    again = member.statements("simple/demo/")
    root = member.statements("simple/")
    root_again = member.statements("simple/")

    assert len(again) == 1, again
    assert "packages.normalized" in again[0]
    assert len(root) <= 2, root
    assert len(root_again) == 1, root_again


@pytest.mark.usefixtures("trusting")
def test_a_file_costs_one_statement_among_thousands_of_projects(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    yard.must_publish(project.id, member.secret, ONE)
    yard.must_publish(project.id, member.secret, TWO)
    with_many_projects(yard, member.group)
    known, another = (f"files/{one.sha256}/{one.filename}" for one in (ONE, TWO))
    member.warm(known)

    assert len(member.statements(another)) == 1
    assert member.statements(known) == []


def test_all_who_may_read_the_same_share_one_page(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    yard.must_publish(project.id, member.secret, ONE)
    member.files()
    colleague = yard.seed.personal_token(yard.seed.member(Role.REPORTER, group=member.group))

    statements = member.statements("simple/demo/", colleague)

    assert not any("FROM files" in one for one in statements), statements


def test_a_page_changes_with_every_project_it_shows(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    second = yard.seed.project(member.group)
    yard.must_publish(project.id, member.secret, ONE)
    assert member.files() == [ONE.filename]

    yard.must_publish(second.id, member.secret, TWO, OTHER)

    assert member.files() == [ONE.filename, TWO.filename]
    assert member.names() == ["demo", "other"]


def test_of_two_files_with_one_name_the_older_one_is_shown(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    second = yard.seed.project(member.group)
    younger = ADistribution().named("demo", "1.0").described("Another one").wheel()
    yard.must_publish(project.id, member.secret, ONE)
    yard.must_publish(second.id, member.secret, younger)

    page = json.loads(member.ask("simple/demo/")[1])

    assert [file["hashes"]["sha256"] for file in page["files"]] == [ONE.sha256]


def test_what_somebody_may_read_ends_with_their_membership(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    user = yard.seed.member(Role.REPORTER, project=project)
    secret = yard.seed.personal_token(user)
    yard.must_publish(project.id, member.secret, ONE)
    assert member.files(secret=secret) == [ONE.filename]

    with yard.registry.database.begin() as uow:
        uow.session.execute(
            update(Member)
            .where(Member.user_id == user)
            .values(expires_at=yard.registry.now() - timedelta(seconds=1))
        )
        uow.access_changed()
        uow.commit()

    assert member.ask("simple/demo/", secret)[0] == 404


def test_a_token_that_is_revoked_reads_no_page_of_a_group(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    yard.must_publish(project.id, member.secret, ONE)
    user = yard.seed.member(Role.REPORTER, group=member.group)
    secret = yard.seed.personal_token(user)
    member.warm("simple/demo/", secret)

    yard.seed.revoked(secret)

    assert member.ask("simple/demo/", secret)[0] == 401
    assert member.ask(f"files/{ONE.sha256}/{ONE.filename}", secret)[0] == 401


def test_a_number_that_is_too_long_names_no_group(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    yard.must_publish(project.id, member.secret, ONE)
    # Cut to what fits 64 bits it would be the group's.
    long = f"/api/v4/groups/{member.group.id:018}9/-/packages/pypi"
    headers = {"PRIVATE-TOKEN": member.secret}

    for what in ("simple/", "simple/demo/", f"files/{ONE.sha256}/{ONE.filename}"):
        assert member.ask(what)[0] == 200
        assert member.replica.client.get(f"{long}/{what}", headers=headers).status_code == 404


def choose(yard: Yard, group: SeededGroup, overlap: PackageOverlap) -> None:
    with yard.registry.database.begin() as uow:
        uow.groups.change(group.id, GroupChanges(package_overlap=overlap))
        uow.access_changed()
        uow.commit()


@pytest.mark.parametrize("overlap", [PackageOverlap.FIRST_PROJECT, PackageOverlap.REFUSE])
def test_a_group_may_show_the_first_project_of_a_name_alone(
    yard: Yard, member: GroupReader, project: SeededProject, overlap: PackageOverlap
) -> None:
    second = yard.seed.project(member.group)
    yard.must_publish(project.id, member.secret, ONE)
    yard.must_publish(second.id, member.secret, TWO)

    choose(yard, member.group, overlap)

    assert member.files() == [ONE.filename]


def test_whoever_may_not_read_the_first_project_gets_no_others_files_under_its_name(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    second = yard.seed.project(member.group)
    yard.must_publish(project.id, member.secret, ONE)
    yard.must_publish(second.id, member.secret, TWO)
    choose(yard, member.group, PackageOverlap.FIRST_PROJECT)
    user = yard.seed.member(Role.REPORTER, project=second)

    assert member.ask("simple/demo/", yard.seed.personal_token(user))[0] == 404


def test_a_group_may_refuse_a_second_project_for_a_name(
    yard: Yard, member: GroupReader, project: SeededProject
) -> None:
    second = yard.seed.project(member.group)
    yard.must_publish(project.id, member.secret, ONE)
    choose(yard, member.group, PackageOverlap.REFUSE)

    refused = yard.publish(second.id, TWO, member.secret)

    assert refused.status_code == 403
    assert "demo belongs to another project of the group" in refused.get_json()["message"]
    yard.must_publish(second.id, member.secret, OTHER)
    yard.must_publish(project.id, member.secret, TWO)


def test_a_name_in_a_second_project_is_told_to_the_nearest_group_that_has_both(
    yard: Yard,
) -> None:
    above = yard.seed.group()
    nearest = yard.seed.group(above)
    first, second = (yard.seed.project(yard.seed.group(nearest)) for _ in range(2))
    secret = yard.seed.personal_token(yard.seed.member(Role.OWNER, group=above))
    yard.must_publish(first.id, secret, ONE)
    yard.must_publish(second.id, secret, ONE, TWO)

    def events(group: SeededGroup) -> list[dict[str, Any]]:
        answer = yard.ask("GET", f"/api/v4/groups/{group.id}/audit_events", secret)
        assert answer.status_code == 200
        return [one for one in answer.get_json() if one["event_name"] == "package_overlap"]

    [event] = events(nearest)
    assert event["details"]["package"] == "demo"
    assert event["details"]["project"] == second.path
    assert event["details"]["others"] == [first.path]
    assert events(above) == []
