"""Audit events: every act leaves one, those who answer for a place read them, old ones go."""

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.rest.conftest import Someone, Town
from tests.support.distributions import ADistribution

from wheelyard_core.domain.audit import SYSTEM, Action, AuditEvent

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()


def events(who: Someone, place: Any, query: str = "") -> list[Any]:
    kind = "groups" if "full_path" in place else "projects"
    found = who.get(f"/{kind}/{place['id']}/audit_events{query}")
    assert isinstance(found, list)
    return found


def acts(found: list[Any]) -> list[str]:
    return [event["event_name"] for event in reversed(found)]


def published(town: Town, project: Any, secret: str) -> Any:
    answer = town.yard.publish(project["id"], WHEEL, secret)
    assert answer.status_code == 201, answer.text
    [package] = town.admin.get(f"/projects/{project['id']}/packages")
    return package


def test_a_published_file_is_told_of_with_its_publisher_and_token(town: Town) -> None:
    project = town.project()
    developer = town.member(30, project=project)
    published(town, project, str(developer.secret))

    event = events(town.admin, project)[0]

    assert event | {"id": 0, "created_at": "", "details": {}} == {
        "id": 0,
        "author_id": developer.id,
        "entity_id": project["id"],
        "entity_type": "Project",
        "event_name": "file_published",
        "details": {},
        "created_at": "",
    }
    details = event["details"]
    assert details["author_name"] == developer.name
    assert details["author_class"] == "person"
    assert details["package"] == "demo-pkg"
    assert details["version"] == "1.0"
    assert details["file_name"] == details["target_details"] == WHEEL.filename
    assert details["sha256"] == WHEEL.sha256
    assert details["token_name"] == "test"
    assert details["token_id"] is not None
    assert str(developer.secret) not in str(event)


def test_the_number_of_the_request_leads_from_the_upload_to_its_event(town: Town) -> None:
    project = town.project()
    answer = town.yard.publish(project["id"], WHEEL, str(town.admin.secret))

    event = events(town.admin, project)[0]

    assert event["details"]["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("kind", ["deploy_token", "job_token", "bot"])
def test_tokens_without_a_person_are_named_as_what_they_are(town: Town, kind: str) -> None:
    project = town.project()
    path, user = f"/projects/{project['id']}", "__token__"
    if kind == "deploy_token":
        made = town.admin.post(
            f"{path}/deploy_tokens", name="ci", scopes=["write_package_registry"]
        )
    elif kind == "job_token":
        made, user = town.admin.post(f"{path}/job_tokens", ref="main"), "gitlab-ci-token"
    else:
        made = town.admin.post(f"{path}/access_tokens", name="ci", scopes=["api"], access_level=30)
    assert town.yard.publish(project["id"], WHEEL, made["token"], user).status_code == 201

    event = events(town.admin, project)[0]

    assert event["event_name"] == "file_published"
    assert event["details"]["author_class"] == kind
    assert event["details"]["token_id"] == made["id"]
    assert (event["author_id"] == -1) == (kind == "deploy_token")
    if kind == "job_token":
        assert event["details"]["pipeline"]["ref"] == "main"


def test_deleting_tells_who_deleted_what(town: Town) -> None:
    project = town.project()
    package = published(town, project, str(town.admin.secret))
    path = f"/projects/{project['id']}/packages/{package['id']}"
    [file] = town.admin.get(f"{path}/package_files")

    town.admin.delete(f"{path}/package_files/{file['id']}")
    town.admin.delete(path)
    town.admin.delete(path, 404)

    release, deleted, *_ = events(town.admin, project)
    assert (release["event_name"], deleted["event_name"]) == ("release_deleted", "file_deleted")
    assert deleted["details"]["file_name"] == WHEEL.filename
    assert deleted["details"]["sha256"] == WHEEL.sha256
    assert release["details"]["target_details"] == "Demo.Pkg 1.0"
    assert acts(events(town.admin, project)) == [
        "project_created",
        "file_published",
        "file_deleted",
        "release_deleted",
    ]


def test_settings_are_told_of_with_what_they_were(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])

    town.admin.put(f"/projects/{project['id']}", visibility="public", burn_filenames=True)
    town.admin.put(f"/projects/{project['id']}", visibility="public")
    town.admin.put(f"/groups/{group['id']}", description="x" * 1000)
    town.admin.delete(f"/projects/{project['id']}", 202)

    created, changed, deleted = reversed(events(town.admin, group))
    assert created["event_name"] == "group_created"
    assert (changed["event_name"], deleted["event_name"]) == ("group_changed", "project_deleted")
    assert changed["details"]["changes"] == {"description": {"from": "", "to": "x" * 255}}
    assert deleted["details"]["path"] == project["path_with_namespace"]
    everything = town.admin.get(f"/audit_events?entity_type=Project&entity_id={project['id']}")
    assert acts(everything) == ["project_created", "project_changed"]
    assert everything[0]["details"]["changes"] == {
        "visibility": {"from": "private", "to": "public"},
        "burn_filenames": {"from": False, "to": True},
    }


