"""The serial of a group's page: mirrors pass over a page whose serial is not above the last one."""

import pytest
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard
from tests.support.seed import SeededGroup, SeededProject

from wheelyard_core.domain.access import Role

pytestmark = pytest.mark.integration


@pytest.fixture
def group(yard: Yard) -> SeededGroup:
    return yard.seed.group()


@pytest.fixture
def owner(yard: Yard, group: SeededGroup) -> str:
    """A token of an owner of the group."""
    return yard.seed.personal_token(yard.seed.member(Role.OWNER, group=group))


def wheel(version: str, name: str = "demo") -> Built:
    return ADistribution().named(name, version).wheel()


def serial(yard: Yard, group: SeededGroup, secret: str, package: str = "") -> int:
    """Return what the header and the JSON of a group's page say; they must say the same."""
    page = yard.client.get(
        f"/api/v4/groups/{group.id}/-/packages/pypi/simple/{package}",
        headers={"PRIVATE-TOKEN": secret, "Accept": "application/vnd.pypi.simple.v1+json"},
    )
    assert page.status_code == 200, page.text
    said = int(page.headers["X-PyPI-Last-Serial"])
    assert page.get_json(force=True)["meta"]["_last-serial"] == said
    return said


def test_every_change_in_any_project_raises_the_serial_of_a_groups_page(
    yard: Yard, group: SeededGroup, owner: str
) -> None:
    busy, quiet = yard.seed.project(group), yard.seed.project(group)
    for version in ("1.0", "1.1", "1.2"):
        yard.must_publish(busy.id, owner, wheel(version))
    seen = [serial(yard, group, owner, "demo")]

    for version in ("2.0", "2.1"):
        yard.must_publish(quiet.id, owner, wheel(version))
        seen.append(serial(yard, group, owner, "demo"))
    for project in (quiet, busy):
        delete_newest(yard, project, owner)
        seen.append(serial(yard, group, owner, "demo"))

    assert seen == sorted(set(seen))


def test_every_new_name_in_any_project_raises_the_serial_of_a_groups_root(
    yard: Yard, group: SeededGroup, owner: str
) -> None:
    busy, quiet = yard.seed.project(group), yard.seed.project(group)
    for name in ("one", "two", "three"):
        yard.must_publish(busy.id, owner, wheel("1.0", name))
    seen = [serial(yard, group, owner)]

    for name in ("four", "five"):
        yard.must_publish(quiet.id, owner, wheel("1.0", name))
        seen.append(serial(yard, group, owner))
    delete_newest(yard, quiet, owner)
    seen.append(serial(yard, group, owner))

    assert seen == sorted(set(seen))


def delete_newest(yard: Yard, project: SeededProject, secret: str) -> None:
    """Delete the newest release of the project, and wait until its page says so."""
    releases = f"/api/v4/projects/{project.id}/packages"
    newest = yard.ask("GET", f"{releases}?order_by=created_at&sort=desc", secret).get_json()[0]
    assert yard.ask("DELETE", f"{releases}/{newest['id']}", secret).status_code == 204
    yard.hand.settle()
