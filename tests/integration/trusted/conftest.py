"""A registry that knows two issuers, a project with maintainers, and pipelines that publish."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.in_process import Yard
from tests.support.issuer import Issuer, github, gitlab, running_issuer
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse

WORKFLOW = "acme/tools/.github/workflows/publish.yml@refs/tags/*"
GITHUB_RULE = {"repository": "acme/tools", "workflow_ref": WORKFLOW}
GITLAB_RULE = {"project_path": "acme/tools", "ref_path": "refs/tags/*"}


@dataclass(frozen=True, slots=True)
class Forge:
    """An issuer with a preset, and how a project comes to trust it."""

    yard: Yard
    issuer: Issuer
    rule: Mapping[str, str]
    claims: Mapping[str, object]

    def trusted_by(self, project: SeededProject, secret: str, **claims: str) -> int:
        """Have a project trust this forge's pipeline; return the rule's number."""
        answer = self.yard.ask(
            "POST",
            f"/api/v4/projects/{project.id}/trusted_publishers",
            secret,
            json={"issuer": self.issuer.url, "claims": {**self.rule, **claims}},
        )
        assert answer.status_code == 201, answer.text
        return int(answer.get_json()["id"])

    def token(self, **changed: object) -> str:
        """Return an ID token of the pipeline."""
        return self.issuer.token(self.claims, **changed)

    def minted(self, **changed: object) -> str:
        """Return an upload token of the pipeline, which must be had."""
        answer = mint(self.yard, self.token(**changed))
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["token"])


def mint(yard: Yard, token: object) -> TestResponse:
    return yard.client.post("/_/oidc/mint-token", json={"token": token})


def refusal(answer: TestResponse, status: int = 422) -> str:
    """See a refusal in the form that clients read; return its code."""
    assert answer.status_code == status, answer.text
    body: Any = answer.get_json()
    [error] = body["errors"]
    assert body["message"].endswith(error["description"])
    return str(error["code"])


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that no registry knows."""
    with running_issuer() as running:
        yield running


@pytest.fixture
def hub() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def lab() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def settings(hub: Issuer, lab: Issuer) -> dict[str, str]:
    issuers = [
        {"url": hub.url, "preset": "github"},
        {"url": lab.url, "preset": "gitlab", "audience": "https://yard.example"},
    ]
    return {"WHEELYARD_OIDC_ISSUERS": json.dumps(issuers)}


@pytest.fixture
def github_forge(yard: Yard, hub: Issuer) -> Forge:
    return Forge(yard, hub, GITHUB_RULE, github())


@pytest.fixture
def gitlab_forge(yard: Yard, lab: Issuer) -> Forge:
    return Forge(yard, lab, GITLAB_RULE, gitlab(aud="https://yard.example"))


@pytest.fixture
def forge(github_forge: Forge) -> Forge:
    """Any forge."""
    return github_forge


@pytest.fixture
def trusting(forge: Forge, project: SeededProject, maintainer: str) -> SeededProject:
    """A project that trusts the pipeline."""
    forge.trusted_by(project, maintainer)
    return project