def test_members_and_tokens_are_told_of_where_they_belong(town: Town) -> None:
    group, project = town.group(), town.project()
    for path, place in ((f"/groups/{group['id']}", group), (f"/projects/{project['id']}", project)):
        somebody = town.person()
        town.admin.post(f"{path}/members", user_id=somebody.id, access_level=30)
        town.admin.put(f"{path}/members/{somebody.id}", access_level=40)
        town.admin.delete(f"{path}/members/{somebody.id}")
        made = town.admin.post(f"{path}/deploy_tokens", name="ci", scopes=["read_package_registry"])
        town.admin.delete(f"{path}/deploy_tokens/{made['id']}")

        found = events(town.admin, place)

        assert acts(found)[1:] == [
            "member_added",
            "member_changed",
            "member_removed",
            "token_created",
            "token_revoked",
        ]
        assert found[3]["details"]["username"] == somebody.name
        assert found[3]["details"]["changes"] == {"access_level": {"from": 30, "to": 40}}
        assert found[0]["details"]["token"]["token_name"] == "ci"
        assert found[0]["details"]["token"]["token_id"] == made["id"]
        assert made["token"] not in str(found)


def test_a_rotation_names_both_tokens_and_its_reuse_the_registry(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/access_tokens"
    made = town.admin.post(path, name="ci", scopes=["api"], access_level=30)
    rotated = town.admin.post(f"{path}/{made['id']}/rotate", 200)
    town.admin.post(f"{path}/{made['id']}/rotate", 400)

    revoked, into, *_ = events(town.admin, project)

    assert into["event_name"] == "token_rotated"
    assert into["details"]["token"]["token_id"] == made["id"]
    assert into["details"]["token"]["into"] == rotated["id"]
    assert revoked["event_name"] == "token_revoked"
    assert revoked["details"]["author_class"] == "system"
    assert revoked["details"]["token"]["revoked"] == [rotated["id"]]
    assert "rotated before" in revoked["details"]["reason"]


def test_what_was_refused_leaves_no_event(town: Town) -> None:
    project = town.project()
    before = events(town.admin, project)
    maintainer = town.member(40, project=project)
    path = f"/projects/{project['id']}"

    assert maintainer.status("POST", f"{path}/members", user_id=1, access_level=50) == 403
    assert maintainer.status("PUT", path, visibility="sideways") == 400
    assert maintainer.status("DELETE", path) == 403

    assert acts(events(town.admin, project)) == [*acts(before), "member_added"]


def test_maintainers_read_a_projects_events_and_owners_a_groups(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    expected = {20: (403, 403), 30: (403, 403), 40: (200, 403), 50: (200, 200)}
    for level, (of_project, of_group) in expected.items():
        somebody = town.member(level, group=group)
        assert somebody.status("GET", f"/projects/{project['id']}/audit_events") == of_project
        assert somebody.status("GET", f"/groups/{group['id']}/audit_events") == of_group
        assert somebody.status("GET", "/audit_events") == 403
    for place in (f"/projects/{project['id']}", f"/groups/{group['id']}"):
        assert town.nobody.status("GET", f"{place}/audit_events") == 401
        assert town.person().status("GET", f"{place}/audit_events") == 404


def test_administrators_read_of_everything_or_of_one_place(town: Town) -> None:
    project, other = town.project(), town.group()

    of_project = town.admin.get(f"/audit_events?entity_type=Project&entity_id={project['id']}")
    of_group = town.admin.get(f"/audit_events?entity_type=Group&entity_id={other['id']}")

    assert of_project == events(town.admin, project)
    assert of_group == events(town.admin, other)
    assert len(town.admin.get("/audit_events")) > 2
    assert town.admin.status("GET", "/audit_events?entity_type=Planet&entity_id=1") == 400
    assert town.admin.status("GET", "/audit_events?entity_id=1") == 400


def test_an_event_is_shown_alone_and_only_in_its_place(town: Town) -> None:
    project, other = town.project(), town.project()
    [event] = events(town.admin, project)

    assert town.admin.get(f"/projects/{project['id']}/audit_events/{event['id']}") == event
    assert town.admin.get(f"/audit_events/{event['id']}") == event
    town.admin.get(f"/projects/{other['id']}/audit_events/{event['id']}", 404)
    town.admin.get(f"/projects/{project['id']}/audit_events/999999999999999999", 404)


def test_events_are_paged_newest_first_and_cut_by_time(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}"
    for number in range(5):
        town.admin.put(path, description=f"{number}")

    answer = town.admin.ask("GET", f"{path}/audit_events?per_page=2")

    assert answer.headers["X-Total"] == "6"
    assert [one["details"]["changes"]["description"]["to"] for one in answer.get_json()] == [
        "4",
        "3",
    ]
    keyset = town.admin.ask("GET", f"{path}/audit_events?pagination=keyset&per_page=4")
    rest = keyset.headers["Link"].partition(">")[0].removeprefix("<http://yard.example/api/v4")
    assert [one["id"] for one in keyset.get_json() + town.admin.get(rest)] == [
        one["id"] for one in events(town.admin, project)
    ]
    moment = events(town.admin, project)[2]["created_at"]
    after = events(town.admin, project, f"?created_after={moment}")
    before = events(town.admin, project, f"?created_before={moment}")
    assert len(after) + len(before) >= 6
    assert all(one["created_at"] >= moment for one in after)
    assert events(town.admin, project, "?created_after=2100-01-01") == []
    assert events(town.admin, project, "?created_before=2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    [
        "created_after=yesterday",
        "created_before=2026-13-01",
        "created_after=0001-01-01T00:00%2B14:00",
        "order_by=name",
        "page=0",
    ],
)
def test_a_wrong_filter_is_named(town: Town, query: str) -> None:
    project = town.project()

    answer = town.admin.ask("GET", f"/projects/{project['id']}/audit_events?{query}")

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.get_json()["message"]


@pytest.mark.own_registry
def test_events_are_kept_as_long_as_is_set(town: Town) -> None:
    project = town.project()
    registry = town.yard.registry
    cleaner = registry.cleaner()
    kept = timedelta(days=registry.settings.audit_days)

    assert cleaner.forget_audit_events(registry.now() + kept - timedelta(minutes=1)) == 0
    assert events(town.admin, project) != []
    assert cleaner.forget_audit_events(registry.now() + kept + timedelta(minutes=1)) > 0
    assert events(town.admin, project) == []


def test_an_act_that_is_rolled_back_was_never_recorded(town: Town) -> None:
    project = town.project()
    with town.yard.registry.database.begin() as uow:
        uow.audit.record(AuditEvent(Action.PROJECT_CHANGED, SYSTEM, project_id=project["id"]))

    assert acts(events(town.admin, project)) == ["project_created"]
