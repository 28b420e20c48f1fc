"""Asking GitLab's package API."""

from typing import Any

from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse


def wheel(name: str = "demo", version: str = "1.0") -> Built:
    return ADistribution().named(name, version).wheel()


def packages(yard: Yard, project: SeededProject, secret: str, query: str = "") -> list[Any]:
    answer = yard.ask("GET", f"/api/v4/projects/{project.id}/packages{query}", secret)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert isinstance(found, list)
    return found


def names(found: list[Any]) -> list[str]:
    return [f"{one['name']} {one['version']}" for one in found]


def address(project: SeededProject, *rest: object) -> str:
    return "/".join([f"/api/v4/projects/{project.id}/packages", *map(str, rest)])


def sentence(answer: TestResponse) -> str:
    return str(answer.get_json()["message"])
