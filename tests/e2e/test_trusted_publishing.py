"""Pipelines of GitHub and GitLab publish by real clients, over TLS, without a secret.

uv and the action compute the addresses of the exchange from the host of the upload's address, and
ask them by https whatever its scheme.
"""

import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from tests.e2e.conftest import running
from tests.support.backstage import Backstage
from tests.support.clients import Finished, Person
from tests.support.distributions import ADistribution
from tests.support.forms import Answer, ask
from tests.support.issuer import REQUEST_TOKEN, Issuer, github, gitlab, running_issuer
from tests.support.proxy import Proxy
from tests.support.scraping import metrics, metrics_ports
from tests.support.seed import SeededProject, unique
from tests.support.sigstore import Signing, Sigstore
from tests.support.tls import trusted_here
from tests.support.wheelyard import Wheelyard, start_embedded

from wheelyard_core.domain.access import Role

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@dataclass(frozen=True)
class World:
    """A registry behind TLS, and two forges that it knows."""

    wheelyard: Wheelyard
    behind: Backstage
    front: Proxy
    ca_file: Path
    hub: Issuer
    lab: Issuer
    sigstore: Sigstore

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.front.port}"

    def asked(self) -> list[str]:
        """Return the requests that passed since the last time."""
        passed, self.front.requests[:] = list(self.front.requests), []
        return [line.rpartition(" ")[0] for line in passed]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("trusted")
    with ExitStack() as stack:
        # Forges sign by RSA.
        hub, lab = (stack.enter_context(running_issuer("RS256")) for _ in range(2))
        issuers = [{"url": hub.url, "preset": "github"}, {"url": lab.url, "preset": "gitlab"}]
        sigstore = Sigstore()
        started = start_embedded(
            folder,
            WHEELYARD_OIDC_ISSUERS=json.dumps(issuers),
            WHEELYARD_SIGSTORE_TRUSTED_ROOT=str(sigstore.write(folder / "trusted_root.json")),
        )
        wheelyard = running(started, pytestconfig, stack)
        behind = stack.enter_context(Backstage(wheelyard))
        tls, ca_file = trusted_here(folder)
        front = stack.enter_context(Proxy(int(wheelyard.host.rpartition(":")[2]), tls))
        yield World(wheelyard, behind, front, ca_file, hub, lab, sigstore)


@dataclass(frozen=True)
class Pipeline:
    """One repository's pipeline, the project that it publishes to, and who may say so there."""

    world: World
    person: Person
    project: SeededProject
    maintainer: str
    # Of this test's own, as no two rules may mean the same pipeline.
    repository: str
    wheel: Path

    @property
    def upload_url(self) -> str:
        return f"{self.world.address}/api/v4/projects/{self.project.id}/packages/pypi"

    def ask(self, method: str, what: str = "", body: object = None) -> Answer:
        """Ask for *what* of the project, as its maintainer."""
        url = f"{self.world.wheelyard.url}/api/v4/projects/{self.project.id}{what}"
        headers = {"PRIVATE-TOKEN": self.maintainer, "Content-Type": "application/json"}
        return ask(method, url, None if body is None else json.dumps(body).encode(), headers)

    def trust(self, issuer: Issuer, **claims: str) -> None:
        answer = self.ask("POST", "/trusted_publishers", {"issuer": issuer.url, "claims": claims})
        assert answer.status == 201, answer.body

    def trust_github(self) -> None:
        workflow = f"{self.repository}/.github/workflows/publish.yml@refs/tags/*"
        self.trust(self.world.hub, repository=self.repository, workflow_ref=workflow)

    def listed(self) -> list[str]:
        found = json.loads(self.ask("GET", "/packages").body)
        return [f"{one['name']} {one['version']}" for one in found]

    def on_github(self) -> dict[str, str]:
        """Return what a runner of GitHub has in its environment."""
        hub = self.world.hub
        hub.runner_claims = github(self.repository)
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{hub.url}/request?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
            "SSL_CERT_FILE": str(self.world.ca_file),
        }

    def on_gitlab(self) -> dict[str, str]:
        """Return what a runner of GitLab has, with `id_tokens: {WHEELYARD_ID_TOKEN: …}`."""
        return {
            "GITLAB_CI": "true",
            "WHEELYARD_ID_TOKEN": self.world.lab.token(gitlab(self.repository)),
            "SSL_CERT_FILE": str(self.world.ca_file),
        }

    def uv_publish(
        self, env: dict[str, str], what: Path | None = None, mode: str = "always"
    ) -> Finished:
        how = ("--trusted-publishing", mode, "--publish-url", self.upload_url)
        return self.person.uv("publish", *how, what or self.wheel, env=env)

    def twine_upload(self, password: str, *how: str | Path) -> Finished:
        env = {
            "TWINE_USERNAME": "__token__",
            "TWINE_PASSWORD": password,
            "REQUESTS_CA_BUNDLE": str(self.world.ca_file),
        }
        return self.person.twine("upload", "--repository-url", self.upload_url, *how, env=env)


