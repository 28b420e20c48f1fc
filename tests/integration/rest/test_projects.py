"""Projects: made in groups or for oneself, shown to those who see them, deleted with files."""

import base64
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from tests.integration.rest.conftest import Town
from tests.support.distributions import ADistribution

from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.catalogue import Publisher
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.work import Task
from wheelyard_core.usecases.receive import Candidate, begin_upload

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]


def names(found: Any) -> list[str]:
    return [one["name"] for one in found]


def test_a_project_has_gitlabs_fields(town: Town) -> None:
    group = town.group(name="acme")

    made = town.admin.post(
        "/projects", name="Power Tools", namespace_id=group["id"], visibility="internal"
    )

    assert made | {"created_at": ""} == {
        "id": made["id"],
        "name": "Power Tools",
        "name_with_namespace": "acme / Power Tools",
        "path": "power-tools",
        "path_with_namespace": "acme/power-tools",
        "namespace": {
            "id": group["id"],
            "name": "acme",
            "path": "acme",
            "kind": "group",
            "full_path": "acme",
            "parent_id": None,
        },
        "description": "",
        "visibility": "internal",
        "package_registry_access_level": "enabled",
        "packages_enabled": True,
        "burn_filenames": False,
        "release_open_hours": 0,
        "attestation_policy": "off",
        "archived": False,
        "creator_id": town.admin.id,
        "web_url": "http://yard.example/acme/power-tools",
        "created_at": "",
    }
    for reference in (made["id"], "acme%2Fpower-tools", "ACME%2fPower-Tools"):
        assert town.admin.get(f"/projects/{reference}") == made
        assert town.admin.get(f"/projects/{reference}/") == made


def test_the_path_of_a_project_may_read_like_an_address(town: Town) -> None:
    acme = town.group(name="acme")
    for name in ("members", "packages", "access_tokens"):
        made = town.admin.post("/projects", name=name, namespace_id=acme["id"])
        assert town.admin.get(f"/projects/acme%2F{name}")["id"] == made["id"]
        assert town.admin.get(f"/projects/acme%2F{name}/members") == []
        assert town.admin.get(f"/projects/acme%2F{name}/packages") == []


def test_a_namespace_of_others_is_like_one_that_does_not_exist(town: Town) -> None:
    personal = town.person().post("/projects", name="theirs")["namespace"]["id"]
    hidden = town.group()["id"]
    stranger = town.person()
    made = town.project()
    bot = town.admin.post(
        f"/projects/{made['id']}/access_tokens", name="bot", scopes=["api"], access_level=40
    )

    for who in (stranger, town.holder(bot["token"])):
        answers = [
            who.ask("POST", "/projects", json={"name": "mine", "namespace_id": namespace})
            for namespace in (987_654_321, hidden, personal)
        ]

        assert [answer.status_code for answer in answers] == [404] * 3
        assert len({answer.data for answer in answers}) == 1, answers[0].text


def test_a_project_without_a_namespace_is_ones_own(town: Town) -> None:
    ada, bob = town.person(), town.person()

    mine = ada.post("/projects", path="mine")
    other = ada.post("/projects", name="other", namespace_id=mine["namespace"]["id"])

    assert mine["path_with_namespace"] == f"{ada.name}/mine"
    assert mine["name"] == "mine"
    assert other["namespace"] == mine["namespace"]
    assert ada.put(f"/projects/{mine['id']}", visibility="public")["visibility"] == "public"
    assert ada.get(f"/projects/{mine['id']}/members/all/{ada.id}")["access_level"] == 50
    assert names(bob.get(f"/users/{ada.id}/projects")) == ["mine"]
    assert bob.get(f"/users/{bob.id}/projects") == []
    fields = {"name": "x", "namespace_id": mine["namespace"]["id"]}
    assert bob.status("POST", "/projects", **fields) == 404
    town.admin.put(f"/users/{ada.id}", username="lovelace")
    assert ada.get("/projects/lovelace%2Fmine")["id"] == mine["id"]


def test_malformed_projects_are_refused_by_a_sentence(town: Town) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({}, "path is missing"),
        ({"name": "a\nb"}, "letters, digits"),
        ({"path": "a/b", "name": "ok"}, "can contain only letters"),
        ({"name": "ok", "path": "files"}, "reserved"),
        ({"name": "ok", "package_registry_access_level": "all"}, "disabled, private"),
        ({"name": "ok", "visibility": "x"}, "visibility does not have a valid value"),
        ({"name": "ok", "burn_filenames": "x"}, "true or false"),
        ({"name": "ok", "release_open_hours": 87_601}, "release_open_hours"),
        ({"name": "ok", "attestation_policy": "some"}, "attestation_policy does not have a valid"),
        ({"name": "ok", "release_open_hours": "soon"}, "release_open_hours"),
        ({"name": "ok", "release_open_hours": -1}, "release_open_hours"),
        ({"name": "ok", "description": 1.5}, "must be a text"),
    ]
    for fields, word in cases:
        town.admin.refused("/projects", word, **fields)
    assert town.admin.status("POST", "/projects", name="x", namespace_id=999) == 404


