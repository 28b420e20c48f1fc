"""A name that several projects of a group have is said to people, as far as they may know."""

import pytest
from tests.integration.people.visiting import Visitor, publish
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededGroup, SeededProject

from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administration import GroupChanges
from wheelyard_core.domain.group_index import PackageOverlap

pytestmark = pytest.mark.integration

ONE = ADistribution().wheel()
TWO = ADistribution().versioned("2.0").wheel()
MINE = ADistribution().named("mine").wheel()


@pytest.fixture
def group(yard: Yard) -> SeededGroup:
    """A public group."""
    return yard.seed.group(visibility=Visibility.PUBLIC)


@pytest.fixture
def owner(yard: Yard, group: SeededGroup) -> str:
    """A personal token of the group's owner."""
    return yard.seed.personal_token(yard.seed.member(Role.OWNER, group=group))


@pytest.fixture
def first(yard: Yard, group: SeededGroup, owner: str) -> SeededProject:
    """The public project that had the name first, and one of its own."""
    project = yard.seed.project(group, Visibility.PUBLIC)
    publish(yard, project.id, owner, ONE, MINE)
    return project


@pytest.fixture
def second(yard: Yard, group: SeededGroup, owner: str, first: SeededProject) -> SeededProject:
    """A public project below, which had the name later than *first*."""
    assert first.id
    project = yard.seed.project(yard.seed.group(group, Visibility.PUBLIC), Visibility.PUBLIC)
    publish(yard, project.id, owner, TWO)
    return project


def choose(yard: Yard, group: SeededGroup, overlap: PackageOverlap) -> None:
    with yard.registry.database.begin() as uow:
        uow.groups.change(group.id, GroupChanges(package_overlap=overlap))
        uow.commit()


def test_a_group_lists_names_of_several_projects_and_what_its_index_does(
    yard: Yard,
    anonymous: Visitor,
    group: SeededGroup,
    first: SeededProject,
    second: SeededProject,
) -> None:
    page = anonymous.look(f"/{group.path}")

    assert page.rows("Names that several projects") == [f"demo {first.path} First {second.path}"]
    assert "mixes the files of all projects" in page.text
    assert page.link(second.path) == f"/{second.path}/packages/demo"

    choose(yard, group, PackageOverlap.FIRST_PROJECT)
    page = anonymous.look(f"/{group.path}")
    assert page.rows("Names that several projects") == [f"demo {first.path} Shown {second.path}"]
    assert "from the project that had it first." in page.text

    choose(yard, group, PackageOverlap.REFUSE)
    assert "lets no other project begin to use it" in anonymous.look(f"/{group.path}").text


def test_a_package_says_which_other_projects_have_its_name_and_whose_files_win(
    yard: Yard,
    anonymous: Visitor,
    group: SeededGroup,
    first: SeededProject,
    second: SeededProject,
) -> None:
    of_first, of_second = (f"/{one.path}/packages/demo" for one in (first, second))

    page = anonymous.look(of_first)
    assert f"Other projects in {group.path} have this name, too: {second.path} ." in page.text
    assert "mixes the files of all" in page.text
    assert page.link(second.path) == of_second

    choose(yard, group, PackageOverlap.FIRST_PROJECT)
    assert "files alone" in anonymous.look(of_first).text
    shown = f"shows the files of {first.path} alone, not these"
    assert shown in anonymous.look(of_second).text
    assert "Other projects" not in anonymous.look(f"/{first.path}/packages/mine").text


def test_nobody_learns_of_a_name_in_a_project_that_is_hidden_from_them(
    yard: Yard, anonymous: Visitor, group: SeededGroup, owner: str, first: SeededProject
) -> None:
    hidden = yard.seed.project(group)
    publish(yard, hidden.id, owner, TWO)
    insider, guest = Visitor.of(yard), Visitor.of(yard)
    insider.sign_in(owner)
    guest.sign_in(yard.seed.personal_token(yard.seed.member(Role.GUEST, project=hidden)))

    for path in (f"/{group.path}", f"/{first.path}/packages/demo"):
        assert hidden.path in insider.look(path).text
        for visitor in (anonymous, guest):
            text = visitor.look(path).text
            assert "several projects" not in text
            assert "Other projects" not in text
            assert f"{hidden.path}/packages" not in text


def test_the_first_project_is_not_named_to_whom_it_is_hidden(
    yard: Yard, anonymous: Visitor, group: SeededGroup, owner: str
) -> None:
    hidden = yard.seed.project(group)
    shown = [yard.seed.project(group, Visibility.PUBLIC) for _ in range(2)]
    for project in (hidden, *shown):
        publish(yard, project.id, owner, ONE)
    choose(yard, group, PackageOverlap.FIRST_PROJECT)

    [row] = anonymous.look(f"/{group.path}").rows("Names that several projects")
    text = anonymous.look(f"/{shown[0].path}/packages/demo").text

    assert row == f"demo {shown[0].path} {shown[1].path}"
    assert "shows the files of the project that had it first." in text
    assert hidden.path not in text
