"""GitLab's package API: what is published can be listed, read and deleted, by those who may."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard, environment, in_process
from tests.support.seed import PIPELINE, SeededProject
from tests.support.servers.redis import RedisServer
from werkzeug.test import TestResponse

from wheelyard_core.domain.access import Role, Scope, Visibility

if TYPE_CHECKING:
    from tests.support.servers.postgres import Databases

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a test sets beside the usual."""
    return dict(getattr(request, "param", {}))


@pytest.fixture(params=["sqlite", "postgresql"])
def yard(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    redis_server: RedisServer,
    settings: dict[str, str],
) -> Iterator[Yard]:
    url = f"sqlite:///{tmp_path}/wheelyard.db"
    if request.param == "postgresql":
        databases: Databases = request.getfixturevalue("postgres")
        url = databases.fresh_database()
    with in_process(environment(tmp_path, url, redis_server.url) | settings) as started:
        yield started
        assert started.hand.failures == []


@pytest.fixture
def project(yard: Yard) -> SeededProject:
    return yard.seed.project()


@pytest.fixture
def developer(yard: Yard, project: SeededProject) -> str:
    return yard.seed.developer_token(project)


@pytest.fixture
def maintainer(yard: Yard, project: SeededProject) -> str:
    return yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))


def wheel(name: str = "demo", version: str = "1.0") -> Built:
    return ADistribution().named(name, version).wheel()


def published(yard: Yard, project: SeededProject, secret: str, *built: Built) -> None:
    for one in built:
        answer = yard.publish(project.id, one, secret)
        assert answer.status_code == 201, answer.text


def packages(yard: Yard, project: SeededProject, secret: str, query: str = "") -> list[Any]:
    answer = yard.ask("GET", f"/api/v4/projects/{project.id}/packages{query}", secret)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert isinstance(found, list)
    return found


def names(found: list[Any]) -> list[str]:
    return [f"{one['name']} {one['version']}" for one in found]


def address(project: SeededProject, *rest: object) -> str:
    return "/".join([f"/api/v4/projects/{project.id}/packages", *map(str, rest)])


def sentence(answer: TestResponse) -> str:
    return str(answer.get_json()["message"])


