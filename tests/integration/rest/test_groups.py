"""Groups: nested, found by number or path, shown to those who may know of them."""

from typing import Any

import pytest
from tests.integration.rest.conftest import Town

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]


def names(found: Any) -> set[str]:
    return {one["name"] for one in found}


def test_groups_are_nested_and_found_by_their_path(town: Town) -> None:
    ada = town.person()

    acme = ada.post("/groups", name="ACME Tools", visibility="internal", description="Hammers")
    cell = ada.post("/groups", name="cell", path="Cell", parent_id=acme["id"])

    assert acme | {"created_at": "", "web_url": ""} == {
        "id": acme["id"],
        "name": "ACME Tools",
        "path": "acme-tools",
        "full_name": "ACME Tools",
        "full_path": "acme-tools",
        "parent_id": None,
        "description": "Hammers",
        "visibility": "internal",
        "burn_filenames": False,
        "package_overlap": "merge",
        "web_url": "",
        "created_at": "",
    }
    assert (cell["full_path"], cell["parent_id"]) == ("acme-tools/Cell", acme["id"])
    for reference in (cell["id"], "acme-tools%2FCell", "ACME-TOOLS%2fcell"):
        assert ada.get(f"/groups/{reference}")["id"] == cell["id"]
    assert names(ada.get(f"/groups/{acme['id']}/subgroups")) == {"cell"}
    deep = ada.post("/groups", name="deep", parent_id=cell["id"])
    assert names(ada.get(f"/groups/{acme['id']}/subgroups")) == {"cell"}
    assert names(ada.get(f"/groups/{acme['id']}/descendant_groups")) == {"cell", "deep"}
    assert names(ada.get("/groups?top_level_only=true")) == {"ACME Tools"}
    assert names(ada.get("/groups?search=tools/CELL")) == {"cell", "deep"}
    # Whoever made it owns it, and what is below it.
    assert ada.get(f"/groups/{deep['id']}/members/{ada.id}")["access_level"] == 50


def test_a_path_is_taken_in_any_case_by_groups_and_projects(town: Town) -> None:
    acme = town.group(name="acme")
    town.project(name="tools", namespace_id=acme["id"])

    town.admin.refused("/groups", "has already been taken", name="other", path="ACME")
    town.admin.refused("/groups", "has already been taken", name="Tools", parent_id=acme["id"])
    town.admin.refused("/projects", "has already been taken", name="TOOLS", namespace_id=acme["id"])
    assert town.admin.status("PUT", f"/groups/{town.group()['id']}", path="acme") == 400


def test_malformed_groups_are_refused_by_a_sentence(town: Town) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({}, "path is missing"),
        ({"name": "a/b"}, "letters, digits"),
        ({"name": "<b>"}, "letters, digits"),
        ({"name": "-x"}, "must start with"),
        ({"name": "ok", "path": "a b"}, "can contain only letters"),
        ({"name": "ok", "path": "x.git"}, "cannot end in"),
        ({"name": "ok", "path": "x.ATOM"}, "cannot end in"),
        ({"name": "ok", "path": ".."}, "cannot end in"),
        ({"name": "ok", "path": "simple"}, "reserved"),
        ({"name": "ok", "path": "api"}, "reserved"),
        ({"name": "ok", "path": "123"}, "read as an id"),
        ({"name": "ok", "visibility": "secret"}, "private, internal, public"),
        ({"name": "ok", "parent_id": "x"}, "whole number"),
        ({"name": "日本"}, "path can't be blank"),
        ({"name": "x" * 256}, "too long"),
    ]
    for fields, word in cases:
        town.admin.refused("/groups", word, **fields)
    assert town.admin.post("/groups", name="Ünïted 🚀 v1.0_a+b-c", path="u")["path"] == "u"


def test_a_group_that_is_not_shown_is_not_there(town: Town) -> None:
    secret, inner = town.group(), town.group(visibility="internal")
    public = town.group(visibility="public")
    member, stranger = town.member(10, group=secret), town.person()
    below = town.member(20, town.project(namespace_id=secret["id"]))

    for method in ("GET", "PUT", "DELETE"):
        assert stranger.status(method, f"/groups/{secret['id']}") == 404
        assert stranger.status(method, "/groups/nothing") == 404
        assert town.nobody.status(method, f"/groups/{secret['id']}") == 401
        assert town.nobody.status(method, "/groups/nothing") == 401
    for path in ("members", "projects", "subgroups", "deploy_tokens"):
        assert stranger.status("GET", f"/groups/{secret['id']}/{path}") == 404
        assert town.nobody.status("GET", f"/groups/{secret['id']}/{path}") == 401
    assert stranger.status("PUT", f"/groups/{inner['id']}") == 403
    stranger.get(f"/groups/{inner['id']}")
    town.nobody.get(f"/groups/{public['id']}")
    assert town.nobody.status("GET", f"/groups/{inner['id']}") == 401
    assert town.nobody.status("GET", f"/groups/{public['id']}/members") == 401
    # Whoever is a member of something below sees the way there.
    below.get(f"/groups/{secret['id']}")
    assert names(town.nobody.get("/groups")) == names([public])
    assert names(stranger.get("/groups")) == names([public, inner])
    assert names(member.get("/groups")) == names(below.get("/groups"))
    assert names(member.get("/groups")) == names([public, inner, secret])
    assert names(member.get("/groups?min_access_level=10")) == names([secret])
    assert member.get("/groups?owned=true") == []


