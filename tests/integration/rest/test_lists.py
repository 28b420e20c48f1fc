"""Lists: twenty a page with GitLab's headers, or by keyset."""

import re
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.rest.conftest import Town
from tests.support.distributions import ADistribution
from tests.support.in_process import counted
from tests.support.seed import unique

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]


def link(answer: Any, relation: str) -> str | None:
    """Return the address, below the API, that a Link header has for a relation."""
    found = re.search(rf'<([^>]*)>; rel="{relation}"', answer.headers.get("Link", ""))
    return found[1].removeprefix("http://yard.example/api/v4") if found else None


def test_a_list_is_twenty_a_page_with_gitlabs_headers(town: Town) -> None:
    group = town.group(name="acme")
    for number in range(23):
        town.project(name=f"p{number:02}", namespace_id=group["id"])

    first = town.admin.ask("GET", "/groups/acme/projects?order_by=name&sort=asc&simple=true")

    assert [one["name"] for one in first.get_json()] == [f"p{n:02}" for n in range(20)]
    expected = {
        "X-Total": "23",
        "X-Total-Pages": "2",
        "X-Page": "1",
        "X-Per-Page": "20",
        "X-Next-Page": "2",
        "X-Prev-Page": "",
    }
    assert {name: first.headers[name] for name in expected} == expected
    following = link(first, "next")
    assert following is not None
    second = town.admin.ask("GET", following)
    assert [one["name"] for one in second.get_json()] == ["p20", "p21", "p22"]
    assert (second.headers["X-Next-Page"], second.headers["X-Prev-Page"]) == ("", "1")
    assert link(second, "next") is None
    assert len(town.admin.get("/projects?per_page=1000")) == 23
    beyond = town.admin.ask("GET", "/projects?page=9999999&per_page=100")
    assert (beyond.status_code, beyond.get_json()) == (200, [])
    newest = town.admin.get("/projects?per_page=1")
    assert newest[0]["name"] == "p22"


def test_a_keyset_shows_everything_once_while_the_list_changes(town: Town) -> None:
    group = town.group(name="acme")
    made = [town.project(namespace_id=group["id"])["id"] for _ in range(5)]

    for sort, expected in (("asc", made), ("desc", made[::-1])):
        seen: list[int] = []
        address: str | None = (
            f"/projects?pagination=keyset&order_by=id&sort={sort}&per_page=2&search=project"
        )
        while address is not None:
            answer = town.admin.ask("GET", address)
            assert "X-Total" not in answer.headers
            seen += [one["id"] for one in answer.get_json()]
            address = link(answer, "next")
        assert seen == expected


def test_every_list_is_paged(town: Town) -> None:
    project = town.project(visibility="public")
    path = f"/projects/{project['id']}"
    ada = town.member(40, project)
    group = project["namespace"]
    for _ in range(2):
        ada.post(f"{path}/access_tokens", name="x", scopes=["api"])
        ada.post(f"{path}/deploy_tokens", name="x", scopes=["read_package_registry"])
        town.admin.post(
            f"/groups/{group['id']}/deploy_tokens", name="x", scopes=["read_package_registry"]
        )
        town.group(parent_id=group["id"])
        town.project(namespace_id=group["id"])
        town.member(10, group=group)
    for address in (
        "/users",
        "/personal_access_tokens",
        "/groups",
        "/projects",
        "/deploy_tokens",
        f"/groups/{group['id']}/subgroups",
        f"/groups/{group['id']}/descendant_groups",
        f"/groups/{group['id']}/projects",
        f"/groups/{group['id']}/members",
        f"/groups/{group['id']}/deploy_tokens",
        f"{path}/members/all",
        f"{path}/access_tokens",
        f"{path}/deploy_tokens",
    ):
        answer = town.admin.ask("GET", f"{address}?per_page=1&page=2")
        assert answer.status_code == 200, address
        assert len(answer.get_json()) == 1, address
        assert answer.headers["X-Prev-Page"] == "1", address
        total = int(answer.headers["X-Total"])
        assert total == len(town.admin.get(f"{address}?per_page=100")), address
        keyset = town.admin.ask("GET", f"{address}?per_page=1&pagination=keyset")
        assert link(keyset, "next") is not None, address


def test_a_longer_list_asks_the_database_no_more_often(town: Town) -> None:
    group = town.group(visibility="public")
    project = town.project(namespace_id=group["id"], visibility="public")
    here, above = f"/projects/{project['id']}", f"/groups/{group['id']}"

    def grow() -> None:
        version = f"1.{uuid4().int}"
        for built in (ADistribution().named("demo", version), ADistribution().named(unique("x"))):
            assert town.admin.secret is not None
            town.yard.must_publish(project["id"], town.admin.secret, built.wheel(), built.sdist())
        town.member(40, project)
        town.member(40, group=group)
        town.project(namespace_id=town.group(parent_id=group["id"])["id"])
        town.admin.post(
            f"{here}/packages/protection/rules",
            package_name_pattern=unique("x"),
            minimum_access_level_for_push="owner",
        )
        for place in (here, above):
            read = ["read_package_registry"]
            town.admin.post(f"{place}/deploy_tokens", name="x", scopes=read)
        town.admin.post(f"{here}/access_tokens", name="x", scopes=["api"])

    grow()
    files = f"{here}/packages/{town.admin.get(f'{here}/packages')[0]['id']}/package_files"
    places = ("members", "members/all", "deploy_tokens", "packages", "audit_events")
    addresses = [
        *("/users", "/groups", "/projects", "/personal_access_tokens", "/deploy_tokens"),
        *("/audit_events", f"{above}/subgroups", f"{above}/descendant_groups", f"{above}/projects"),
        *(f"{place}/{what}" for place in (here, above) for what in places),
        *(f"{here}/access_tokens", f"{here}/packages/protection/rules", files),
    ]

    def asked() -> dict[str, int]:
        found = {}
        for address in addresses:
            # What is noted of a token is noted by the first request.
            town.admin.get(address)
            with counted(town.yard) as statements:
                town.admin.get(address)
            found[address] = len(statements)
        return found

    short = asked()
    grow()
    grow()
    assert asked() == short


def test_malformed_lists_are_refused_by_a_sentence(town: Town) -> None:
    for query, word in (
        ("page=0", "page must be a whole number"),
        ("page=-1", "page must be a whole number"),
        ("page=x", "page must be a whole number"),
        (f"page={'9' * 5000}", "page must be a whole number"),
        ("per_page=0", "per_page must be a whole number"),
        ("order_by=size", "order_by does not have a valid value"),
        ("sort=up", "sort does not have a valid value"),
        ("pagination=cursor", "pagination does not have a valid value"),
        ("pagination=keyset&order_by=name", "order_by must be id"),
        ("pagination=keyset&id_before=x", "whole number"),
        ("min_access_level=7", "10 (guest)"),
        ("visibility=x", "private, internal, public"),
        (f"x={'x' * 3000}", "The query is longer than 2000 characters"),
        # As Link would have it.
        (f"x={chr(39) * 700}", "The query is longer than 2000 characters"),
    ):
        answer = town.admin.ask("GET", f"/projects?{query}")
        assert answer.status_code == 400, query
        assert word in answer.get_json()["message"], query
