"""Rights that end: told after the commit, and decided by one of those who race."""

from collections import Counter
from threading import Barrier, Thread

import pytest
from tests.integration.rest.conftest import Town

from wheelyard_core.adapters.db.unit_of_work import SqlDatabase
from wheelyard_core.domain.administration import UserChanges

pytestmark = pytest.mark.integration


@pytest.mark.own_registry
def test_whatever_takes_rights_away_is_told_after_its_commit(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    ada = town.member(30, project)
    path = f"/projects/{project['id']}"
    deploy = town.admin.post(f"{path}/deploy_tokens", name="d", scopes=["read_package_registry"])
    access = town.admin.post(f"{path}/access_tokens", name="a", scopes=["api"])
    token = ada.post("/user/personal_access_tokens", name="t", scopes=["api"])
    own = town.holder(ada.post("/user/personal_access_tokens", name="o", scopes=["api"])["token"])
    told: list[str] = []
    database = town.yard.registry.database
    assert isinstance(database, SqlDatabase)
    database.listeners.access_changed = lambda: told.append("told")

    def tells(method: str, address: str, **fields: object) -> None:
        told.clear()
        answer = town.admin.ask(method, address, json=fields)
        assert answer.status_code < 300, (method, address, answer.text)
        assert told == ["told"], (method, address)

    tells("PUT", path, visibility="internal")
    tells("PUT", path, package_registry_access_level="private")
    tells("PUT", f"{path}/members/{ada.id}", access_level=20)
    tells("DELETE", f"{path}/members/{ada.id}")
    tells("PUT", f"/groups/{group['id']}", path="elsewhere")
    tells("DELETE", f"{path}/deploy_tokens/{deploy['id']}")
    tells("POST", f"{path}/access_tokens/{access['id']}/rotate")
    tells("POST", f"/users/{ada.id}/block")
    tells("POST", f"/users/{ada.id}/unblock")
    tells("PUT", f"/users/{ada.id}", admin=False)
    tells("POST", f"/personal_access_tokens/{token['id']}/rotate")
    told.clear()
    assert town.admin.status("POST", f"/personal_access_tokens/{token['id']}/rotate") == 400
    assert told == ["told"]
    told.clear()
    own.delete("/personal_access_tokens/self")
    assert told == ["told"]
    told.clear()
    assert own.status("DELETE", "/personal_access_tokens/self") == 401
    town.admin.get(path)
    assert town.admin.status("DELETE", f"{path}/members/{ada.id}") == 404
    assert told == []
    tells("DELETE", f"/users/{ada.id}")
    tells("DELETE", path)
    tells("DELETE", f"/groups/{group['id']}")


def test_of_two_rotations_at_once_the_second_sees_the_first(town: Town) -> None:
    ada = town.person()
    token = ada.post("/user/personal_access_tokens", name="t", scopes=["api"])
    statuses: list[int] = []

    def rotate() -> None:
        statuses.append(ada.status("POST", f"/personal_access_tokens/{token['id']}/rotate"))

    second = Thread(target=rotate)
    with town.yard.registry.database.begin() as first:
        assert first.token_admin.get(token["id"], lock=True) is not None
        second.start()
        second.join(0.5)
        assert second.is_alive()
        first.token_admin.retire(token["id"])
        first.commit()
    second.join(30)

    assert statuses == [400]
    assert [one["name"] for one in ada.get("/personal_access_tokens?state=active")] == ["test"]


def test_of_two_projects_of_one_name_at_once_one_is_made(town: Town) -> None:
    group = town.group()
    start, statuses = Barrier(4), Counter[int]()

    def make() -> None:
        start.wait(10)
        fields = {"name": "same", "namespace_id": group["id"]}
        statuses[town.admin.status("POST", "/projects", **fields)] += 1

    threads = [Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert statuses == {201: 1, 400: 3}


def test_of_two_accounts_of_one_address_at_once_the_second_is_refused(town: "Town") -> None:
    bob = town.admin.post("/users", username="bob")
    answers: list[tuple[int, str]] = []

    def take(method: str, path: str, **fields: str) -> None:
        answer = town.admin.ask(method, path, json=fields | {"email": "Ada@Example.com"})
        answers.append((answer.status_code, answer.get_json()["message"]))

    others = [
        Thread(target=take, args=("POST", "/users"), kwargs={"username": "eve"}),
        Thread(target=take, args=("PUT", f"/users/{bob['id']}")),
    ]
    with town.yard.registry.database.begin() as first:
        ada = first.accounts.add_user("ada", "Ada")
        first.users.change(ada, UserChanges(email="ada@example.com"))
        for other in others:
            other.start()
        others[0].join(0.5)
        first.commit()
    for other in others:
        other.join(30)

    assert answers == [(409, "409 Conflict - Email has already been taken")] * 2