def test_only_owners_change_a_group(town: Town) -> None:
    group = town.group()
    owner, keeper = town.member(50, group=group), town.member(40, group=group)
    path = f"/groups/{group['id']}"

    changed = owner.put(path, name="New name", description="d", visibility="public")

    assert (changed["name"], changed["visibility"]) == ("New name", "public")
    assert keeper.status("PUT", path, name="x") == 403
    assert keeper.status("DELETE", path) == 403
    assert keeper.status("POST", f"{path}/members", user_id=1, access_level=10) == 403
    assert owner.put(path, burn_filenames=True)["burn_filenames"] is True
    assert owner.put(path, package_overlap="refuse")["package_overlap"] == "refuse"
    assert owner.status("PUT", path, name="<>") == 400


def test_maintainers_and_above_add_to_a_group(town: Town) -> None:
    group = town.group(visibility="public")
    keeper, developer = town.member(40, group=group), town.member(30, group=group)
    stranger = town.person()
    fields = {"name": "x", "namespace_id": group["id"]}

    assert developer.status("POST", "/projects", **fields) == 403
    assert stranger.status("POST", "/projects", **fields) == 403
    assert developer.status("POST", "/groups", name="y", parent_id=group["id"]) == 403
    keeper.post("/projects", **fields)
    keeper.post("/groups", name="y", parent_id=group["id"])
    hidden = town.group()
    assert stranger.status("POST", "/projects", name="x", namespace_id=hidden["id"]) == 404
    assert stranger.status("POST", "/groups", name="x", parent_id=hidden["id"]) == 404
    assert stranger.status("POST", "/groups", name="x", parent_id=999) == 404


def test_a_new_path_takes_everything_below_along(town: Town) -> None:
    acme = town.group(name="acme")
    cell = town.group(name="cell", parent_id=acme["id"])
    project = town.project(name="tools", namespace_id=cell["id"])
    town.group(name="acmeother")

    town.admin.put(f"/groups/{acme['id']}", path="Umbrella")

    moved = town.admin.get("/projects/umbrella%2Fcell%2Ftools")
    assert (moved["id"], moved["path_with_namespace"]) == (project["id"], "Umbrella/cell/tools")
    assert town.admin.get("/groups/umbrella%2Fcell")["full_path"] == "Umbrella/cell"
    town.admin.get("/groups/acmeother")
    town.admin.get("/groups/acme", status=404)
    town.admin.get("/projects/acme%2Fcell%2Ftools", status=404)
    town.admin.put(f"/groups/{acme['id']}", path="umbrella")


def test_a_deleted_group_takes_everything_below_along(town: Town) -> None:
    acme = town.group(name="acme")
    cell = town.group(name="cell", parent_id=acme["id"])
    project = town.project(namespace_id=cell["id"])
    owner = town.member(50, group=acme)
    deploy = owner.post(
        f"/groups/{cell['id']}/deploy_tokens", name="x", scopes=["read_package_registry"]
    )

    answer = owner.delete(f"/groups/{acme['id']}", status=202)

    assert answer == {"message": "202 Accepted"}
    for path in (f"/groups/{acme['id']}", f"/groups/{cell['id']}", f"/projects/{project['id']}"):
        town.admin.get(path, status=404)
    refused = town.yard.client.get("/api/v4/user", headers={"DEPLOY-TOKEN": deploy["token"]})
    assert "revoked" in refused.get_json()["message"]
    # The names are free again, and the numbers are not.
    assert town.group(name="acme")["id"] > cell["id"]


def test_a_groups_projects_are_those_that_are_seen(town: Town) -> None:
    group = town.group(visibility="public")
    cell = town.group(parent_id=group["id"])
    town.project(name="shown", namespace_id=group["id"], visibility="public")
    town.project(name="hidden", namespace_id=group["id"])
    town.project(name="deep", namespace_id=cell["id"], visibility="internal")
    path = f"/groups/{group['id']}/projects"

    assert names(town.nobody.get(path)) == {"shown"}
    assert names(town.person().get(path)) == {"shown"}
    assert names(town.person().get(f"{path}?include_subgroups=true")) == {"shown", "deep"}
    assert names(town.member(10, group=group).get(path)) == {"shown", "hidden"}
    assert names(town.admin.get(f"{path}?search=hid")) == {"hidden"}


def test_a_persons_name_is_no_group(town: Town) -> None:
    ada = town.person()
    personal = ada.post("/projects", name="mine")["namespace"]

    assert personal["kind"] == "user"
    assert ada.status("GET", f"/groups/{ada.name}") == 404
    assert ada.status("GET", f"/groups/{personal['id']}") == 404
    assert ada.status("POST", "/groups", name="x", parent_id=personal["id"]) == 404
    assert town.admin.status("GET", f"/groups/{ada.name}/members") == 404
    assert names(ada.get("/groups")) == set()


def test_groups_are_not_nested_without_end(town: Town) -> None:
    parent = town.group()
    for _ in range(19):
        parent = town.group(name="x", parent_id=parent["id"])

    town.admin.refused("/groups", "20 deep", name="x", parent_id=parent["id"])
