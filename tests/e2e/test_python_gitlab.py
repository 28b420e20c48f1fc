"""python-gitlab 8 drives the whole administration, as it drives GitLab's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gitlab
import pytest
from gitlab.const import AccessLevel
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabDeleteError,
    GitlabGetError,
)
from gitlab.v4.objects import Group, Project, User
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, post
from tests.support.seed import unique
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

ONE = ADistribution().named("demo", "1.0").wheel()
SDIST = ADistribution().named("demo", "1.0").sdist()
TWO = ADistribution().named("demo", "2.0").wheel()


@dataclass(frozen=True)
class Desk:
    """An administrator with python-gitlab, and the registry's address."""

    url: str
    admin: gitlab.Gitlab

    def as_bearer_of(self, secret: str) -> gitlab.Gitlab:
        return gitlab.Gitlab(self.url, private_token=secret, keep_base_url=True)

    def user(self) -> User:
        name = unique("person")
        made = self.admin.users.create(
            {
                "username": name,
                "name": name,
                "email": f"{name}@example.com",
                "force_random_password": True,
            }
        )
        assert isinstance(made, User)
        return made

    def group(self, **fields: object) -> Group:
        name = unique("group")
        made = self.admin.groups.create({"name": name, "path": name, **fields})
        assert isinstance(made, Group)
        return made

    def project(self, **fields: object) -> Project:
        made = self.admin.projects.create({"name": unique("project"), **fields})
        assert isinstance(made, Project)
        return made

    def publish(self, project: Project, secret: str, *built: Built) -> None:
        for one in built:
            url = f"{self.url}/api/v4/projects/{project.id}/packages/pypi"
            assert post(url, AForm.of(one), secret).status == 201


@pytest.fixture(scope="module")
def desk(embedded: Wheelyard) -> Desk:
    secret = embedded.admin_token
    return Desk(embedded.url, gitlab.Gitlab(embedded.url, private_token=secret, keep_base_url=True))


@contextmanager
def refused(kind: type[gitlab.exceptions.GitlabError], code: int) -> Iterator[None]:
    with pytest.raises(kind) as refusal:
        yield
    assert refusal.value.response_code == code, refusal.value


def test_it_knows_who_it_is(desk: Desk) -> None:
    desk.admin.auth()

    assert desk.admin.user is not None
    assert desk.admin.user.is_admin is True
    with refused(GitlabAuthenticationError, 401):
        desk.as_bearer_of("wyp_nobody").auth()


def test_accounts_are_made_found_changed_blocked_and_deleted(desk: Desk) -> None:
    user = desk.user()

    assert [found.id for found in desk.admin.users.list(username=user.username)] == [user.id]
    user.name = "Another Name"
    user.save()
    assert desk.admin.users.get(user.id).name == "Another Name"
    user.block()
    assert desk.admin.users.get(user.id).state == "blocked"
    user.unblock()
    assert desk.admin.users.get(user.id).state == "active"
    with refused(GitlabCreateError, 409):
        desk.admin.users.create(
            {
                "username": user.username,
                "name": "x",
                "email": "x@example.com",
                "force_random_password": True,
            }
        )
    user.delete()
    with refused(GitlabGetError, 404):
        desk.admin.users.get(user.id)


def test_personal_tokens_are_made_listed_rotated_and_revoked(desk: Desk) -> None:
    user = desk.user()
    made = user.personal_access_tokens.create(
        {
            "name": "laptop",
            "scopes": ["api"],
            "expires_at": "2099-12-31",
        }
    )
    own = desk.as_bearer_of(made.token)

    own.auth()
    assert own.personal_access_tokens.get("self").name == "laptop"
    assert [one.id for one in desk.admin.personal_access_tokens.list(user_id=user.id)] == [made.id]
    secret = desk.admin.personal_access_tokens.get(made.id).rotate()["token"]
    with refused(GitlabAuthenticationError, 401):
        own.auth()
    again = desk.as_bearer_of(secret)
    again.auth()
    again.personal_access_tokens.get("self").delete()
    with refused(GitlabAuthenticationError, 401):
        again.auth()


def test_groups_nest_and_have_members_and_projects(desk: Desk) -> None:
    top, user = desk.group(), desk.user()
    below = desk.group(parent_id=top.id)

    assert below.full_path == f"{top.path}/{below.path}"
    assert [one.id for one in top.subgroups.list()] == [below.id]
    assert [one.id for one in top.descendant_groups.list()] == [below.id]
    member = top.members.create({"user_id": user.id, "access_level": AccessLevel.DEVELOPER})
    assert member.access_level == AccessLevel.DEVELOPER
    member.access_level = AccessLevel.MAINTAINER
    member.save()
    inherited = below.members_all.get(user.id)
    assert inherited.access_level == AccessLevel.MAINTAINER
    project = desk.project(namespace_id=below.id)
    assert [one.id for one in top.projects.list(include_subgroups=True)] == [project.id]
    top.description = "What we ship"
    top.save()
    assert desk.admin.groups.get(top.full_path).description == "What we ship"
    top.members.delete(user.id)
    with refused(GitlabGetError, 404):
        top.members.get(user.id)
    top.delete()
    with refused(GitlabGetError, 404):
        desk.admin.groups.get(below.id)