def test_settings_are_for_maintainers_and_deleting_for_owners(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    path = f"/projects/{project['id']}"
    developer, keeper = town.member(30, project), town.member(40, project)
    reader = keeper.post("/user/personal_access_tokens", name="r", scopes=["read_api"])
    owner, stranger = town.member(50, project), town.person()

    changed = keeper.put(
        path,
        name="Renamed",
        path="renamed",
        package_registry_access_level="public",
        burn_filenames="true",
        visibility="public",
    )

    assert changed["path_with_namespace"] == f"{group['path']}/renamed"
    assert (changed["package_registry_access_level"], changed["burn_filenames"]) == ("public", True)
    for method in ("PUT", "DELETE"):
        assert developer.status(method, path, name="x") == 403
        assert town.holder(reader["token"]).status(method, path, name="x") == 403
        assert stranger.status(method, path, name="x") == 403
        assert town.nobody.status(method, path, name="x") == 401
    town.nobody.get(path)
    keeper.put(path, visibility="private")
    for method in ("GET", "PUT", "DELETE"):
        assert stranger.status(method, path) == 404
        assert town.nobody.status(method, path) == 401
    assert keeper.status("DELETE", path) == 403
    for address in ("access_tokens", "deploy_tokens"):
        town.holder(reader["token"]).get(f"{path}/{address}")
        assert developer.status("GET", f"{path}/{address}") == 403
        assert stranger.status("GET", f"{path}/{address}") == 404
        assert town.nobody.status("GET", f"{path}/{address}") == 401
    assert owner.delete(path, status=202) == {"message": "202 Accepted"}
    town.admin.get(path, status=404)


def test_a_list_shows_what_one_may_see(town: Town) -> None:
    group = town.group()
    town.project(name="private", namespace_id=group["id"])
    town.project(name="internal", visibility="internal")
    public = town.project(name="public", visibility="public")
    bot = town.admin.post(f"/projects/{public['id']}/access_tokens", name="b", scopes=["api"])
    member = town.member(10, group=group)

    def seen(path: str = "/projects", by: Any = town.nobody) -> set[str]:
        return set(names(by.get(path)))

    assert seen() == {"public"}
    assert seen(by=town.person()) == {"public", "internal"}
    assert seen(by=town.holder(bot["token"])) == {"public"}
    assert seen(by=member) == seen(by=town.admin) == {"public", "internal", "private"}
    assert seen("/projects?membership=true", member) == {"private"}
    assert seen("/projects?owned=true", member) == set()
    assert seen("/projects?min_access_level=10", member) == {"private"}
    assert seen("/projects?visibility=internal", member) == {"internal"}
    assert seen("/projects?search=PRIV", member) == {"private"}
    assert seen("/projects?search=%25", member) == set()
    bad = town.yard.ask("GET", "/api/v4/projects", "wyp_nonsense")
    assert bad.status_code == 401


def test_a_deleted_project_leaves_no_blob_and_no_right(town: Town) -> None:
    project = town.project(visibility="public")
    path = f"/projects/{project['id']}"
    developer = town.member(30, project)
    bot = town.admin.post(f"{path}/access_tokens", name="b", scopes=["api"])
    deploy = town.admin.post(f"{path}/deploy_tokens", name="d", scopes=["read_package_registry"])
    job = developer.post(f"{path}/job_tokens")
    secret = developer.secret or ""
    for version in ("1.0", "2.0"):
        built = ADistribution().named("demo", version).wheel()
        assert town.yard.publish(project["id"], built, secret).status_code == 201
    package = developer.get(f"{path}/packages")[0]
    town.admin.delete(f"{path}/packages/{package['id']}")
    blobs = town.yard.registry.blobs
    assert len(list(blobs.keys(""))) == 4

    with town.yard.hand.resting():
        town.admin.delete(path, status=202)
        assert len(list(blobs.keys(""))) == 4
    town.yard.hand.stop()

    assert list(blobs.keys("")) == []
    page = f"{path}/packages/pypi/simple"
    assert town.nobody.status("GET", page) == 401
    assert developer.status("GET", page) == 404
    for given in (bot["token"], deploy["token"], job["token"]):
        headers = {"Authorization": f"Bearer {given}"}
        refused = town.yard.client.get("/api/v4/user", headers=headers)
        assert refused.status_code == 401
        assert "revoked" in refused.get_json()["message"]
    assert not [user for user in town.admin.get("/users") if user["bot"]]
    # A new project has no number, and so no page, of an old one.
    assert town.project()["id"] > project["id"]


def test_a_deletion_that_does_not_commit_discards_nothing(town: Town) -> None:
    project = town.project()
    developer = town.member(30, project)
    built = ADistribution().named("demo", "1.0").wheel()
    assert town.yard.publish(project["id"], built, developer.secret or "").status_code == 201

    with town.yard.registry.database.begin() as uow:
        for key in uow.directory.delete(project["id"]):
            uow.outbox.promise(Task.DISCARD, blob_key=key)

    assert len(list(town.yard.registry.blobs.keys(""))) == 2
    assert len(developer.get(f"/projects/{project['id']}/packages")) == 1


def test_the_intent_of_an_upload_outlives_its_project(town: Town) -> None:
    project = town.project()
    here = town.yard.registry
    filename = DistributionFilename.parse("demo-1.0-py3-none-any.whl")
    with here.database.begin() as uow:
        found = uow.projects.find(str(project["id"]))
        assert found is not None
        candidate = Candidate(found, filename, Publisher(None, None, "x"), Anonymous())
        upload = begin_upload(uow, candidate, "0" * 64, here.now())
        uow.commit()
    # Its process dies when the bytes are stored, and the row is not.
    here.blobs.put(upload.blob_key, BytesIO(b"x"), 1)

    town.admin.delete(f"/projects/{project['id']}", status=202)
    here.cleaner().clean_uploads(here.now() + timedelta(days=1))
    town.yard.kept.until_done()

    assert list(here.blobs.keys("")) == []


def test_basic_and_bearer_administer_too(town: Town) -> None:
    secret = town.admin.secret or ""
    basic = base64.b64encode(f"whoever:{secret}".encode()).decode()

    for value in (f"Basic {basic}", f"Bearer {secret}"):
        answer = town.yard.client.get("/api/v4/user", headers={"Authorization": value})
        assert answer.status_code == 200
