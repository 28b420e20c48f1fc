"""From an ID token to a published file, and how far the token reaches."""

import time
from datetime import timedelta

import pytest
from tests.integration.trusted.conftest import Forge, mint, refusal
from tests.support.distributions import ADistribution
from tests.support.forms import basic
from tests.support.in_process import Yard
from tests.support.issuer import gitlab
from tests.support.seed import SeededProject

from wheelyard_core.domain.access import Visibility
from wheelyard_core.domain.audit import AgentKind
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.domain.releases import ReleaseQuery, Window

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
OTHER = ADistribution().named("Demo.Pkg", "2.0").wheel()


def test_clients_are_told_whom_a_token_must_be_for(yard: Yard) -> None:
    assert yard.client.get("/_/oidc/audience").get_json() == {"audience": "wheelyard"}


@pytest.mark.parametrize("kind", ["github_forge", "gitlab_forge"])
def test_a_pipeline_publishes_without_a_secret(
    kind: str, request: pytest.FixtureRequest, project: SeededProject, maintainer: str
) -> None:
    forge: Forge = request.getfixturevalue(kind)
    forge.trusted_by(project, maintainer)
    before = int(time.time())

    answer = mint(forge.yard, forge.token())
    body = answer.get_json()

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert body.keys() == {"success", "token", "expires"}
    assert body["success"] is True
    assert body["token"].startswith("wyt_")
    assert before + 900 <= body["expires"] <= time.time() + 900
    forge.yard.must_publish(project.id, body["token"], WHEEL)
    assert forge.yard.listed(project.id, "demo-pkg", maintainer) == [WHEEL.filename]


def test_the_address_of_older_actions_mints_too(forge: Forge, trusting: SeededProject) -> None:
    answer = forge.yard.client.post(
        "/_/oidc/github/mint-token", data=b'{"token": "%s"}' % forge.token().encode()
    )

    forge.yard.must_publish(trusting.id, answer.get_json()["token"], WHEEL)


def test_what_was_published_says_by_whom(
    gitlab_forge: Forge, project: SeededProject, maintainer: str
) -> None:
    gitlab_forge.trusted_by(project, maintainer)
    yard, url = gitlab_forge.yard, gitlab_forge.issuer.url
    yard.must_publish(project.id, gitlab_forge.minted(), WHEEL)

    [package] = yard.ask("GET", f"/api/v4/projects/{project.id}/packages", maintainer).get_json()
    with yard.registry.database.snapshot() as uow:
        [release] = uow.releases.find([project.id], ReleaseQuery(), Window(0, 5)).items
    publisher = release.publisher

    assert package["pipeline"] | {"user": None} == {
        "id": 555,
        "ref": "v1.0",
        "sha": "6" * 40,
        "web_url": f"{url}/acme/tools/-/pipelines/555",
        "user": None,
    }
    assert (publisher.kind, publisher.name) == (AgentKind.TRUSTED_PUBLISHER, "gitlab:acme/tools")
    assert publisher.identity is not None
    assert (publisher.identity.issuer, publisher.identity.preset) == (url, Preset.GITLAB)
    kept = publisher.identity.claims
    assert kept["ci_config_ref_uri"] == gitlab()["ci_config_ref_uri"]
    assert not {"user_email", "iat", "jti"} & kept.keys()


def test_every_mint_and_change_of_trust_is_told_of(
    forge: Forge, project: SeededProject, maintainer: str
) -> None:
    rule = forge.trusted_by(project, maintainer)
    forge.yard.must_publish(project.id, forge.minted(), WHEEL)
    place = f"/api/v4/projects/{project.id}"
    forge.yard.ask("DELETE", f"{place}/trusted_publishers/{rule}", maintainer)

    events = forge.yard.ask("GET", f"{place}/audit_events", maintainer).get_json()

    told = {event["event_name"]: event["details"] for event in events}
    assert [*told] == [
        "trusted_publisher_removed",
        "file_published",
        "token_minted",
        "trusted_publisher_added",
    ]
    assert told["token_minted"]["author_name"] == "github:acme/tools"
    assert told["token_minted"]["claims"]["sha"] == "5" * 40
    assert told["file_published"]["author_class"] == "trusted_publisher"
    assert told["trusted_publisher_added"]["claims"] == dict(forge.rule)


def test_the_token_may_publish_and_do_nothing_else(
    forge: Forge, trusting: SeededProject, maintainer: str
) -> None:
    yard, secret = forge.yard, forge.minted()
    yard.must_publish(trusting.id, secret, WHEEL)
    place = f"/api/v4/projects/{trusting.id}"
    [package] = yard.ask("GET", f"{place}/packages", maintainer).get_json()
    headers = basic("__token__", secret)

    def status(method: str, path: str) -> int:
        return yard.client.open(path, method=method, headers=headers).status_code

    assert status("GET", f"{place}/packages/pypi/simple/demo-pkg/") == 403
    assert status("GET", f"{place}/packages") == 403
    assert status("DELETE", f"{place}/packages/{package['id']}") == 403
    assert status("GET", f"{place}/trusted_publishers") == 403
    assert status("POST", f"{place}/trusted_publishers") == 403
    assert status("POST", f"{place}/deploy_tokens") == 403
    assert status("POST", f"{place}/job_tokens") == 403
    assert status("GET", "/api/v4/user") == 403


