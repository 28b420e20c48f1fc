"""Deploy tokens: of a project or a group, to read and to write packages, and for nothing else."""

import pytest
from tests.integration.rest.conftest import SOME_DAY, Town

pytestmark = pytest.mark.integration


@pytest.mark.own_registry
def test_deploy_tokens_have_a_name_without_a_plus(town: Town) -> None:
    project = town.project()
    keeper = town.member(40, project)
    path = f"/projects/{project['id']}/deploy_tokens"

    made = keeper.post(path, name="pip", scopes=["read_package_registry"], expires_at=SOME_DAY)

    secret = made.pop("token")
    assert made == {
        "id": made["id"],
        "name": "pip",
        "username": f"wheelyard-deploy-token-{made['id']}",
        "expires_at": f"{SOME_DAY}T00:00:00.000Z",
        "revoked": False,
        "expired": False,
        "scopes": ["read_package_registry"],
    }
    assert secret.startswith("wyd_")
    assert keeper.get(path) == [made]
    assert keeper.get(f"{path}/{made['id']}") == made
    named = keeper.post(path, name="x", username="ci-bot", scopes=["write_package_registry"])
    assert named["username"] == "ci-bot"
    assert keeper.status("POST", path, name="x", scopes=["api"]) == 400
    assert keeper.status("POST", path, name="x", scopes=["read_registry"]) == 400
    colon = {"name": "x", "scopes": ["read_package_registry"], "username": "a:b"}
    assert keeper.status("POST", path, **colon) == 400
    assert len(town.admin.get("/deploy_tokens")) == 2
    assert keeper.status("GET", "/deploy_tokens") == 403


def test_no_deploy_token_takes_the_name_that_job_tokens_go_with(town: Town) -> None:
    fields = {"name": "x", "scopes": ["read_package_registry"]}

    for kind, place in (("projects", town.project()), ("groups", town.group())):
        path = f"/{kind}/{place['id']}/deploy_tokens"
        for taken in ("gitlab-ci-token", " gitlab-ci-token "):
            town.admin.refused(path, "gitlab-ci-token", username=taken, **fields)
        assert town.admin.get(path) == []


def test_a_deleted_deploy_token_reads_no_more(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}/deploy_tokens"
    made = town.admin.post(path, name="pip", scopes=["read_package_registry"])
    page = f"/api/v4/projects/{project['id']}/packages/pypi/simple"
    headers = {"DEPLOY-TOKEN": made["token"]}
    assert town.yard.client.get(page, headers=headers).status_code == 200

    town.admin.delete(f"{path}/{made['id']}")

    answer = town.yard.client.get(page, headers=headers)
    assert answer.status_code == 401
    assert "revoked" in answer.text
    town.admin.get(f"{path}/{made['id']}", status=404)
    town.admin.delete(f"{path}/{made['id']}", status=404)
    assert town.admin.get(path) == []


def test_a_groups_deploy_token_is_its_owners_matter(town: Town) -> None:
    group = town.group()
    project = town.project(namespace_id=group["id"])
    owner, keeper, developer = (town.member(level, group=group) for level in (50, 40, 30))
    path = f"/groups/{group['id']}/deploy_tokens"

    made = owner.post(path, name="all", scopes=["read_package_registry"])

    assert [token["id"] for token in keeper.get(path)] == [made["id"]]
    assert keeper.status("POST", path, name="x", scopes=["read_package_registry"]) == 403
    assert developer.status("GET", path) == 403
    page = f"/api/v4/projects/{project['id']}/packages/pypi/simple"
    headers = {"DEPLOY-TOKEN": made["token"]}
    assert town.yard.client.get(page, headers=headers).status_code == 200
    owner.delete(f"{path}/{made['id']}")
    assert town.yard.client.get(page, headers=headers).status_code == 401


def test_deploy_and_job_tokens_administer_nothing(town: Town) -> None:
    project = town.project()
    path = f"/projects/{project['id']}"
    deploy = town.admin.post(
        f"{path}/deploy_tokens",
        name="d",
        scopes=["read_package_registry", "write_package_registry"],
    )["token"]
    job = town.admin.post(f"{path}/job_tokens")["token"]

    for secret in (deploy, job):
        headers = {"Authorization": f"Bearer {secret}"}
        for method, address in (
            ("GET", "/user"),
            ("GET", "/personal_access_tokens/self"),
            ("POST", "/user/personal_access_tokens"),
            ("POST", "/projects"),
            ("POST", f"{path}/job_tokens"),
            ("POST", f"{path}/members"),
            ("GET", f"{path}/deploy_tokens"),
            ("PUT", path),
            ("DELETE", path),
        ):
            answer = town.yard.client.open(f"/api/v4{address}", method=method, headers=headers)
            assert answer.status_code == 403, (method, address, answer.text)
