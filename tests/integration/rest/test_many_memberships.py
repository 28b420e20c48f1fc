"""Lists of somebody with many memberships: what they show, and what finding it costs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from tests.integration.rest.conftest import Someone, Town
from tests.support.in_process import Yard

from wheelyard_core.adapters.db.models import Member, Namespace
from wheelyard_core.domain.access import Role, Visibility

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]

# How each database says that it looks anew for every row.
_FOR_EACH_ROW = {"sqlite": ("CORRELATED",), "postgresql": ("(SubPlan", "alternatives:")}
# So many that PostgreSQL would rather not keep all that they reach, if it guessed too high.
_MANY = 5_000
_EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}


@contextmanager
def planned(yard: Yard) -> Iterator[Callable[[], Sequence[str]]]:
    """Collect what is asked of the memberships; return how the database finds it."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, said: str, values: Any, *_: object) -> None:
        if "FROM members" in said:
            asked.append((said, values))

    engine = yard.registry.database.engine

    def plans() -> Sequence[str]:
        with engine.connect() as connection:
            found = [
                connection.exec_driver_sql(f"{_EXPLAIN[engine.dialect.name]} {said}", values).all()
                for said, values in asked
            ]
        return ["\n".join(str(row[-1]) for row in plan) for plan in found]

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", note)


def in_many_groups(yard: Yard, user_id: int) -> None:
    """Make the account a member of every fifth of many groups, half of which are in another."""
    engine, now = yard.registry.database.engine, yard.registry.now()
    first = 100_000
    above = {number: first + (number - first) // 10 for number in range(first + 11, first + _MANY)}
    groups = [
        {
            "id": number,
            "parent_id": above.get(number),
            "name": f"g{number}",
            "path": f"g{number}",
            "full_path": f"g{number}",
            "path_key": f"g{number}",
            "lineage": _lineage(number, above),
            "visibility": Visibility.PRIVATE,
            "created_at": now,
        }
        for number in range(first, first + 2 * _MANY)
    ]
    members = [
        {
            "user_id": user_id,
            "namespace_id": group["id"],
            "access_level": int(Role.REPORTER),
            "created_at": now,
        }
        for group in groups[::5]
    ]
    with engine.begin() as connection:
        connection.execute(insert(Namespace), groups)
        connection.execute(insert(Member), members)
        # What plans are made by: otherwise they are those of the empty tables.
        connection.execute(text("ANALYZE"))


def _lineage(number: int, above: Mapping[int, int]) -> str:
    start = _lineage(above[number], above) if number in above else "/"
    return f"{start}{number}/"


def test_a_list_looks_for_the_memberships_once_and_not_for_each_row(town: Town) -> None:
    group = town.group()
    ada = town.member(30, group=group)
    in_many_groups(town.yard, ada.id)
    engine = town.yard.registry.database.engine
    for address in (
        *("/projects", "/projects?membership=true", "/projects?min_access_level=30"),
        *("/groups", "/groups?min_access_level=30"),
        *(f"/groups/{group['id']}/projects", f"/groups/{group['id']}/descendant_groups"),
    ):
        with planned(town.yard) as plans:
            ada.get(address)
        found = [plan for plan in plans() if "namespaces" in plan]
        assert found, address
        for plan in found:
            for word in _FOR_EACH_ROW[engine.dialect.name]:
                assert word not in plan, (address, plan)


def test_a_role_reaches_down_and_shows_the_way_up(town: Town) -> None:
    top = town.group()
    middle = town.group(parent_id=top["id"])
    bottom = town.group(parent_id=middle["id"])
    beside = town.group(parent_id=top["id"])
    within = {
        group["id"]: town.project(namespace_id=group["id"])["id"]
        for group in (top, middle, bottom, beside)
    }
    everywhere = (top["id"], middle["id"], bottom["id"], beside["id"])

    def sees(who: Someone, query: str = "") -> tuple[set[int], set[int]]:
        groups, projects = who.get(f"/groups?{query}"), who.get(f"/projects?{query}")
        return {one["id"] for one in groups}, {one["id"] for one in projects}

    of_the_top = town.member(30, group=top)
    of_the_middle = town.member(10, group=middle)
    of_a_project = town.member(20, {"id": within[bottom["id"]]})
    reached = {middle["id"], bottom["id"]}

    assert sees(of_the_top) == (set(everywhere), set(within.values()))
    assert sees(of_the_middle) == ({top["id"], *reached}, {within[one] for one in reached})
    assert sees(of_a_project) == ({top["id"], *reached}, {within[bottom["id"]]})
    assert sees(of_the_top, "min_access_level=30") == (set(everywhere), set(within.values()))
    assert sees(of_the_top, "min_access_level=40") == (set(), set())
    assert sees(of_the_middle, "min_access_level=10")[0] == reached
    assert sees(of_a_project, "min_access_level=20") == (set(), {within[bottom["id"]]})
    assert sees(town.person()) == (set(), set())
    assert of_a_project.get(f"/groups/{top['id']}")["id"] == top["id"]
    of_a_project.get(f"/groups/{beside['id']}", 404)
