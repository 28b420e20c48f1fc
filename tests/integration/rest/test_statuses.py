"""The status of a package (PEP 792): shown on its page, obeyed by uploads, pages and downloads."""

from typing import Any

import pytest
from tests.integration.rest.conftest import Someone, Town
from tests.support.distributions import ADistribution

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("Demo.Pkg", "1.0")
WHEEL, SDIST = DEMO.wheel(), DEMO.sdist()
JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture
def project(town: Town) -> Any:
    made = town.project()
    town.yard.must_publish(made["id"], str(town.admin.secret), WHEEL)
    return made


@pytest.fixture
def maintainer(town: Town, project: Any) -> Someone:
    return town.member(40, project=project)


def address(project: Any, package: str = "demo-pkg") -> str:
    return f"/projects/{project['id']}/packages/pypi/status/{package}"


def stand(who: Someone, project: Any, status: str, reason: str | None = None) -> Any:
    fields = {"status": status} | ({"reason": reason} if reason else {})
    answer = who.ask("PUT", address(project), json=fields)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def page(town: Town, path: str, accept: str = JSON) -> Any:
    answer = town.yard.client.get(
        f"/api/v4{path}", headers={"PRIVATE-TOKEN": str(town.admin.secret), "Accept": accept}
    )
    assert answer.status_code == 200, answer.text
    return answer.get_json(force=True) if accept == JSON else answer.text


def simple(project: Any, package: str = "demo-pkg/") -> str:
    return f"/projects/{project['id']}/packages/pypi/simple/{package}"


def file_of(project: Any, filename: str = WHEEL.filename) -> str:
    return f"/projects/{project['id']}/packages/pypi/files/{WHEEL.sha256}/{filename}"


def test_a_package_is_active_until_somebody_says_otherwise(
    town: Town, project: Any, maintainer: Someone
) -> None:
    shown = {"name": "Demo.Pkg", "status": "active", "reason": None}

    assert maintainer.get(address(project)) == shown
    assert maintainer.get(address(project, "demo_PKG")) == shown
    assert page(town, simple(project))["project-status"] == {"status": "active"}


@pytest.mark.parametrize("status", ["archived", "quarantined", "deprecated"])
def test_pages_show_a_status_and_its_reason_at_once(
    status: str, town: Town, project: Any, maintainer: Someone
) -> None:
    shown = stand(maintainer, project, status, 'moved to <"other">')

    assert shown == {"name": "Demo.Pkg", "status": status, "reason": 'moved to <"other">'}
    assert maintainer.get(address(project)) == shown
    assert page(town, simple(project))["project-status"] == {
        "status": status,
        "reason": 'moved to <"other">',
    }
    html = page(town, simple(project), "text/html")
    assert f'<meta name="pypi:project-status" content="{status}">' in html
    assert (
        '<meta name="pypi:project-status-reason" content="moved to &lt;&quot;other&quot;&gt;">'
        in html
    )


def test_an_archived_package_shows_its_files_and_takes_no_others(
    town: Town, project: Any, maintainer: Someone
) -> None:
    stand(maintainer, project, "archived", "use other-pkg")

    for built in (SDIST, WHEEL, DEMO.versioned("2.0").wheel()):
        answer = town.yard.publish(project["id"], built, str(town.admin.secret))
        assert answer.status_code == 403
        assert (
            "The package Demo.Pkg is archived and takes no new files: use other-pkg"
            in answer.get_json()["message"]
        )
    assert [one["filename"] for one in page(town, simple(project))["files"]] == [WHEEL.filename]
    assert town.admin.ask("GET", file_of(project)).data == WHEEL.content
    town.yard.must_publish(
        project["id"], str(town.admin.secret), ADistribution().named("other-pkg").wheel()
    )


def test_a_quarantined_package_shows_and_serves_nothing(
    town: Town, project: Any, maintainer: Someone
) -> None:
    assert town.admin.ask("GET", file_of(project)).status_code == 200

    stand(maintainer, project, "quarantined", "malware")

    found = page(town, simple(project))
    assert (found["files"], found["versions"]) == ([], [])
    assert WHEEL.filename not in page(town, simple(project), "text/html")
    assert page(town, simple(project, ""))["projects"] == []
    for filename in (WHEEL.filename, f"{WHEEL.filename}.metadata"):
        for method in ("GET", "HEAD"):
            answer = town.admin.ask(method, file_of(project, filename))
            assert answer.status_code == 404
            assert "Location" not in answer.headers
    refused = town.yard.publish(project["id"], SDIST, str(town.admin.secret))
    assert refused.status_code == 403


