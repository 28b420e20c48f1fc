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
from tests.support.forms import ask
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

    def upload_url(self, project: SeededProject) -> str:
        return f"{self.address}/api/v4/projects/{project.id}/packages/pypi"

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


@pytest.fixture
def repository() -> str:
    """A repository of this test's own, as no two rules may mean the same pipeline."""
    return f"acme/{unique('tools')}"


@pytest.fixture
def project(world: World) -> SeededProject:
    return world.behind.seed.project()


@pytest.fixture
def maintainer(world: World, project: SeededProject) -> str:
    seed = world.behind.seed
    return seed.personal_token(seed.member(Role.MAINTAINER, project=project))


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    built = ADistribution().named("trusted-demo", "1.0").wheel()
    file = tmp_path / built.filename
    file.write_bytes(built.content)
    return file


def trust(world: World, project: SeededProject, secret: str, issuer: Issuer, **claims: str) -> None:
    url = f"{world.wheelyard.url}/api/v4/projects/{project.id}/trusted_publishers"
    body = json.dumps({"issuer": issuer.url, "claims": claims}).encode()
    answer = ask("POST", url, body, {"PRIVATE-TOKEN": secret, "Content-Type": "application/json"})
    assert answer.status == 201, answer.body


def trust_github(world: World, project: SeededProject, secret: str, repository: str) -> None:
    workflow = f"{repository}/.github/workflows/publish.yml@refs/tags/*"
    trust(world, project, secret, world.hub, repository=repository, workflow_ref=workflow)


def listed(world: World, project: SeededProject, secret: str) -> list[str]:
    url = f"{world.wheelyard.url}/api/v4/projects/{project.id}/packages"
    answer = ask("GET", url, headers={"PRIVATE-TOKEN": secret})
    return [f"{one['name']} {one['version']}" for one in json.loads(answer.body)]


def on_github(world: World, repository: str) -> dict[str, str]:
    """Return what a runner of GitHub has in its environment."""
    world.hub.runner_claims = github(repository)
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{world.hub.url}/request?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        "SSL_CERT_FILE": str(world.ca_file),
    }


def on_gitlab(world: World, repository: str) -> dict[str, str]:
    """Return what a runner of GitLab has, with `id_tokens: {WHEELYARD_ID_TOKEN: …}`."""
    return {
        "GITLAB_CI": "true",
        "WHEELYARD_ID_TOKEN": world.lab.token(gitlab(repository)),
        "SSL_CERT_FILE": str(world.ca_file),
    }


def uv_publish(
    world: World,
    person: Person,
    project: SeededProject,
    wheel: Path,
    env: dict[str, str],
    *how: str,
) -> Finished:
    url = world.upload_url(project)
    mode = how or ("--trusted-publishing", "always")
    return person.uv("publish", *mode, "--publish-url", url, wheel, env=env)