def test_the_token_is_no_job_token(forge: Forge, trusting: SeededProject) -> None:
    secret = forge.minted()

    answer = forge.yard.publish(trusting.id, WHEEL, secret, user="gitlab-ci-token")

    assert answer.status_code == 401
    assert forge.yard.publish(trusting.id, WHEEL, secret, user="ada").status_code == 201


def test_projects_that_trust_nobody_stay_closed(forge: Forge, trusting: SeededProject) -> None:
    private, public = (
        forge.yard.seed.project(visibility=visibility)
        for visibility in (Visibility.PRIVATE, Visibility.PUBLIC)
    )
    secret = forge.minted()

    assert forge.yard.publish(private.id, WHEEL, secret).status_code == 404
    assert forge.yard.publish(public.id, WHEEL, secret).status_code == 403
    assert forge.yard.publish(trusting.id, WHEEL, secret).status_code == 201


def test_the_token_reaches_every_project_that_trusts_the_pipeline(
    forge: Forge, trusting: SeededProject
) -> None:
    another = forge.yard.seed.project()
    admin = forge.yard.seed.personal_token(forge.yard.seed.user(admin=True))
    forge.trusted_by(another, admin)
    # A third one trusts the pipeline of another environment.
    third = forge.yard.seed.project()
    forge.trusted_by(third, admin, environment="production")
    secret = forge.minted()

    forge.yard.must_publish(trusting.id, secret, WHEEL)
    forge.yard.must_publish(another.id, secret, WHEEL)
    assert forge.yard.publish(third.id, WHEEL, secret).status_code == 404


def test_a_rule_that_is_removed_takes_its_tokens_along(
    forge: Forge, trusting: SeededProject, maintainer: str
) -> None:
    secret = forge.minted()
    forge.yard.must_publish(trusting.id, secret, WHEEL)
    place = f"/api/v4/projects/{trusting.id}/trusted_publishers"
    [rule] = forge.yard.ask("GET", place, maintainer).get_json()

    assert forge.yard.ask("DELETE", f"{place}/{rule['id']}", maintainer).status_code == 204

    assert forge.yard.publish(trusting.id, OTHER, secret).status_code == 404
    assert refusal(mint(forge.yard, forge.token())) == "invalid-publisher"


def test_the_same_rule_added_again_does_not_revive_old_tokens(
    forge: Forge, project: SeededProject, maintainer: str
) -> None:
    rule = forge.trusted_by(project, maintainer)
    secret = forge.minted()
    place = f"/api/v4/projects/{project.id}/trusted_publishers"
    forge.yard.ask("DELETE", f"{place}/{rule}", maintainer)

    forge.trusted_by(project, maintainer)

    assert forge.yard.publish(project.id, WHEEL, secret).status_code == 404


def test_a_project_can_be_deleted_while_it_trusts_somebody(
    forge: Forge, trusting: SeededProject
) -> None:
    secret = forge.minted()
    admin = forge.yard.seed.personal_token(forge.yard.seed.user(admin=True))

    assert forge.yard.ask("DELETE", f"/api/v4/projects/{trusting.id}", admin).status_code == 202

    assert forge.yard.publish(trusting.id, WHEEL, secret).status_code == 404
    assert refusal(mint(forge.yard, forge.token())) == "invalid-publisher"


def test_the_token_ends(forge: Forge, trusting: SeededProject) -> None:
    secret = forge.yard.seed.expired(forge.minted())

    answer = forge.yard.publish(trusting.id, WHEEL, secret)

    assert answer.status_code == 401
    assert "expired" in answer.get_json()["message"]


def test_a_client_that_is_done_burns_its_token(forge: Forge, trusting: SeededProject) -> None:
    secret = forge.minted()
    forge.yard.must_publish(trusting.id, secret, WHEEL)

    burnt = forge.yard.client.post("/_/oidc/burn-token", json={"token": secret})

    assert burnt.status_code == 202
    answer = forge.yard.publish(trusting.id, OTHER, secret)
    assert answer.status_code == 401
    assert "revoked" in answer.get_json()["message"]


def test_no_other_token_is_burnt(yard: Yard, project: SeededProject, developer: str) -> None:
    for secret in (developer, "nonsense", f"wyt_{developer[4:]}"):
        answer = yard.client.post("/_/oidc/burn-token", json={"token": secret})
        assert answer.status_code == 202

    yard.must_publish(project.id, developer, WHEEL)


def test_what_ended_is_forgotten_a_day_later(forge: Forge, trusting: SeededProject) -> None:
    secret = forge.minted()
    cleaner, now = forge.yard.registry.cleaner(), forge.yard.registry.now()

    assert cleaner.forget_minted_tokens(now) == 0
    assert forge.yard.publish(trusting.id, WHEEL, secret).status_code == 201

    # The upload token, and the ID token that it was minted for.
    assert cleaner.forget_minted_tokens(now + timedelta(days=2)) == 2
    assert forge.yard.publish(trusting.id, OTHER, secret).status_code == 401