def test_a_release_is_listed_once_with_the_name_as_first_published(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built = ADistribution().named("My.Package", "1.0")
    published(yard, project, developer, built.wheel(), built.sdist())

    [shown] = packages(yard, project, developer)

    assert shown["name"] == "My.Package"
    assert shown["version"] == "1.0"
    assert shown["package_type"] == "pypi"
    assert shown["status"] == "default"
    assert shown["tags"] == []
    assert shown["pipelines"] == []
    assert shown["_links"] == {"web_path": f"/{project.path}/-/packages/{shown['id']}"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", shown["created_at"])
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
    published(yard, project, developer, wheel())

    [shown] = packages(yard, project, maintainer)

    where = shown["_links"]["delete_api_path"]
    assert where == f"http://yard.example/api/v4/projects/{project.id}/packages/{shown['id']}"


def test_the_files_of_a_release_have_the_digests_of_their_bytes(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built = wheel()
    published(yard, project, developer, built, ADistribution().sdist())
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
    published(yard, project, developer, *files)

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


def test_a_long_list_comes_in_pages_that_point_at_each_other(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    published(yard, project, developer, *(wheel("demo", f"1.{n}") for n in range(5)))

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


def test_a_deleted_release_is_gone_from_page_list_and_download(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    built = wheel()
    published(yard, project, developer, built, wheel("demo", "2.0"))
    assert len(yard.listed(project.id, "demo", developer)) == 2
    shown = packages(yard, project, maintainer)[0]

    answer = yard.ask("DELETE", address(project, shown["id"]), maintainer)

    assert answer.status_code == 204
    assert answer.data == b""
    assert yard.listed(project.id, "demo", developer) == ["demo-2.0-py3-none-any.whl"]
    assert names(packages(yard, project, developer)) == ["demo 2.0"]
    download = address(project, "pypi/files", built.sha256, built.filename)
    assert yard.ask("GET", download, developer).status_code == 404
    assert yard.ask("GET", f"{download}.metadata", developer).status_code == 404
    assert yard.ask("GET", address(project, shown["id"]), developer).status_code == 404
    assert yard.ask("DELETE", address(project, shown["id"]), maintainer).status_code == 404


def test_a_package_without_anything_left_has_an_empty_page_and_leaves_the_root(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    published(yard, project, developer, wheel())
    [shown] = packages(yard, project, maintainer)

    assert yard.ask("DELETE", address(project, shown["id"]), maintainer).status_code == 204

    assert yard.listed(project.id, "demo", developer) == []
    root = yard.ask(
        "GET",
        address(project, "pypi/simple/?format=application/vnd.pypi.simple.v1%2Bjson"),
        developer,
    )
    assert root.get_json(force=True)["projects"] == []


def test_a_deleted_file_leaves_the_others_of_its_release(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    built, other = wheel(), ADistribution().sdist()
    published(yard, project, developer, built, other)
    [shown] = packages(yard, project, developer)
    files = address(project, shown["id"], "package_files")
    first = yard.ask("GET", files, developer).get_json()[0]

    assert yard.ask("DELETE", f"{files}/{first['id']}", developer).status_code == 204

    assert yard.listed(project.id, "demo", developer) == [other.filename]
    [left] = yard.ask("GET", files, developer).get_json()
    assert left["file_name"] == other.filename
    again = yard.ask("DELETE", f"{files}/{first['id']}", developer)
    assert again.status_code == 404
    assert "file not found" in sentence(again)


def test_a_file_is_deleted_by_its_own_release_only(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    published(yard, project, developer, wheel(), wheel("other", "1.0"))
    one, other = packages(yard, project, developer)
    files = yard.ask("GET", address(project, one["id"], "package_files"), developer).get_json()

    wrong = address(project, other["id"], "package_files", files[0]["id"])

    assert yard.ask("DELETE", wrong, developer).status_code == 404
    assert yard.listed(project.id, "demo", developer) == ["demo-1.0-py3-none-any.whl"]


def test_publishing_after_a_delete_begins_a_new_release(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    published(yard, project, developer, wheel())
    [old] = packages(yard, project, maintainer)
    yard.ask("DELETE", address(project, old["id"]), maintainer)

    other = ADistribution().with_payload(b"x = 1\n").wheel()
    published(yard, project, developer, other)

    [new] = packages(yard, project, maintainer)
    assert new["id"] != old["id"]
    assert yard.listed(project.id, "demo", developer) == [other.filename]
    yard.ask("DELETE", address(project, new["id"]), maintainer)
    published(yard, project, developer, wheel())
    assert yard.listed(project.id, "demo", developer) == [other.filename]


@pytest.mark.parametrize("settings", [{"WHEELYARD_BURN_FILENAMES": "true"}], indirect=True)
def test_a_burned_filename_takes_its_own_bytes_again_and_no_others(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    published(yard, project, developer, wheel())
    [shown] = packages(yard, project, maintainer)
    yard.ask("DELETE", address(project, shown["id"]), maintainer)

    refused = yard.publish(project.id, ADistribution().with_payload(b"x = 1\n").wheel(), developer)

    assert refused.status_code == 400
    assert "already been taken" in sentence(refused)
    published(yard, project, developer, wheel())
    assert yard.listed(project.id, "demo", developer) == ["demo-1.0-py3-none-any.whl"]


def test_a_deletion_is_answered_after_its_page_was_made_anew(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    published(yard, project, developer, *(wheel("demo", f"1.{n}") for n in range(4)))

    for shown in packages(yard, project, maintainer):
        before = len(yard.listed(project.id, "demo", developer))
        yard.ask("DELETE", address(project, shown["id"]), maintainer)
        assert len(yard.listed(project.id, "demo", developer)) == before - 1


def test_a_deletion_whose_page_is_late_is_answered_in_bounded_time(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    built = wheel()
    published(yard, project, developer, built)
    [shown] = packages(yard, project, maintainer)

    with yard.hand.resting():
        began = time.monotonic()
        answer = yard.ask("DELETE", address(project, shown["id"]), maintainer)
        took = time.monotonic() - began

    assert answer.status_code == 204
    assert 4.5 < took < 7
    download = address(project, "pypi/files", built.sha256, built.filename)
    assert yard.ask("GET", download, developer).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.GUEST, 403), (Role.REPORTER, 403), (Role.DEVELOPER, 403), (Role.MAINTAINER, 204)],
)
def test_a_release_is_deleted_by_maintainers(
    yard: Yard, project: SeededProject, developer: str, role: Role, status: int
) -> None:
    published(yard, project, developer, wheel())
    [shown] = packages(yard, project, developer)
    secret = yard.seed.personal_token(yard.seed.member(role, project=project))

    assert yard.ask("DELETE", address(project, shown["id"]), secret).status_code == status


def test_a_private_project_shows_and_loses_nothing_to_others(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    published(yard, project, developer, wheel())
    [shown] = packages(yard, project, developer)
    number = shown["id"]
    addresses = [
        ("GET", address(project)),
        ("GET", address(project, number)),
        ("DELETE", address(project, number)),
        ("GET", address(project, number, "package_files")),
        ("DELETE", address(project, number, "package_files", 1)),
        ("GET", f"/api/v4/groups/{project.group.id}/packages"),
    ]
    stranger = yard.seed.personal_token(yard.seed.user())
    for method, path in addresses:
        assert yard.ask(method, path).status_code == 401, path
        assert yard.ask(method, path, stranger).status_code == 404, path
    reader = yard.seed.personal_token(yard.seed.member(Role.OWNER, project=project), Scope.READ_API)
    assert yard.ask("DELETE", address(project, number), reader).status_code == 403


def test_a_public_project_shows_its_releases_to_anybody(yard: Yard) -> None:
    project = yard.seed.project(visibility=Visibility.PUBLIC)
    published(yard, project, yard.seed.developer_token(project), wheel())

    found = yard.ask("GET", address(project)).get_json()

    assert names(found) == ["demo 1.0"]
    assert "delete_api_path" not in found[0]["_links"]
    assert yard.ask("DELETE", address(project, found[0]["id"])).status_code == 401


def test_a_group_lists_what_its_reader_may_read(yard: Yard) -> None:
    group = yard.seed.group()
    one, other = yard.seed.project(group), yard.seed.project(yard.seed.group(group))
    published(yard, one, yard.seed.developer_token(one), wheel("first"))
    published(yard, other, yard.seed.developer_token(other), wheel("second"))
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


def test_numbers_that_no_database_counts_to_are_unknown(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    for number in (0, 10**6, 10**18 - 1, 2**63, 10**30, "9" * 5000):
        assert yard.ask("GET", address(project, number), maintainer).status_code == 404
        assert yard.ask("DELETE", address(project, number), maintainer).status_code == 404
