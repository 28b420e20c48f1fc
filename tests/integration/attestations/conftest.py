"""A registry that believes a Sigstore of the tests, and projects that trust pipelines."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.distributions import Built
from tests.support.forms import AForm, form_headers
from tests.support.in_process import Yard, environment, working
from tests.support.issuer import Issuer, github, gitlab, running_issuer
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer
from tests.support.sigstore import GITHUB, GITLAB, Signing, Sigstore
from werkzeug.test import TestResponse

LAB = "https://lab.example"
BUILDKITE = "https://agent.buildkite.com"
WORKFLOW = "acme/tools/.github/workflows/*@refs/**"
_PRESETS = {GITHUB: "github", GITLAB: "gitlab", LAB: "gitlab", BUILDKITE: "none"}


@dataclass(frozen=True, slots=True)
class Forge:
    """An issuer, what a rule says of its pipeline, and the claims of the pipeline."""

    issuer: str
    rule: Mapping[str, str]
    claims: Mapping[str, object]


ON_GITHUB = Forge(
    GITHUB, {"repository": "acme/tools", "workflow_ref": WORKFLOW}, github(environment="release")
)
ON_GITLAB = Forge(
    GITLAB,
    {"project_path": "acme/tools", "ref_path": "refs/tags/*"},
    gitlab(ci_config_ref_uri="gitlab.com/acme/tools//.gitlab-ci.yml@refs/tags/v1.0"),
)
ON_LAB = Forge(
    LAB,
    {"project_path": "acme/tools", "ref_path": "refs/tags/*"},
    gitlab(ci_config_ref_uri="lab.example/acme/tools//ci/publish.yml@refs/tags/v1.0"),
)
ON_BUILDKITE = Forge(
    BUILDKITE,
    {"sub": "organization:acme:pipeline:tools"},
    {"sub": "organization:acme:pipeline:tools"},
)


@dataclass(frozen=True, slots=True)
class Works:
    """A registry, a project of it, and pipelines that publish there with attestations."""

    yard: Yard
    sigstore: Sigstore
    issuer: Issuer
    project: SeededProject
    maintainer: str

    def policy(self, policy: str) -> None:
        """Set what the project makes of attestations."""
        answer = self.yard.ask(
            "PUT",
            f"/api/v4/projects/{self.project.id}",
            self.maintainer,
            json={"attestation_policy": policy},
        )
        assert answer.status_code == 200, answer.text

    def token(self, forge: Forge = ON_GITHUB, **changed: object) -> str:
        """Return an upload token of a pipeline, which the project trusts."""
        self.yard.ask(
            "POST",
            f"/api/v4/projects/{self.project.id}/trusted_publishers",
            self.maintainer,
            json={"issuer": forge.issuer, "claims": forge.rule},
        )
        token = self.issuer.token(forge.claims, iss=forge.issuer, **changed)
        answer = self.yard.client.post("/_/oidc/mint-token", json={"token": token})
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["token"])

    def signed(self, built: Built, **changed: Any) -> str:
        """Return a form's field with one attestation."""
        return self.sigstore.form(Signing.of(built, **changed))

    def publish(
        self, built: Built, attestations: str | None, secret: str | None = None
    ) -> TestResponse:
        """Upload a file with this field."""
        fields = {} if attestations is None else {"attestations": attestations}
        return self.yard.publish(self.project.id, built, secret or self.token(), **fields)

    def headers(self, secret: str) -> dict[str, str]:
        return form_headers(secret)

    def send(self, form: AForm, secret: str | None = None) -> TestResponse:
        """Upload a form as it is written."""
        return self.yard.client.post(
            f"/api/v4/projects/{self.project.id}/packages/pypi",
            data=form.body(),
            headers=form_headers(secret or self.token()),
        )

    def listing(self, package: str = "demo-pkg") -> list[dict[str, Any]]:
        return self.yard.listing(self.project.id, package, self.maintainer)

    def get(self, address: str, **headers: str) -> TestResponse:
        """Ask an address of the registry's as a maintainer."""
        path = address.removeprefix("http://yard.example")
        return self.yard.client.get(path, headers={"PRIVATE-TOKEN": self.maintainer, **headers})


@pytest.fixture(scope="session")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture(scope="session")
def trusted_root(sigstore: Sigstore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sigstore.write(tmp_path_factory.mktemp("sigstore") / "trusted_root.json")


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """The keys of every issuer."""
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def yard(
    issuer: Issuer,
    trusted_root: Path,
    redis_source: Source,
    sqlite_tables: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Yard]:
    """One registry for many projects; tests/integration/usecases has the other database."""
    folder = tmp_path_factory.mktemp("yard")
    url = f"sqlite:///{shutil.copy(sqlite_tables, folder / 'wheelyard.db')}"
    with RedisServer(redis_source) as redis:
        usual = environment(folder, url, redis.url)
        with working(usual | _settings(issuer, trusted_root)) as started:
            yield started


def _settings(issuer: Issuer, trusted_root: Path) -> dict[str, str]:
    keys = issuer.url + issuer.JWKS
    issuers = [{"url": url, "preset": preset, "jwks_url": keys} for url, preset in _PRESETS.items()]
    return {
        "WHEELYARD_OIDC_ISSUERS": json.dumps(issuers),
        "WHEELYARD_SIGSTORE_TRUSTED_ROOT": str(trusted_root),
    }


@pytest.fixture
def works(
    yard: Yard, sigstore: Sigstore, issuer: Issuer, project: SeededProject, maintainer: str
) -> Works:
    """A project that verifies attestations."""
    made = Works(yard, sigstore, issuer, project, maintainer)
    made.policy("verify")
    return made
