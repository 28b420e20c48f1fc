"""What is deleted is gone everywhere, by those who may."""

import time

import pytest
from tests.integration.packages.asking import address, names, packages, sentence, wheel
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.domain.access import Role, Scope

pytestmark = pytest.mark.integration


def test_a_deleted_release_is_gone_from_page_list_and_download(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    built = wheel()
    yard.must_publish(project.id, developer, built, wheel("demo", "2.0"))
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
    yard.must_publish(project.id, developer, wheel())
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
    yard.must_publish(project.id, developer, built, other)
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
    yard.must_publish(project.id, developer, wheel(), wheel("other", "1.0"))
    one, other = packages(yard, project, developer)
    files = yard.ask("GET", address(project, one["id"], "package_files"), developer).get_json()

    wrong = address(project, other["id"], "package_files", files[0]["id"])

    assert yard.ask("DELETE", wrong, developer).status_code == 404
    assert yard.listed(project.id, "demo", developer) == ["demo-1.0-py3-none-any.whl"]


def test_publishing_after_a_delete_begins_a_new_release(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    yard.must_publish(project.id, developer, wheel())
    [old] = packages(yard, project, maintainer)
    yard.ask("DELETE", address(project, old["id"]), maintainer)

    other = ADistribution().with_payload(b"x = 1\n").wheel()
    yard.must_publish(project.id, developer, other)

    [new] = packages(yard, project, maintainer)
    assert new["id"] != old["id"]
    assert yard.listed(project.id, "demo", developer) == [other.filename]
    yard.ask("DELETE", address(project, new["id"]), maintainer)
    yard.must_publish(project.id, developer, wheel())
    assert yard.listed(project.id, "demo", developer) == [other.filename]


@pytest.mark.parametrize("settings", [{"WHEELYARD_BURN_FILENAMES": "true"}], indirect=True)
def test_a_burned_filename_takes_its_own_bytes_again_and_no_others(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    yard.must_publish(project.id, developer, wheel())
    [shown] = packages(yard, project, maintainer)
    yard.ask("DELETE", address(project, shown["id"]), maintainer)

    refused = yard.publish(project.id, ADistribution().with_payload(b"x = 1\n").wheel(), developer)

    assert refused.status_code == 400
    assert "already been taken" in sentence(refused)
    yard.must_publish(project.id, developer, wheel())
    assert yard.listed(project.id, "demo", developer) == ["demo-1.0-py3-none-any.whl"]


def test_a_deletion_is_answered_after_its_page_was_made_anew(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    yard.must_publish(project.id, developer, *(wheel("demo", f"1.{n}") for n in range(4)))

    for shown in packages(yard, project, maintainer):
        before = len(yard.listed(project.id, "demo", developer))
        yard.ask("DELETE", address(project, shown["id"]), maintainer)
        assert len(yard.listed(project.id, "demo", developer)) == before - 1


def test_a_deletion_whose_page_is_late_is_answered_in_bounded_time(
    yard: Yard, project: SeededProject, developer: str, maintainer: str
) -> None:
    built = wheel()
    yard.must_publish(project.id, developer, built)
    [shown] = packages(yard, project, maintainer)

    with yard.hand.resting():
        began = time.monotonic()
        answer = yard.ask("DELETE", address(project, shown["id"]), maintainer)
        took = time.monotonic() - began

    assert answer.status_code == 204
    # Five seconds, and what else a busy machine takes; an upload would wait for thirty here.
    assert 4.5 < took < 20
    download = address(project, "pypi/files", built.sha256, built.filename)
    assert yard.ask("GET", download, developer).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.GUEST, 403), (Role.REPORTER, 403), (Role.DEVELOPER, 403), (Role.MAINTAINER, 204)],
)
def test_a_release_is_deleted_by_maintainers(
    yard: Yard, project: SeededProject, developer: str, role: Role, status: int
) -> None:
    yard.must_publish(project.id, developer, wheel())
    [shown] = packages(yard, project, developer)
    secret = yard.seed.personal_token(yard.seed.member(role, project=project))

    assert yard.ask("DELETE", address(project, shown["id"]), secret).status_code == status


def test_a_private_project_shows_and_loses_nothing_to_others(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    yard.must_publish(project.id, developer, wheel())
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


def test_numbers_that_no_database_counts_to_are_unknown(
    yard: Yard, project: SeededProject, maintainer: str
) -> None:
    for number in (0, 10**6, 10**18 - 1, 2**63, 10**30, "9" * 5000):
        assert yard.ask("GET", address(project, number), maintainer).status_code == 404
        assert yard.ask("DELETE", address(project, number), maintainer).status_code == 404