@pytest.fixture
def pipeline(world: World, person: Person, tmp_path: Path) -> Pipeline:
    built = ADistribution().named("trusted-demo", "1.0").wheel()
    file = tmp_path / built.filename
    file.write_bytes(built.content)
    seed = world.behind.seed
    project = seed.project()
    maintainer = seed.personal_token(seed.member(Role.MAINTAINER, project=project))
    return Pipeline(world, person, project, maintainer, f"acme/{unique('tools')}", file)


def test_uv_publishes_from_github_and_burns_its_token(world: World, pipeline: Pipeline) -> None:
    pipeline.trust_github()
    world.asked()

    pipeline.uv_publish(pipeline.on_github()).succeeded()

    assert pipeline.listed() == ["trusted-demo 1.0"]
    assert world.asked() == [
        "GET /_/oidc/audience",
        "POST /_/oidc/mint-token",
        f"POST /api/v4/projects/{pipeline.project.id}/packages/pypi",
        "POST /_/oidc/burn-token",
    ]


def test_uv_publishes_from_gitlab(world: World, pipeline: Pipeline) -> None:
    pipeline.trust(world.lab, project_path=pipeline.repository, ref_path="refs/tags/v*")

    pipeline.uv_publish(pipeline.on_gitlab()).succeeded()

    assert pipeline.listed() == ["trusted-demo 1.0"]


def test_uv_finds_out_by_itself_that_it_is_trusted_and_publishes_again(pipeline: Pipeline) -> None:
    pipeline.trust_github()

    for _ in range(2):
        pipeline.uv_publish(pipeline.on_github(), mode="automatic").succeeded()

    assert pipeline.listed() == ["trusted-demo 1.0"]


def test_uv_tells_why_a_pipeline_is_not_trusted(pipeline: Pipeline) -> None:
    refused = pipeline.uv_publish(pipeline.on_github()).failed()

    assert "invalid-publisher" in refused.output
    assert "no project has a trusted publisher that matches its claims" in refused.output
    assert pipeline.repository in refused.output


def test_uv_tells_that_an_id_token_was_used(world: World, pipeline: Pipeline) -> None:
    pipeline.trust(world.lab, project_path=pipeline.repository, ref="v1.0")
    env = pipeline.on_gitlab()
    pipeline.uv_publish(env).succeeded()

    refused = pipeline.uv_publish(env).failed()

    assert "invalid-reuse-token" in refused.output


class Refused(Exception):
    """The action's exchange ended with these reasons."""


