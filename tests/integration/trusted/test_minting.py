"""From an ID token to a published file, and everything that is no reason to publish."""

import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from tests.integration.trusted.conftest import Forge, mint, refusal
from tests.support.distributions import ADistribution
from tests.support.forms import basic
from tests.support.in_process import Yard
from tests.support.issuer import Issuer, SigningKey, answering, github, gitlab
from tests.support.seed import SeededProject, unique

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


NOW = int(time.time())


SAYS_SOMETHING_ELSE: list[tuple[dict[str, object], str]] = [
    ({"iss": "https://token.actions.githubusercontent.com"}, "invalid-issuer"),
    ({"iss": None}, "invalid-token"),
    ({"aud": "pypi"}, "invalid-audience"),
    ({"aud": ["wheelyard", "pypi"]}, "invalid-audience"),
    ({"aud": None}, "invalid-audience"),
    ({"exp": NOW - 3600}, "invalid-time"),
    ({"exp": None}, "invalid-time"),
    ({"iat": NOW + 3600}, "invalid-time"),
    ({"nbf": NOW + 3600}, "invalid-time"),
    ({"repository": "acme/other"}, "invalid-publisher"),
    ({"repository": "evil/acme/tools"}, "invalid-publisher"),
    ({"repository": None}, "invalid-publisher"),
    ({"repository": ["acme/tools"]}, "invalid-publisher"),
    ({"workflow_ref": github()["ref"]}, "invalid-publisher"),
    ({"workflow_ref": f"{github()['workflow_ref']}/more"}, "invalid-publisher"),
]


def test_a_token_that_says_something_else_gets_nothing(
    forge: Forge, trusting: SeededProject
) -> None:
    for changed, code in SAYS_SOMETHING_ELSE:
        assert refusal(mint(forge.yard, forge.token(**changed))) == code, changed

    # What those were is no reason to refuse the true one.
    forge.yard.must_publish(trusting.id, forge.minted(), WHEEL)


@pytest.mark.usefixtures("trusting")
def test_another_forge_does_not_vouch_for_this_one(forge: Forge, lab: Issuer) -> None:
    disguised = lab.token(github(), aud="https://yard.example")

    assert refusal(mint(forge.yard, disguised)) == "invalid-publisher"
    # Nor does a token that another issuer signed for our audience.
    claims = forge.issuer.claims(github())
    assert refusal(mint(forge.yard, lab.keys[0].sign(claims))) == "unknown-key"


@pytest.mark.usefixtures("trusting")
def test_forged_signatures_get_nothing(forge: Forge) -> None:
    claims = forge.issuer.claims(github())
    key = forge.issuer.keys[0]
    thief = SigningKey(key.name, key.algorithm, SigningKey.make().key)

    assert refusal(mint(forge.yard, thief.sign(claims))) == "invalid-signature"
    assert refusal(mint(forge.yard, key.sign(claims, alg="none"))) == "invalid-algorithm"
    assert refusal(mint(forge.yard, key.hmac_with_public_key(claims))) == "invalid-algorithm"
    unsigned = key.sign(claims, alg="none").rpartition(".")[0]
    assert refusal(mint(forge.yard, f"{unsigned}.")) == "invalid-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_is_used_once(forge: Forge) -> None:
    token = forge.token()
    assert mint(forge.yard, token).status_code == 200

    assert refusal(mint(forge.yard, token)) == "invalid-reuse-token"
    assert refusal(mint(forge.yard.another_replica(), token)) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_without_a_number_is_used_once_whatever_its_signature(forge: Forge) -> None:
    claims = forge.issuer.claims(github(), jti=None)
    # A signature of an elliptic curve is another one each time, and any is as good.
    one, again = (forge.issuer.keys[0].sign(claims) for _ in range(2))
    assert one != again
    assert mint(forge.yard, one).status_code == 200

    assert refusal(mint(forge.yard, again)) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_tokens_of_one_number_are_used_once(forge: Forge) -> None:
    number = unique("jti")
    assert mint(forge.yard, forge.token(jti=number)).status_code == 200

    assert refusal(mint(forge.yard, forge.token(jti=number, run_id="8"))) == "invalid-reuse-token"


