"""Releases that close to new files: after the project's hours, and for what is new alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.integration.rest.conftest import Town
from tests.support.distributions import ADistribution, Built
from werkzeug.test import TestResponse

from wheelyard_core.adapters.db.models import Release

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("Demo.Pkg", "1.0")
WHEEL, SDIST = DEMO.wheel(), DEMO.sdist()


@pytest.fixture
def project(town: Town) -> Any:
    made = town.project(release_open_hours=24)
    town.yard.must_publish(made["id"], str(town.admin.secret), WHEEL)
    return made


def publish(town: Town, project: Any, built: Built) -> TestResponse:
    return town.yard.publish(project["id"], built, str(town.admin.secret))


def grow_older(town: Town, by: timedelta) -> None:
    """Have every release be older."""
    with town.yard.kept.session() as session:
        session.execute(update(Release).values(created_at=town.yard.registry.now() - by))
        session.commit()


def test_a_release_takes_files_until_its_hours_are_over(town: Town, project: Any) -> None:
    grow_older(town, timedelta(hours=23, minutes=59))
    assert publish(town, project, SDIST).status_code == 201

    grow_older(town, timedelta(hours=24, seconds=1))
    late = publish(town, project, DEMO.tagged("cp311-abi3-any").wheel())

    assert late.status_code == 400
    assert late.get_json()["code"] == (
        "400 The release Demo.Pkg 1.0 took new files for 24 h after its first one: "
        "publish a new version"
    )
    assert len(town.yard.listed(project["id"], "demo-pkg", str(town.admin.secret))) == 2


def test_what_a_closed_release_has_is_sent_again_with_success(town: Town, project: Any) -> None:
    grow_older(town, timedelta(days=300))

    assert publish(town, project, WHEEL).status_code == 200
    other = publish(town, project, DEMO.described("other bytes").wheel())
    assert other.status_code == 400
    assert "already exists" in other.get_json()["message"]


def test_a_version_spelled_otherwise_is_the_same_release(town: Town, project: Any) -> None:
    grow_older(town, timedelta(days=2))

    same = ADistribution().named("demo_pkg", "1.0.0").sdist()

    assert publish(town, project, same).status_code == 400
    assert publish(town, project, DEMO.versioned("1.0.1").wheel()).status_code == 201


def test_a_project_is_open_unless_it_says_otherwise(town: Town) -> None:
    project = town.project()
    assert project["release_open_hours"] == 0
    town.yard.must_publish(project["id"], str(town.admin.secret), WHEEL)
    grow_older(town, timedelta(days=3000))

    assert publish(town, project, SDIST).status_code == 201


def test_hours_are_changed_for_releases_that_there_are(town: Town, project: Any) -> None:
    path = f"/projects/{project['id']}"
    grow_older(town, timedelta(hours=30))
    assert publish(town, project, SDIST).status_code == 400

    assert town.admin.put(path, release_open_hours=48)["release_open_hours"] == 48
    assert publish(town, project, SDIST).status_code == 201
    assert town.admin.put(path, release_open_hours=0)["release_open_hours"] == 0
    changes = town.admin.get(f"{path}/audit_events")[0]["details"]["changes"]
    assert changes == {"release_open_hours": {"from": 48, "to": 0}}


def test_a_release_deleted_and_published_again_begins_anew(town: Town, project: Any) -> None:
    grow_older(town, timedelta(days=2))
    town.admin.delete(f"/projects/{project['id']}/packages/pypi/releases/demo-pkg/1.0")

    assert publish(town, project, SDIST).status_code == 201
    assert publish(town, project, WHEEL).status_code == 201
