"""The lists for people: projects, groups, packages."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from tests.integration.people.visiting import Visitor, publish
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from tests.support.shelf import fill

from wheelyard_core.adapters.db.models import File
from wheelyard_core.domain.access import Role, Visibility

pytestmark = pytest.mark.integration


@pytest.mark.own_registry
def test_everybody_sees_what_is_public_and_their_own(
    anonymous: Visitor, reader: Visitor, project: SeededProject, open_project: SeededProject
) -> None:
    for visitor, expected in ((anonymous, [open_project]), (reader, [open_project, project])):
        rows = visitor.look("/").rows("that you may see")

        assert len(rows) == len(expected)
        for shown in expected:
            assert any(shown.path in row.replace("/ ", "/") for row in rows)


@pytest.mark.own_registry
def test_nothing_public_is_said_with_what_to_do(anonymous: Visitor) -> None:
    page = anonymous.look("/")

    assert "Nothing here is public" in page.text
    assert page.link("Sign in with a token") == "/_/sign-in"


@pytest.mark.own_registry
def test_somebody_without_projects_reads_how_to_make_one(yard: Yard) -> None:
    visitor = Visitor.of(yard)
    visitor.sign_in(yard.seed.personal_token(yard.seed.user()))

    (line,) = visitor.look("/").codes()

    assert line.endswith("http://yard.example/api/v4/projects")
    assert "${WHEELYARD_TOKEN}" in line


def test_a_filter_finds_projects_by_their_path(
    anonymous: Visitor, open_project: SeededProject
) -> None:
    part = open_project.path.rpartition("/")[2][:12]

    assert len(anonymous.look(f"/?q={part.upper()}").rows("that you may see")) == 1
    assert "No project has “nope”" in anonymous.look("/?q=nope").text


def test_a_group_shows_its_groups_and_projects(yard: Yard, anonymous: Visitor) -> None:
    outer = yard.seed.group(visibility=Visibility.PUBLIC)
    inner = yard.seed.group(outer, Visibility.PUBLIC)
    shown = yard.seed.project(outer, Visibility.PUBLIC)
    hidden = yard.seed.project(outer, Visibility.PRIVATE)

    page = anonymous.look(f"/{outer.path}")

    assert page.heading.startswith(outer.path)
    assert page.link(inner.path.rpartition("/")[2]) == f"/{inner.path}"
    (row,) = page.rows("Projects in")
    assert shown.path in row.replace("/ ", "/")
    assert hidden.path not in page.answer.text
    assert "Nothing in this group yet" in anonymous.look(f"/{inner.path}").text


def test_groups_and_projects_have_their_page_where_the_api_says(
    yard: Yard, anonymous: Visitor
) -> None:
    project = yard.seed.project(visibility=Visibility.PUBLIC)

    for address in (f"groups/{project.group.id}", f"projects/{project.id}"):
        shown = yard.ask("GET", f"/api/v4/{address}", "").json or {}
        page = anonymous.look(urlsplit(shown["web_url"]).path)
        assert shown["name"] in page.heading


def test_packages_are_listed_with_their_latest_release(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    built = ADistribution().named("Some.Thing")
    for version in ("1.9", "1.10", "2.0rc1", "1.11"):
        publish(yard, open_project.id, publisher, built.versioned(version).wheel())
    with Session(yard.registry.database.engine) as session:
        session.execute(update(File).where(File.version == "1.11").values(yanked="broken"))
        session.commit()

    page = anonymous.look(f"/{open_project.path}")

    (row,) = page.rows("Packages in")
    assert row.startswith("Some.Thing A demonstration 1.10 ")
    assert " by user-" in row
    assert page.link("Some.Thing") == f"/{open_project.path}/packages/some-thing"


def test_a_project_without_packages_says_what_to_type(
    anonymous: Visitor, open_project: SeededProject
) -> None:
    page = anonymous.look(f"/{open_project.path}")

    assert "No packages yet" in page.text
    assert "twine upload --repository yard dist/*" in page.codes()
    assert any(
        f"repository = http://yard.example/{open_project.path}/legacy/" in code
        for code in page.codes()
    )


def test_a_filter_finds_packages_by_any_spelling(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    fill(yard.registry, open_project, ["one-thing", "other-thing", "percent"], ("1.0",))
    place = f"/{open_project.path}"

    assert len(anonymous.look(f"{place}?q=THING").rows("Packages")) == 2
    assert len(anonymous.look(f"{place}?q=One_Th").rows("Packages")) == 1
    page = anonymous.look(f"{place}?q=%25")
    assert "No package has “%” in its name" in page.text
    assert page.link("Show all packages") == place


def test_packages_are_turned_over_page_by_page_and_back(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    names = [f"package-{number:03}" for number in range(120)]
    fill(yard.registry, open_project, names, ("1.0",))
    address = f"/{open_project.path}"
    seen: list[str] = []
    back: list[str] = []

    for _ in range(3):
        page = anonymous.look(address)
        seen += [row.split()[0] for row in page.rows("Packages")]
        address = page.link("Next →") if "Next →" in page.text else ""
    assert (seen, address) == (names, "")

    while "← Previous" in page.text:
        page = anonymous.look(page.link("← Previous"))
        back = [row.split()[0] for row in page.rows("Packages")] + back
    assert back == names[:100]


def test_a_filter_is_kept_when_turning_over(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    names = [f"{word}-{number:02}" for word in ("left", "right") for number in range(60)]
    fill(yard.registry, open_project, names, ("1.0",))

    first = anonymous.look(f"/{open_project.path}?q=right")
    second = anonymous.look(first.link("Next →"))

    assert len(second.rows("Packages")) == 10
    assert all(row.startswith("right-") for row in second.rows("Packages"))


def test_a_package_whose_files_are_all_deleted_leaves_the_list(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, ADistribution().wheel())
    maintainer = yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=open_project))
    packages = f"/api/v4/projects/{open_project.id}/packages"
    (release,) = yard.ask("GET", packages, maintainer).get_json()
    assert yard.ask("DELETE", f"{packages}/{release['id']}", maintainer).status_code == 204

    assert "No packages yet" in anonymous.look(f"/{open_project.path}").text
    page = anonymous.look(f"/{open_project.path}/packages/demo")
    assert "Nothing of demo can be installed" in page.text


def test_projects_called_like_parts_of_addresses_have_their_pages(
    yard: Yard, anonymous: Visitor
) -> None:
    group = yard.seed.group(visibility=Visibility.PUBLIC)
    admin = yard.seed.personal_token(yard.seed.user(admin=True))
    made = yard.ask(
        "POST",
        "/api/v4/projects",
        admin,
        json={"name": "packages", "namespace_id": group.id, "visibility": "public"},
    ).get_json()
    path = f"{group.path}/packages"
    publish(yard, made["id"], admin, ADistribution().named("packages").wheel())

    assert len(anonymous.look(f"/{path}").rows("Packages in")) == 1
    assert len(anonymous.look(f"/{path}/packages").rows("Packages in")) == 1
    assert anonymous.look(f"/{path}/packages/packages").heading == "packages 1.0"
    assert anonymous.look(f"/{path}/packages/packages/1.0").heading == "packages 1.0"


@pytest.mark.parametrize("name", ["simple", "legacy", "files"])
def test_packages_called_like_parts_of_addresses_have_their_pages(
    name: str, yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, ADistribution().named(name).wheel())

    page = anonymous.look(anonymous.look(f"/{open_project.path}").link(name))

    assert page.heading == f"{name} 1.0"
    assert anonymous.look(page.link("1.0")).heading == f"{name} 1.0"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v4/nothing", 404), ("/api", 404), ("/_/nothing", 404), ("/_", 404),
     ("/healthz", 404), ("/favicon.ico", 404), ("/robots.txt", 404), ("/livez", 200),
     ("/group/project/legacy", 405), ("/group/project/simple", 401)],
)  # fmt: skip
def test_addresses_of_another_kind_stay_what_they_are(path: str, status: int, yard: Yard) -> None:
    answer = yard.ask("GET", path)

    assert answer.status_code == status
    assert answer.content_type == "application/json"


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=" + "9" * 30, "?q=" + "a" * 300])
def test_a_wrong_query_is_refused_by_a_sentence(query: str, anonymous: Visitor) -> None:
    page = anonymous.look(f"/{query}", 400)

    assert page.heading == "Bad Request"
    assert "must be a whole number" in page.text or "longer than 200" in page.text