@pytest.mark.usefixtures("trusting")
def test_a_token_sent_sixteen_times_at_once_is_used_once(forge: Forge) -> None:
    token, barrier, statuses = forge.token(), Barrier(16), []

    def send() -> None:
        yard = forge.yard.another_client()
        barrier.wait(20)
        statuses.append(mint(yard, token).status_code)

    threads = [Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(statuses) == [200] + [422] * 15


def test_a_token_that_nobody_trusted_is_good_when_somebody_does(
    forge: Forge, project: SeededProject, maintainer: str
) -> None:
    token = forge.token()
    assert refusal(mint(forge.yard, token)) == "invalid-publisher"

    forge.trusted_by(project, maintainer)

    assert mint(forge.yard, token).status_code == 200


def test_an_issuer_may_change_its_keys(forge: Forge, trusting: SeededProject) -> None:
    forge.yard.must_publish(trusting.id, forge.minted(), WHEEL)
    stolen = forge.issuer.keys[0]

    forge.issuer.rotate("RS256")

    forge.yard.must_publish(trusting.id, forge.minted(), OTHER)
    assert refusal(mint(forge.yard, stolen.sign(forge.issuer.claims(github())))) == "unknown-key"


@pytest.mark.usefixtures("trusting")
def test_an_issuer_that_is_away_is_no_fault_of_the_client(forge: Forge) -> None:
    forge.issuer.instead[Issuer.JWKS] = answering(502)

    answer = mint(forge.yard, forge.token())

    assert refusal(answer, 503) == "issuer-unavailable"
    assert answer.headers["Retry-After"]
    # Other issuers have nothing to do with it.
    assert forge.yard.client.get("/_/oidc/audience").status_code == 200


NO_REQUESTS = (
    *(b"", b"{", b"[]", b"null", b'"wyt_x"', b"{}", b'{"token": null}', b'{"token": 7}'),
    *(b'{"token": ["x"]}', b"token=x", b"\xff", b"[" * 50_000),
)


@pytest.mark.parametrize("address", ["mint-token", "burn-token"])
def test_a_body_that_is_no_request_is_told_what_would_be(address: str, yard: Yard) -> None:
    for body in NO_REQUESTS:
        answer = yard.client.post(f"/_/oidc/{address}", data=body)

        assert refusal(answer) == "invalid-payload", body
        assert '{"token": ' in answer.get_json()["message"]


def test_a_text_that_is_no_token_is_refused(yard: Yard) -> None:
    for token in ("", "x", "a.b.c", "wyt_abc", "\x00", "\ud800", "é.é.é"):
        assert refusal(mint(yard, token)) == "invalid-token", token


def test_a_body_without_end_is_not_read(yard: Yard) -> None:
    answer = yard.client.post("/_/oidc/mint-token", data=b" " * 100_000)

    assert refusal(answer, 413) == "request-entity-too-large"


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


@pytest.mark.parametrize("settings", [{}])
def test_a_registry_without_issuers_says_so(
    settings: dict[str, str], yard: Yard, hub: Issuer
) -> None:
    assert settings == {}
    assert refusal(yard.client.get("/_/oidc/audience"), 403) == "forbidden"
    assert refusal(mint(yard, hub.token())) == "not-enabled"


def test_what_ended_is_forgotten_a_day_later(forge: Forge, trusting: SeededProject) -> None:
    secret = forge.minted()
    cleaner, now = forge.yard.registry.cleaner(), forge.yard.registry.now()

    assert cleaner.forget_minted_tokens(now) == 0
    assert forge.yard.publish(trusting.id, WHEEL, secret).status_code == 201

    # The upload token, and the ID token that it was minted for.
    assert cleaner.forget_minted_tokens(now + timedelta(days=2)) == 2
    assert forge.yard.publish(trusting.id, OTHER, secret).status_code == 401
