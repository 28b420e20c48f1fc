"""Releases and files by their names: yanked, un-yanked, deleted, and pages that say so at once."""

from threading import Barrier, Thread
from typing import Any

import pytest
from tests.integration.rest.conftest import Someone, Town
from tests.support.distributions import ADistribution, Built

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("Demo.Pkg", "1.0")
WHEEL, SDIST = DEMO.wheel(), DEMO.sdist()
NEXT = ADistribution().named("Demo.Pkg", "1.1").wheel()


@pytest.fixture
def project(town: Town) -> Any:
    made = town.project()
    town.yard.must_publish(made["id"], str(town.admin.secret), WHEEL, SDIST, NEXT)
    return made


@pytest.fixture
def maintainer(town: Town, project: Any) -> Someone:
    return town.member(40, project=project)


def yank(project: Any, *rest: str) -> str:
    return "/".join([f"/projects/{project['id']}/packages/pypi/yank", *rest])


def named(project: Any, *rest: str) -> str:
    return "/".join([f"/projects/{project['id']}/packages/pypi/releases", *rest])


def yanked(town: Town, project: Any) -> dict[str, Any]:
    """Return what the page says of each file: None where it is not yanked."""
    files = town.yard.listing(project["id"], "demo-pkg", str(town.admin.secret))
    return {file["filename"]: file.get("yanked") for file in files}


def acts(town: Town, project: Any) -> list[tuple[str, str | None]]:
    found = town.admin.get(f"/projects/{project['id']}/audit_events?sort=asc")
    return [
        (event["event_name"], event["details"]["reason"])
        for event in found
        if event["event_name"].endswith(("yanked", "_deleted"))
    ]


def test_a_yanked_release_is_marked_on_the_page_with_its_reason(
    town: Town, project: Any, maintainer: Someone
) -> None:
    state = maintainer.put(yank(project, "demo_PKG", "1.0.0"), reason="it breaks <everything>")

    assert state["name"] == "Demo.Pkg"
    assert state["version"] == "1.0"
    assert state["yanked"] is True
    assert state["yanked_reason"] == "it breaks <everything>"
    assert {
        (file["file_name"], file["yanked"], file["yanked_reason"]) for file in state["files"]
    } == {(built.filename, True, "it breaks <everything>") for built in (WHEEL, SDIST)}
    reason = "it breaks <everything>"
    assert yanked(town, project) == {
        WHEEL.filename: reason,
        SDIST.filename: reason,
        NEXT.filename: None,
    }


def test_a_release_that_is_unyanked_is_as_it_was(
    town: Town, project: Any, maintainer: Someone
) -> None:
    maintainer.put(yank(project, "demo-pkg", "1.0"))
    assert yanked(town, project)[WHEEL.filename] is True

    state = maintainer.delete(yank(project, "demo-pkg", "1.0"), 200)

    assert state["yanked"] is False
    assert state["yanked_reason"] is None
    assert set(yanked(town, project).values()) == {None}


def test_one_file_is_yanked_alone(town: Town, project: Any, maintainer: Someone) -> None:
    state = maintainer.put(yank(project, "demo-pkg", "1.0", WHEEL.filename), reason="broken wheel")

    assert state["yanked"] is False
    assert yanked(town, project) == {
        WHEEL.filename: "broken wheel",
        SDIST.filename: None,
        NEXT.filename: None,
    }
    assert maintainer.put(yank(project, "demo-pkg", "1.0", SDIST.filename))["yanked"] is True
    maintainer.delete(yank(project, "demo-pkg", "1.0", WHEEL.filename), 200)
    assert yanked(town, project)[WHEEL.filename] is None
    assert yanked(town, project)[SDIST.filename] is True


def test_a_file_that_comes_late_into_a_yanked_release_is_yanked(
    town: Town, project: Any, maintainer: Someone
) -> None:
    late = DEMO.tagged("cp311-abi3-any").wheel()
    maintainer.put(yank(project, "demo-pkg", "1.0"), reason="broken")

    town.yard.must_publish(project["id"], str(town.admin.secret), late)

    assert yanked(town, project)[late.filename] == "broken"


def test_doing_it_again_changes_nothing_and_leaves_no_event(
    town: Town, project: Any, maintainer: Someone
) -> None:
    address = yank(project, "demo-pkg", "1.0")
    first = maintainer.put(address, reason="broken")
    serial = page_serial(town, project)

    assert maintainer.put(address, reason="broken") == first
    assert page_serial(town, project) == serial
    assert maintainer.put(address, reason="worse")["yanked_reason"] == "worse"
    assert page_serial(town, project) > serial
    maintainer.delete(address, 200)
    maintainer.delete(address, 200)

    assert acts(town, project) == [
        ("release_yanked", "broken"),
        ("release_yanked", "worse"),
        ("release_unyanked", None),
    ]


