"""What is published is listed, by project and by group, in pages and in order."""

import re

import pytest
from tests.integration.packages.asking import address, names, packages, sentence, wheel
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import PIPELINE, SeededProject

from wheelyard_core.domain.access import Role, Visibility

pytestmark = pytest.mark.integration


def test_a_release_is_listed_once_with_the_name_as_first_published(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built = ADistribution().named("My.Package", "1.0")
    yard.must_publish(project.id, developer, built.wheel(), built.sdist())

    [shown] = packages(yard, project, developer)

    assert shown["name"] == "My.Package"
    assert shown["version"] == "1.0"
    assert shown["package_type"] == "pypi"
    assert shown["status"] == "default"
    assert shown["tags"] == []
    assert shown["pipelines"] == []
    assert shown["_links"] == {"web_path": f"/{project.path}/-/packages/{shown['id']}"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created_at"])
    one = yard.ask("GET", address(project, shown["id"]), developer)
    assert one.get_json() == shown


def test_the_name_is_shown_as_the_file_says_it_and_not_as_the_form_does(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built = ADistribution().named("My.Package", "1.0").wheel()
    answer = yard.publish(project.id, built, developer, name="my_package")
    assert answer.status_code == 201, answer.text

    [shown] = packages(yard, project, developer)

    assert shown["name"] == "My.Package"


def test_who_may_delete_a_release_is_told_where(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    yard.must_publish(project.id, developer, wheel())

    [shown] = packages(yard, project, maintainer)

    where = shown["_links"]["delete_api_path"]
    assert where == f"http://yard.example/api/v4/projects/{project.id}/packages/{shown['id']}"


def test_the_files_of_a_release_have_the_digests_of_their_bytes(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built = wheel()
    yard.must_publish(project.id, developer, built, ADistribution().sdist())
    [shown] = packages(yard, project, developer)

    answer = yard.ask("GET", address(project, shown["id"], "package_files"), developer)

    first, second = answer.get_json()
    assert answer.headers["X-Total"] == "2"
    assert first["package_id"] == second["package_id"] == shown["id"]
    assert first["file_name"] == built.filename
    assert first["size"] == built.size
    assert first["file_sha256"] == built.sha256
    assert len(first["file_md5"]) == 32
    assert second["file_name"].endswith(".tar.gz")


def test_a_release_of_a_job_tells_its_pipeline(yard: Yard, project: SeededProject) -> None:
    token = yard.seed.job_token(project)
    assert yard.publish(project.id, wheel(), token, "gitlab-ci-token").status_code == 201

    [shown] = packages(yard, project, yard.seed.developer_token(project))

    pipeline = shown["pipeline"]
    assert {name: pipeline[name] for name in PIPELINE} == PIPELINE
    assert pipeline["user"]["username"].startswith("user-")
    assert shown["pipelines"] == [pipeline]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["banana 2.0", "Apple.Pie 1.0", "cherry 1.5"]),
        ("?sort=desc", ["cherry 1.5", "Apple.Pie 1.0", "banana 2.0"]),
        ("?order_by=name", ["Apple.Pie 1.0", "banana 2.0", "cherry 1.5"]),
        ("?order_by=version&sort=desc", ["banana 2.0", "cherry 1.5", "Apple.Pie 1.0"]),
        ("?order_by=type", ["banana 2.0", "Apple.Pie 1.0", "cherry 1.5"]),
        ("?package_name=AN", ["banana 2.0"]),
        ("?package_name=apple_p", ["Apple.Pie 1.0"]),
        ("?package_name=%25", []),
        ("?package_version=1.5", ["cherry 1.5"]),
        ("?package_type=pypi&status=default&package_name=", [
            "banana 2.0", "Apple.Pie 1.0", "cherry 1.5"
        ]),
        ("?package_type=npm", []),
        ("?status=hidden", []),
    ],
)  # fmt: skip
def test_a_list_is_filtered_and_ordered(
    yard: Yard, project: SeededProject, developer: str, query: str, expected: list[str]
) -> None:
    files = [wheel("banana", "2.0"), wheel("Apple.Pie", "1.0"), wheel("cherry", "1.5")]
    yard.must_publish(project.id, developer, *files)

    assert names(packages(yard, project, developer, query)) == expected


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("order_by=size", "order_by"),
        ("sort=up", "sort"),
        ("package_type=wheel", "package_type"),
        ("status=gone", "status"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=two", "page"),
        ("page=%D9%A3", "page"),
        ("page=99999999999999999999999", "page"),
        ("per_page=0", "per_page"),
    ],
)
def test_a_malformed_query_is_refused_by_its_name(
    yard: Yard, project: SeededProject, developer: str, query: str, named: str
) -> None:
    answer = yard.ask("GET", f"{address(project)}?{query}", developer)

    assert answer.status_code == 400
    assert f" {named} must be" in sentence(answer)


def test_a_name_with_a_nul_is_refused(yard: Yard, project: SeededProject, developer: str) -> None:
    answer = yard.ask("GET", f"{address(project)}?package_name=%00", developer)

    assert answer.status_code == 400


def test_a_query_that_no_header_has_room_for_is_refused(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    answer = yard.ask("GET", f"{address(project)}?package_name={'x' * 3000}", developer)

    assert answer.status_code == 400
    assert "The query is longer than 2000 characters" in sentence(answer)


def test_a_long_list_comes_in_pages_that_point_at_each_other(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    yard.must_publish(project.id, developer, *(wheel("demo", f"1.{n}") for n in range(5)))

    answer = yard.ask(
        "GET", f"{address(project)}?page=2&per_page=2&package_name=de%26mo", developer
    )
    assert answer.get_json() == []
    answer = yard.ask("GET", f"{address(project)}?page=2&per_page=2&sort=asc", developer)

    assert names(answer.get_json()) == ["demo 1.2", "demo 1.3"]
    expected = {
        "X-Total": "5",
        "X-Total-Pages": "3",
        "X-Page": "2",
        "X-Per-Page": "2",
        "X-Next-Page": "3",
        "X-Prev-Page": "1",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    links = {
        relation: link
        for link, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])
    }
    assert set(links) == {"prev", "next", "first", "last"}
    following = links["next"].removeprefix("http://yard.example")
    rest = yard.ask("GET", following, developer)
    assert names(rest.get_json()) == ["demo 1.4"]
    assert rest.headers["X-Next-Page"] == ""
    assert 'rel="next"' not in rest.headers["Link"]


def test_a_page_behind_the_last_is_empty_and_more_than_a_hundred_are_a_hundred(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    answer = yard.ask("GET", f"{address(project)}?page=9&per_page=1000", developer)

    assert answer.get_json() == []
    assert answer.headers["X-Per-Page"] == "100"
    assert answer.headers["X-Total"] == "0"


def test_a_public_project_shows_its_releases_to_anybody(yard: Yard) -> None:
    project = yard.seed.project(visibility=Visibility.PUBLIC)
    yard.must_publish(project.id, yard.seed.developer_token(project), wheel())

    found = yard.ask("GET", address(project)).get_json()

    assert names(found) == ["demo 1.0"]
    assert "delete_api_path" not in found[0]["_links"]
    assert yard.ask("DELETE", address(project, found[0]["id"])).status_code == 401


def test_a_group_lists_what_its_reader_may_read(yard: Yard) -> None:
    group = yard.seed.group()
    one, other = yard.seed.project(group), yard.seed.project(yard.seed.group(group))
    yard.must_publish(one.id, yard.seed.developer_token(one), wheel("first"))
    yard.must_publish(other.id, yard.seed.developer_token(other), wheel("second"))
    path = f"/api/v4/groups/{group.path}/packages?order_by=project_path&sort=desc"

    member = yard.seed.personal_token(yard.seed.member(Role.REPORTER, group=group))
    found = yard.ask("GET", path, member).get_json()

    assert sorted(names(found)) == ["first 1.0", "second 1.0"]
    assert [shown["project_path"] for shown in found] == sorted(
        [one.path, other.path], reverse=True
    )
    assert {shown["project_id"] for shown in found} == {one.id, other.id}
    only_one = yard.seed.personal_token(yard.seed.member(Role.REPORTER, project=one))
    assert names(yard.ask("GET", path, only_one).get_json()) == ["first 1.0"]