def test_projects_are_made_found_by_their_path_changed_and_deleted(desk: Desk) -> None:
    group = desk.group()
    project = desk.project(namespace_id=group.id, visibility="private")

    found = desk.admin.projects.get(project.path_with_namespace)
    assert found.id == project.id
    found.visibility = "internal"
    found.package_registry_access_level = "public"
    found.save()
    changed = desk.admin.projects.get(project.id)
    assert (changed.visibility, changed.package_registry_access_level) == ("internal", "public")
    user = desk.user()
    project.members.create({"user_id": user.id, "access_level": AccessLevel.REPORTER})
    assert user.id in {one.id for one in project.members.list(get_all=True)}
    with refused(GitlabCreateError, 409):
        project.members.create({"user_id": user.id, "access_level": AccessLevel.REPORTER})
    project.delete()
    with refused(GitlabGetError, 404):
        desk.admin.projects.get(project.id)


def test_lists_are_read_page_by_page(desk: Desk) -> None:
    group = desk.group()
    made = [desk.project(namespace_id=group.id).id for _ in range(5)]

    pages = group.projects.list(iterator=True, per_page=2, order_by="id", sort="asc")
    assert [one.id for one in pages] == made
    assert group.projects.list(page=2, per_page=2, order_by="id", sort="asc")[0].id == made[2]
    keyset = desk.admin.projects.list(
        iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=2
    )
    assert set(made) <= {one.id for one in keyset}


def test_deploy_tokens_of_projects_and_groups_publish(desk: Desk) -> None:
    group = desk.group()
    project = desk.project(namespace_id=group.id)
    scopes = ["read_package_registry", "write_package_registry"]

    of_project = project.deploytokens.create({"name": "ci", "scopes": scopes})
    of_group = group.deploytokens.create({"name": "ci", "scopes": scopes})
    desk.publish(project, of_project.token, ONE)
    desk.publish(project, of_group.token, TWO)

    assert "+" not in of_project.username
    assert [one.id for one in project.deploytokens.list()] == [of_project.id]
    assert {of_project.id, of_group.id} <= {
        one.id for one in desk.admin.deploytokens.list(get_all=True)
    }
    of_project.delete()
    with refused(GitlabGetError, 404):
        project.deploytokens.get(of_project.id)


def test_project_access_tokens_act_as_a_member(desk: Desk) -> None:
    project = desk.project()
    made = project.access_tokens.create(
        {
            "name": "bot",
            "scopes": ["api"],
            "access_level": AccessLevel.DEVELOPER,
            "expires_at": "2099-12-31",
        }
    )
    desk.publish(project, made.token, ONE)

    [listed] = project.access_tokens.list()
    assert listed.access_level == AccessLevel.DEVELOPER
    secret = project.access_tokens.get(made.id).rotate()["token"]
    desk.publish(project, secret, TWO)
    [active] = project.access_tokens.list(state="active")
    active.delete()
    assert (
        post(
            f"{desk.url}/api/v4/projects/{project.id}/packages/pypi", AForm.of(SDIST), secret
        ).status
        == 401
    )


def test_packages_and_their_files_are_listed_filtered_and_deleted(desk: Desk) -> None:
    group = desk.group()
    project = desk.project(namespace_id=group.id)
    token = project.access_tokens.create(
        {
            "name": "bot",
            "scopes": ["api"],
            "access_level": AccessLevel.DEVELOPER,
        }
    )
    other = ADistribution().named("other", "1.0").wheel()
    desk.publish(project, token.token, ONE, SDIST, TWO, other)

    versions = project.packages.list(
        package_type="pypi", package_name="demo", order_by="version", sort="desc"
    )
    assert [(one.name, one.version) for one in versions] == [("demo", "2.0"), ("demo", "1.0")]
    assert len(group.packages.list(get_all=True)) == 3
    [two, one] = versions
    files = one.package_files.list()
    assert {file.file_name for file in files} == {ONE.filename, SDIST.filename}
    assert {file.file_sha256 for file in files} == {ONE.sha256, SDIST.sha256}
    one.package_files.delete(files[0].id)
    assert len(one.package_files.list()) == 1
    two.delete()
    with refused(GitlabGetError, 404):
        project.packages.get(two.id)
    with refused(GitlabDeleteError, 404):
        project.packages.delete(two.id)


def test_what_was_done_can_be_read(desk: Desk) -> None:
    group = desk.group()
    project = desk.project(namespace_id=group.id)
    project.description = "Changed"
    project.save()

    done = [event.event_name for event in project.audit_events.list(get_all=True)]
    assert done[:2] == ["project_changed", "project_created"]
    assert [event.event_name for event in group.audit_events.list()] == ["group_created"]


def test_unknown_parameters_are_ignored_and_wrong_ones_named(desk: Desk) -> None:
    project = desk.project(build_timeout=3600, issues_access_level="disabled")

    assert project.id in {one.id for one in desk.admin.projects.list(get_all=True, starred=True)}
    with pytest.raises(GitlabCreateError) as refusal:
        desk.project(visibility="secret")
    assert refusal.value.response_code == 400
    assert "visibility does not have a valid value" in str(refusal.value)