def exchanged(pipeline: Pipeline) -> str:
    """Do what the action's `oidc-exchange.py` does, request by request."""
    env = pipeline.on_github()
    host = pipeline.upload_url.partition("://")[2].partition("/")[0]
    trusting = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])

    def loaded(request: str | Request, context: ssl.SSLContext | None = trusting) -> dict[str, str]:
        with urlopen(request, timeout=20, context=context) as answer:
            found = json.load(answer)
        assert isinstance(found, dict)
        return found

    audience = loaded(f"https://{host}/_/oidc/audience")["audience"]
    query = urlencode({"audience": audience})
    asked = Request(
        f"{env['ACTIONS_ID_TOKEN_REQUEST_URL']}&{query}",
        headers={"Authorization": f"bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )
    id_token = loaded(asked, None)["value"]
    body, headers = json.dumps({"token": id_token}).encode(), {"Content-Type": "application/json"}
    try:
        return loaded(Request(f"https://{host}/_/oidc/mint-token", body, headers))["token"]
    except HTTPError as error:
        # The action looks for nothing else in whatever is no success.
        errors = json.load(error)["errors"]
        raise Refused([f"* `{one['code']}`: {one['description']}" for one in errors]) from error


def test_the_action_publishes_with_twine(pipeline: Pipeline) -> None:
    pipeline.trust_github()

    pipeline.twine_upload(exchanged(pipeline), pipeline.wheel).succeeded()

    assert pipeline.listed() == ["trusted-demo 1.0"]


def require_attestations(pipeline: Pipeline) -> None:
    assert pipeline.ask("PUT", body={"attestation_policy": "require"}).status == 200


def attest(pipeline: Pipeline, **changed: str) -> Path:
    """Write an attestation beside the file, as `pypi-attestations sign` does in a workflow."""
    world, wheel = pipeline.world, pipeline.wheel
    server = f"{world.hub.url}/{pipeline.repository}"
    signing = Signing(
        wheel.name,
        hashlib.sha256(wheel.read_bytes()).hexdigest(),
        issuer=world.hub.url,
        repository=server,
        workflow=f"{server}/.github/workflows/publish.yml@refs/tags/v1.0",
    )
    beside = wheel.with_name(f"{wheel.name}.publish.attestation")
    beside.write_text(json.dumps(world.sigstore.attest(signing, **changed)), encoding="utf-8")
    return beside


def attested_by(pipeline: Pipeline) -> object:
    name = f"trusted-demo/1.0/{pipeline.wheel.name}"
    answer = pipeline.ask("GET", f"/packages/pypi/integrity/{name}/provenance")
    assert answer.status == 200, answer.body
    [bundle] = json.loads(answer.body)["attestation_bundles"]
    return bundle["publisher"]["repository"]


def test_uv_sends_the_attestations_beside_a_file(pipeline: Pipeline) -> None:
    pipeline.trust_github()
    require_attestations(pipeline)

    refused = pipeline.uv_publish(pipeline.on_github()).failed()
    attest(pipeline)
    # It sends the attestations among the files that it is given, as `dist/*` gives them.
    both = pipeline.wheel.with_name(f"{pipeline.wheel.name}*")
    pipeline.uv_publish(pipeline.on_github(), both).succeeded()

    assert "takes only files with attestations" in refused.output
    assert attested_by(pipeline) == pipeline.repository


def test_the_action_sends_attestations_with_twine(pipeline: Pipeline) -> None:
    pipeline.trust_github()
    require_attestations(pipeline)
    password = exchanged(pipeline)

    def upload(attestation: Path) -> Finished:
        return pipeline.twine_upload(password, "--attestations", pipeline.wheel, attestation)

    refused = upload(attest(pipeline, issuer="https://issuer.example")).failed()
    upload(attest(pipeline)).succeeded()

    assert "OIDCIssuerV2 does not match" in " ".join(refused.output.split())
    assert attested_by(pipeline) == pipeline.repository


def test_the_action_tells_every_reason(pipeline: Pipeline) -> None:
    with pytest.raises(Refused, match="`invalid-publisher`: The token is valid, but no project"):
        exchanged(pipeline)


def counted(world: World) -> dict[str, float]:
    """Return how ID tokens have been answered so far."""
    shown = metrics(metrics_ports(world.wheelyard)["standalone"])
    return {name: shown[name] for name in shown if name.startswith("wheelyard_token_mints")}


def test_no_token_is_in_the_logs_and_every_answer_is_counted(
    world: World, pipeline: Pipeline
) -> None:
    pipeline.trust_github()
    url = f"{world.wheelyard.url}/_/oidc/mint-token"
    id_token = world.hub.token(github(pipeline.repository))
    body = json.dumps({"token": id_token}).encode()
    before = counted(world)

    minted, refused = (ask("POST", url, body) for _ in range(2))

    assert (minted.status, refused.status) == (200, 422)
    after = counted(world)
    assert {name for name in after if after[name] != before[name]} == {
        'wheelyard_token_mints_total{result="minted"}',
        'wheelyard_token_mints_total{result="invalid-reuse-token"}',
    }
    logs = world.wheelyard.logs()
    assert "token_minted" in logs
    assert "invalid-reuse-token" in logs
    for secret in (str(minted.json["token"]), id_token, id_token.rpartition(".")[2]):
        assert secret not in logs
