"""Job tokens: who may ask for one, and what an upload records of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.integration.rest.conftest import Town, only
from tests.support.distributions import ADistribution

pytestmark = pytest.mark.integration


def test_an_upload_records_the_job_of_its_token(town: Town) -> None:
    project = town.project()
    developer = town.member(30, project)
    job: dict[str, Any] = {"ref": "main", "sha": "a" * 40, "pipeline_url": "https://ci.example/7"}

    made = developer.post(f"/projects/{project['id']}/job_tokens", expires_in=60, **job)

    assert made["token"].startswith("wyj_")
    ends = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert timedelta(seconds=58) < ends < timedelta(seconds=62)
    built = ADistribution().named("demo", "1.0").wheel()
    sent = town.yard.publish(project["id"], built, made["token"], user="gitlab-ci-token")
    assert sent.status_code == 201, sent.text
    package = only(developer.get(f"/projects/{project['id']}/packages"))
    pipeline = package["pipeline"]
    assert (pipeline["ref"], pipeline["sha"]) == ("main", "a" * 40)
    assert pipeline["web_url"] == "https://ci.example/7"
    assert pipeline["id"] == made["id"]


MALFORMED_JOBS: list[tuple[dict[str, object], str]] = [
    ({"expires_in": 0}, "from 1 to 86400"),
    ({"expires_in": 86401}, "from 1 to 86400"),
    ({"expires_in": "an hour"}, "whole number"),
    ({"expires_in": -1}, "negative"),
    ({"expires_in": 10**30}, "too large"),
    ({"expires_in": True}, "whole number"),
    ({"pipeline_url": "javascript:alert(1)"}, "http or https"),
    ({"pipeline_url": "https://[x"}, "http or https"),
    ({"ref": "x" * 300}, "too long"),
]


def test_malformed_jobs_are_refused_by_a_sentence(town: Town) -> None:
    project = town.project()

    for fields, word in MALFORMED_JOBS:
        town.admin.refused(f"/projects/{project['id']}/job_tokens", word, **fields)


def test_job_tokens_are_for_developers_with_the_api_scope(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/job_tokens"
    reporter, stranger = town.member(20, project), town.person()
    developer = town.member(30, project)
    reading = developer.post("/user/personal_access_tokens", name="r", scopes=["read_api"])

    assert reporter.status("POST", path) == 403
    assert stranger.status("POST", path) == 404
    assert town.nobody.status("POST", path) == 401
    assert town.holder(reading["token"]).status("POST", path) == 403
    town.admin.post(f"/projects/{project['id']}/access_tokens", name="b", scopes=["api"])
    developer.post(path)