def page_serial(town: Town, project: Any) -> int:
    page = town.yard.page(project["id"], "demo-pkg", str(town.admin.secret))
    return int(page.headers["X-PyPI-Last-Serial"])


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    "rest",
    [
        ("demo-pkg", "2.0"),
        ("other", "1.0"),
        ("demo-pkg", "not a version"),
        ("-", "1.0"),
        ("demo-pkg", "1.0", "demo_pkg-1.1-py3-none-any.whl"),
        ("demo-pkg", "1.0", "x" * 3000),
    ],
)
def test_what_is_not_there_is_404(
    method: str, rest: tuple[str, ...], project: Any, maintainer: Someone
) -> None:
    assert maintainer.status(method, yank(project, *rest)) == 404
    if method == "DELETE":
        assert maintainer.status(method, named(project, *rest)) == 404


def test_a_wrong_reason_is_refused_by_a_sentence(project: Any, maintainer: Someone) -> None:
    for reason in ("x" * 1001, "a\u0000b", ["a", "list"]):
        answer = maintainer.ask("PUT", yank(project, "demo-pkg", "1.0"), json={"reason": reason})
        assert answer.status_code == 400
        assert "reason" in answer.get_json()["message"]
    answer = maintainer.ask("PUT", yank(project, "demo-pkg", "1.0"), data="{", content_type="x/y")
    assert answer.status_code == 400


def test_only_maintainers_yank(town: Town, project: Any) -> None:
    token = town.admin.post(
        f"/projects/{project['id']}/deploy_tokens",
        name="ci",
        scopes=["read_package_registry", "write_package_registry"],
    )["token"]
    for method in ("PUT", "DELETE"):
        address = yank(project, "demo-pkg", "1.0")
        assert town.member(30, project=project).status(method, address) == 403
        assert town.holder(token).ask(method, address).status_code in {401, 403}
        assert town.person().status(method, address) == 404
        assert town.nobody.status(method, address) == 401


def test_a_package_may_be_called_like_the_addresses(town: Town, project: Any) -> None:
    for name in ("yank", "releases", "simple", "files", "status", "legacy"):
        wheel = ADistribution().named(name, "1.0").wheel()
        town.yard.must_publish(project["id"], str(town.admin.secret), wheel)

        assert town.admin.put(yank(project, name, "1.0"))["name"] == name
        town.admin.delete(yank(project, name, "1.0", wheel.filename), 200)
        town.admin.delete(named(project, name, "1.0", wheel.filename))
        town.admin.delete(named(project, name, "1.0"))


def test_a_release_is_deleted_by_its_name_and_version(
    town: Town, project: Any, maintainer: Someone
) -> None:
    maintainer.delete(f"{named(project, 'demo.pkg', '1')}?reason=private+data")

    assert list(yanked(town, project)) == [NEXT.filename]
    assert [one["version"] for one in maintainer.get(f"/projects/{project['id']}/packages")] == [
        "1.1"
    ]
    assert acts(town, project) == [("release_deleted", "private data")]
    assert maintainer.status("DELETE", named(project, "demo.pkg", "1")) == 404


def test_a_file_is_deleted_by_its_name(town: Town, project: Any) -> None:
    developer = town.member(30, project=project)

    developer.delete(named(project, "demo-pkg", "1.0", WHEEL.filename))

    assert list(yanked(town, project)) == [SDIST.filename, NEXT.filename]
    assert developer.status("DELETE", named(project, "demo-pkg", "1.0")) == 403
    assert acts(town, project) == [("file_deleted", None)]


def test_deleting_by_number_takes_a_reason_too(
    town: Town, project: Any, maintainer: Someone
) -> None:
    packages = maintainer.get(f"/projects/{project['id']}/packages?package_version=1.0")

    answer = maintainer.ask(
        "DELETE",
        f"/projects/{project['id']}/packages/{packages[0]['id']}",
        json={"reason": "a secret was in it"},
    )

    assert answer.status_code == 204
    assert acts(town, project) == [("release_deleted", "a secret was in it")]


def test_a_yanked_release_that_is_deleted_and_published_again_is_not_yanked(
    town: Town, project: Any, maintainer: Someone
) -> None:
    maintainer.put(yank(project, "demo-pkg", "1.0"))
    maintainer.delete(named(project, "demo-pkg", "1.0"))

    town.yard.must_publish(project["id"], str(town.admin.secret), WHEEL)

    assert yanked(town, project)[WHEEL.filename] is None


def test_yanks_and_uploads_at_once_leave_no_file_behind(
    town: Town, project: Any, maintainer: Someone
) -> None:
    late = [DEMO.tagged(f"cp3{minor}-abi3-any").wheel() for minor in range(8, 12)]
    barrier = Barrier(len(late) + 1)
    statuses: list[int] = []

    def publish(built: Built) -> None:
        barrier.wait(10)
        yard = town.yard.another_client()
        statuses.append(yard.publish(project["id"], built, str(town.admin.secret)).status_code)

    threads = [Thread(target=publish, args=(built,)) for built in late]
    for thread in threads:
        thread.start()
    barrier.wait(10)
    maintainer.put(yank(project, "demo-pkg", "1.0"), reason="broken")
    for thread in threads:
        thread.join(30)

    assert statuses == [201] * len(late)
    states = yanked(town, project)
    assert {states[built.filename] for built in [WHEEL, SDIST, *late]} == {"broken"}