def test_what_is_active_again_is_as_it_was(town: Town, project: Any, maintainer: Someone) -> None:
    before = page(town, simple(project))["files"]
    stand(maintainer, project, "quarantined", "malware?")

    stand(maintainer, project, "active")

    found = page(town, simple(project))
    assert found["files"] == before
    assert found["project-status"] == {"status": "active"}
    assert [one["name"] for one in page(town, simple(project, ""))["projects"]] == ["Demo.Pkg"]
    assert town.admin.ask("GET", file_of(project)).data == WHEEL.content
    town.yard.must_publish(project["id"], str(town.admin.secret), SDIST)


def test_a_deprecated_package_goes_on(town: Town, project: Any, maintainer: Someone) -> None:
    stand(maintainer, project, "deprecated")

    town.yard.must_publish(project["id"], str(town.admin.secret), SDIST)

    assert len(page(town, simple(project))["files"]) == 2
    assert page(town, simple(project))["project-status"] == {"status": "deprecated"}


def test_the_same_status_again_changes_nothing(
    town: Town, project: Any, maintainer: Someone
) -> None:
    first = stand(maintainer, project, "archived", "done")
    serial = page(town, simple(project))["meta"]["_last-serial"]

    assert stand(maintainer, project, "archived", "done") == first
    assert page(town, simple(project))["meta"]["_last-serial"] == serial
    assert stand(maintainer, project, "archived")["reason"] is None
    events = town.admin.get(f"/projects/{project['id']}/audit_events?sort=asc")
    assert [
        (event["details"]["changes"]["status"], event["details"]["reason"])
        for event in events
        if event["event_name"] == "package_status_changed"
    ] == [
        ({"from": "active", "to": "archived"}, "done"),
        ({"from": "archived", "to": "archived"}, None),
    ]


def test_a_wrong_status_is_refused_by_a_sentence(project: Any, maintainer: Someone) -> None:
    for fields in ({}, {"status": "gone"}, {"status": 7}, {"status": "archived", "reason": ["x"]}):
        answer = maintainer.ask("PUT", address(project), json=fields)
        assert answer.status_code == 400
    assert "archived" in maintainer.ask("PUT", address(project), json={}).get_json()["message"]
    for package in ("unknown", "-"):
        assert maintainer.status("PUT", address(project, package), status="archived") == 404
        assert maintainer.status("GET", address(project, package)) == 404


def test_only_maintainers_read_and_set_it(town: Town, project: Any) -> None:
    for method in ("GET", "PUT"):
        assert town.member(30, project=project).status(method, address(project)) == 403
        assert town.person().status(method, address(project)) == 404
        assert town.nobody.status(method, address(project)) == 401


def test_a_package_of_which_everything_was_deleted_keeps_its_status(
    town: Town, project: Any, maintainer: Someone
) -> None:
    stand(maintainer, project, "archived")
    maintainer.delete(f"/projects/{project['id']}/packages/pypi/releases/demo-pkg/1.0")

    assert page(town, simple(project))["project-status"] == {"status": "archived"}
    assert town.yard.publish(project["id"], WHEEL, str(town.admin.secret)).status_code == 403


def test_a_group_says_what_its_projects_agree_on(town: Town) -> None:
    group = town.group()
    first, second = (town.project(namespace_id=group["id"]) for _ in range(2))
    town.yard.must_publish(first["id"], str(town.admin.secret), WHEEL)
    town.yard.must_publish(second["id"], str(town.admin.secret), DEMO.versioned("2.0").wheel())
    listing = f"/groups/{group['id']}/-/packages/pypi/simple/demo-pkg/"

    def shown() -> tuple[str, list[str]]:
        found = page(town, listing)
        return found["project-status"]["status"], found["versions"]

    assert shown() == ("active", ["1.0", "2.0"])
    stand(town.admin, first, "deprecated")
    assert shown() == ("active", ["1.0", "2.0"])
    stand(town.admin, second, "deprecated")
    assert shown() == ("deprecated", ["1.0", "2.0"])
    stand(town.admin, first, "quarantined")
    assert shown() == ("deprecated", ["2.0"])
    answer = town.admin.ask(
        "GET", f"/groups/{group['id']}/-/packages/pypi/files/{WHEEL.sha256}/{WHEEL.filename}"
    )
    assert answer.status_code == 404
    stand(town.admin, second, "quarantined")
    assert shown() == ("quarantined", [])
