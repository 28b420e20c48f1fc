"""The list of a group's packages asks the same of the database, however many projects it has."""

from collections.abc import Sized
from typing import Any

import pytest
from sqlalchemy import event
from tests.integration.packages.asking import wheel
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.shelf import add_projects

from wheelyard_core.domain.access import Role

pytestmark = pytest.mark.integration

_MANY = 2_000


def most_parameters(yard: Yard, path: str, secret: str) -> tuple[int, Any]:
    """Return how many parameters the statement with the most of them had, and the answer."""
    seen: list[int] = []

    def note(_connection: object, _cursor: object, _said: str, values: Sized, *_: object) -> None:
        seen.append(len(values))

    engine = yard.registry.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = yard.ask("GET", path, secret)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return max(seen), answer


def test_more_projects_in_a_group_are_no_more_parameters(yard: Yard) -> None:
    group = yard.seed.group()
    owner = yard.seed.personal_token(yard.seed.member(Role.OWNER, group=group))
    one, other, elsewhere = (yard.seed.project(place) for place in (group, group, None))
    stranger = yard.seed.developer_token(elsewhere)
    yard.must_publish(one.id, owner, wheel())
    yard.must_publish(other.id, owner, ADistribution().named("other").wheel())
    yard.must_publish(elsewhere.id, stranger, wheel())
    path = f"/api/v4/groups/{group.id}/packages?order_by=created_at&sort=asc&per_page=1"

    few, before = most_parameters(yard, path, owner)
    add_projects(yard.registry, group, _MANY)
    many, after = most_parameters(yard, path, owner)
    _, second = most_parameters(yard, f"{path}&page=2", owner)

    assert many == few
    assert after.get_json() == before.get_json()
    assert [shown["name"] for shown in after.get_json() + second.get_json()] == ["demo", "other"]
    assert before.headers["X-Total"] == after.headers["X-Total"] == "2"