def test_uv_publishes_from_github_and_burns_its_token(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust_github(world, project, maintainer, repository)
    world.asked()

    uv_publish(world, person, project, wheel, on_github(world, repository)).succeeded()

    assert listed(world, project, maintainer) == ["trusted-demo 1.0"]
    assert world.asked() == [
        "GET /_/oidc/audience",
        "POST /_/oidc/mint-token",
        f"POST /api/v4/projects/{project.id}/packages/pypi",
        "POST /_/oidc/burn-token",
    ]


def test_uv_publishes_from_gitlab(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust(world, project, maintainer, world.lab, project_path=repository, ref_path="refs/tags/v*")

    uv_publish(world, person, project, wheel, on_gitlab(world, repository)).succeeded()

    assert listed(world, project, maintainer) == ["trusted-demo 1.0"]


def test_uv_finds_out_by_itself_that_it_is_trusted_and_publishes_again(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust_github(world, project, maintainer, repository)
    automatic = ("--trusted-publishing", "automatic")

    for _ in range(2):
        env = on_github(world, repository)
        uv_publish(world, person, project, wheel, env, *automatic).succeeded()

    assert listed(world, project, maintainer) == ["trusted-demo 1.0"]


def test_uv_tells_why_a_pipeline_is_not_trusted(
    world: World, person: Person, project: SeededProject, repository: str, wheel: Path
) -> None:
    env = on_github(world, repository)

    refused = uv_publish(world, person, project, wheel, env).failed()

    assert "invalid-publisher" in refused.output
    assert "no project has a trusted publisher that matches its claims" in refused.output
    assert repository in refused.output


def test_uv_tells_that_an_id_token_was_used(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust(world, project, maintainer, world.lab, project_path=repository, ref="v1.0")
    env = on_gitlab(world, repository)
    uv_publish(world, person, project, wheel, env).succeeded()

    refused = uv_publish(world, person, project, wheel, env).failed()

    assert "invalid-reuse-token" in refused.output


class Refused(Exception):
    """The action's exchange ended with these reasons."""


def exchanged(world: World, env: dict[str, str], repository_url: str) -> str:
    """Do what the action's `oidc-exchange.py` does, request by request."""
    host = repository_url.partition("://")[2].partition("/")[0]
    trusting = ssl.create_default_context(cafile=str(world.ca_file))

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


def test_the_action_publishes_with_twine(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust_github(world, project, maintainer, repository)
    url = world.upload_url(project)
    password = exchanged(world, on_github(world, repository), url)

    person.twine(
        *("upload", "--repository-url", url, wheel),
        env={
            "TWINE_USERNAME": "__token__",
            "TWINE_PASSWORD": password,
            "REQUESTS_CA_BUNDLE": str(world.ca_file),
        },
    ).succeeded()

    assert listed(world, project, maintainer) == ["trusted-demo 1.0"]


def require_attestations(world: World, project: SeededProject, secret: str) -> None:
    url = f"{world.wheelyard.url}/api/v4/projects/{project.id}"
    headers = {"PRIVATE-TOKEN": secret, "Content-Type": "application/json"}
    assert ask("PUT", url, b'{"attestation_policy": "require"}', headers).status == 200


def attest(world: World, repository: str, wheel: Path, **changed: str) -> Path:
    """Write an attestation beside a file, as `pypi-attestations sign` does in a workflow."""
    server = f"{world.hub.url}/{repository}"
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


def attested_by(world: World, project: SeededProject, wheel: Path, secret: str) -> object:
    place = f"{world.wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
    address = f"{place}/integrity/trusted-demo/1.0/{wheel.name}/provenance"
    answer = ask("GET", address, headers={"PRIVATE-TOKEN": secret})
    assert answer.status == 200, answer.body
    [bundle] = json.loads(answer.body)["attestation_bundles"]
    return bundle["publisher"]["repository"]


def test_uv_sends_the_attestations_beside_a_file(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust_github(world, project, maintainer, repository)
    require_attestations(world, project, maintainer)

    refused = uv_publish(world, person, project, wheel, on_github(world, repository)).failed()
    attest(world, repository, wheel)
    # It sends the attestations among the files that it is given, as `dist/*` gives them.
    both = wheel.with_name(f"{wheel.name}*")
    uv_publish(world, person, project, both, on_github(world, repository)).succeeded()

    assert "takes only files with attestations" in refused.output
    assert attested_by(world, project, wheel, maintainer) == repository


def test_the_action_sends_attestations_with_twine(
    world: World,
    person: Person,
    project: SeededProject,
    maintainer: str,
    repository: str,
    wheel: Path,
) -> None:
    trust_github(world, project, maintainer, repository)
    require_attestations(world, project, maintainer)
    url = world.upload_url(project)
    env = {
        "TWINE_USERNAME": "__token__",
        "TWINE_PASSWORD": exchanged(world, on_github(world, repository), url),
        "REQUESTS_CA_BUNDLE": str(world.ca_file),
    }

    def upload(*what: Path) -> Finished:
        return person.twine("upload", "--attestations", "--repository-url", url, *what, env=env)

    other = attest(world, repository, wheel, issuer="https://issuer.example")
    refused = upload(wheel, other).failed()
    upload(wheel, attest(world, repository, wheel)).succeeded()

    assert "OIDCIssuerV2 does not match" in " ".join(refused.output.split())
    assert attested_by(world, project, wheel, maintainer) == repository


def test_the_action_tells_every_reason(
    world: World, project: SeededProject, repository: str
) -> None:
    with pytest.raises(Refused, match="`invalid-publisher`: The token is valid, but no project"):
        exchanged(world, on_github(world, repository), world.upload_url(project))


def counted(world: World) -> dict[str, float]:
    """Return how ID tokens have been answered so far."""
    shown = metrics(metrics_ports(world.wheelyard)["standalone"])
    return {name: shown[name] for name in shown if name.startswith("wheelyard_token_mints")}


def test_no_token_is_in_the_logs_and_every_answer_is_counted(
    world: World, project: SeededProject, maintainer: str, repository: str
) -> None:
    trust_github(world, project, maintainer, repository)
    url = f"{world.wheelyard.url}/_/oidc/mint-token"
    id_token = world.hub.token(github(repository))
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
