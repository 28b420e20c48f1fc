"""Protection rules: GitLab's API for them, and pushes and deletions that obey them."""

from typing import Any

import pytest
from tests.integration.rest.conftest import Someone, Town
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, form_headers

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("Core.Lib", "1.0")
WHEEL, SDIST = DEMO.wheel(), DEMO.sdist()


@pytest.fixture
def project(town: Town) -> Any:
    return town.project()


def rules(project: Any, *rest: object) -> str:
    parts = [f"/projects/{project['id']}/packages/protection/rules", *map(str, rest)]
    return "/".join(parts)


def protect(
    town: Town, project: Any, pattern: str, push: str | None = None, delete: str | None = None
) -> Any:
    levels = {"push": push, "delete": delete}
    fields: dict[str, Any] = {"package_name_pattern": pattern}
    fields |= {f"minimum_access_level_for_{act}": word for act, word in levels.items() if word}
    return town.admin.post(rules(project), **fields)


def test_a_rule_has_gitlabs_fields(town: Town, project: Any) -> None:
    made = town.admin.post(
        rules(project),
        package_name_pattern="Core.*",
        package_type="pypi",
        minimum_access_level_for_push="maintainer",
    )

    assert made == {
        "id": made["id"],
        "project_id": project["id"],
        "package_name_pattern": "Core.*",
        "package_type": "pypi",
        "minimum_access_level_for_push": "maintainer",
        "minimum_access_level_for_delete": None,
    }
    assert town.admin.get(rules(project)) == [made]


def test_a_rule_is_changed_in_part_and_removed(town: Town, project: Any) -> None:
    made = protect(town, project, "core-*", push="maintainer")

    def patch(status: int = 200, **fields: Any) -> Any:
        answer = town.admin.ask("PATCH", rules(project, made["id"]), json=fields)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    changed = patch(minimum_access_level_for_delete="admin")
    assert changed == made | {"minimum_access_level_for_delete": "admin"}
    changed = patch(package_name_pattern="base-*", minimum_access_level_for_push="")
    assert changed["package_name_pattern"] == "base-*"
    assert changed["minimum_access_level_for_push"] is None
    assert town.admin.get(rules(project)) == [changed]
    patch(400, minimum_access_level_for_delete=None)
    assert patch() == changed
    town.admin.delete(rules(project, made["id"]))
    town.admin.delete(rules(project, made["id"]), 404)
    patch(404)
    assert town.admin.get(rules(project)) == []


def test_one_pattern_has_one_rule_however_it_is_spelled(town: Town, project: Any) -> None:
    protect(town, project, "Core.Lib*", push="owner")
    other = protect(town, project, "other", push="owner")

    for pattern in ("Core.Lib*", "core_lib*", "CORE--LIB**"):
        answer = town.admin.ask(
            "POST",
            rules(project),
            json={"package_name_pattern": pattern, "minimum_access_level_for_push": "owner"},
        )
        assert answer.status_code == 422
        assert "has already been taken" in answer.get_json()["message"]
    answer = town.admin.ask(
        "PATCH", rules(project, other["id"]), json={"package_name_pattern": "core.lib*"}
    )
    assert answer.status_code == 422
    protect(town, town.project(), "Core.Lib*", push="owner")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "package_name_pattern"),
        ({"package_name_pattern": "a b"}, "package_name_pattern"),
        ({"package_name_pattern": "x" * 256}, "package_name_pattern"),
        ({"package_name_pattern": "x"}, "minimum_access_level_for_push"),
        (
            {"package_name_pattern": "x", "minimum_access_level_for_push": "developer"},
            "minimum_access_level_for_push",
        ),
        (
            {"package_name_pattern": "x", "minimum_access_level_for_delete": 40},
            "minimum_access_level_for_delete",
        ),
        (
            {
                "package_name_pattern": "x",
                "minimum_access_level_for_push": "owner",
                "package_type": "npm",
            },
            "package_type",
        ),
    ],
)
def test_a_wrong_rule_is_refused_by_a_sentence(
    fields: dict[str, Any], word: str, town: Town, project: Any
) -> None:
    town.admin.refused(rules(project), word, **fields)


def test_rules_are_listed_by_page(town: Town, project: Any) -> None:
    made = [protect(town, project, f"core-{number}", push="owner") for number in range(3)]

    answer = town.admin.ask("GET", f"{rules(project)}?per_page=2")

    assert answer.headers["X-Total"] == "3"
    assert answer.get_json() == made[:2]
    assert town.admin.get(f"{rules(project)}?per_page=2&page=2") == made[2:]


def test_maintainers_make_rules_and_others_do_not_see_them(town: Town, project: Any) -> None:
    made = protect(town, project, "core-*", push="owner")
    fields = {"package_name_pattern": "x", "minimum_access_level_for_push": "owner"}
    asked = [
        ("GET", rules(project), 200),
        ("POST", rules(project), 201),
        ("PATCH", rules(project, made["id"]), 200),
        ("DELETE", rules(project, made["id"]), 204),
    ]
    developer, maintainer = (town.member(level, project=project) for level in (30, 40))
    for method, path, _ in asked:
        assert town.nobody.status(method, path, **fields) == 401
        assert town.person().status(method, path, **fields) == 404
        assert developer.status(method, path, **fields) == 403
        # Of another project, a rule is none.
        elsewhere = path.replace(str(project["id"]), str(town.project()["id"]), 1)
        if path != rules(project):
            assert town.admin.status(method, elsewhere, **fields) == 404
    for method, path, good in asked:
        spelled = fields | {"package_name_pattern": f"x-{method}"}
        assert maintainer.status(method, path, **spelled) == good


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("maintainer", [403, 201, 201, 201]),
        ("owner", [403, 403, 201, 201]),
        ("admin", [403, 403, 403, 201]),
    ],
)
def test_a_push_needs_the_level_of_the_rule(
    level: str, expected: list[int], town: Town, project: Any
) -> None:
    protect(town, project, "core_*", push=level)
    people = [town.member(role, project=project) for role in (30, 40, 50)]

    answers = [
        town.yard.publish(project["id"], DEMO.versioned(f"1.{at}").wheel(), str(somebody.secret))
        for at, somebody in enumerate([*people, town.admin])
    ]

    assert [answer.status_code for answer in answers] == expected
    assert {answer.get_json()["message"] for answer in answers if answer.status_code == 403} <= {
        "403 Forbidden - Package protected."
    }
    assert answers[0].get_json()["code"] == "403 Package protected."
    other = ADistribution().named("other").wheel()
    assert town.yard.publish(project["id"], other, str(people[0].secret)).status_code == 201


@pytest.mark.parametrize("declares", ["sha256", "nothing"])
def test_a_protected_push_is_refused_before_its_file_is_read(
    declares: str, town: Town, project: Any
) -> None:
    protect(town, project, "core-lib", push="maintainer")
    developer = town.member(30, project=project)
    form = AForm.of(WHEEL)
    if declares == "nothing":
        form = form.without("sha256_digest")
    body = form.body()
    # Only what comes before the file: its bytes are never sent.
    head = body[: body.index(WHEEL.content)]

    answer = town.yard.client.post(
        f"/api/v4/projects/{project['id']}/packages/pypi",
        data=head,
        headers=form_headers(str(developer.secret)),
    )

    assert answer.status_code == 403
    assert answer.get_json()["code"] == "403 Package protected."
    assert town.yard.kept.uploads(project["id"]) == []


def test_tokens_without_a_person_never_push_what_is_protected(town: Town, project: Any) -> None:
    protect(town, project, "core-*", push="maintainer")
    path = f"/projects/{project['id']}"
    deploy = town.admin.post(f"{path}/deploy_tokens", name="ci", scopes=["write_package_registry"])
    job = town.admin.post(f"{path}/job_tokens")
    bot = town.admin.post(f"{path}/access_tokens", name="ci", scopes=["api"], access_level=40)

    def publish(token: Any, user: str = "__token__") -> int:
        return town.yard.publish(project["id"], WHEEL, token["token"], user).status_code

    assert publish(deploy) == 403
    assert publish(job, "gitlab-ci-token") == 403
    assert publish(bot) == 201


def test_a_protected_name_that_exists_is_not_told_by_another_answer(
    town: Town, project: Any
) -> None:
    town.yard.must_publish(project["id"], str(town.admin.secret), WHEEL)
    protect(town, project, "core-*", push="owner")
    developer = town.member(30, project=project)

    assert town.yard.publish(project["id"], WHEEL, str(developer.secret)).status_code == 403


def ways_to_delete(town: Town, project: Any) -> list[tuple[str, int]]:
    """Return addresses that delete files and releases, each with the role it needs."""
    base = f"/projects/{project['id']}/packages"
    addresses = []
    for number, (role, whole) in enumerate(((30, False), (30, False), (40, True), (40, True))):
        built = DEMO.versioned(f"{number}.0").wheel()
        town.yard.must_publish(project["id"], str(town.admin.secret), built)
        named = f"{base}/pypi/releases/core-lib/{number}.0"
        [package] = town.admin.get(f"{base}?package_version={number}.0")
        [file] = town.admin.get(f"{base}/{package['id']}/package_files")
        by_number = f"{base}/{package['id']}"
        if number % 2:
            addresses.append((named if whole else f"{named}/{built.filename}", role))
        else:
            rest = "" if whole else f"/package_files/{file['id']}"
            addresses.append((f"{by_number}{rest}", role))
    return addresses


def test_a_deletion_needs_the_level_of_the_rule(town: Town, project: Any) -> None:
    ways = ways_to_delete(town, project)
    rule = protect(town, project, "core*", delete="owner")
    maintainer, owner = (town.member(level, project=project) for level in (40, 50))

    for address, _ in ways:
        answer = maintainer.ask("DELETE", address)
        assert answer.status_code == 403
        assert answer.get_json()["message"] == "403 Forbidden - Package is deletion protected."
    assert len(town.yard.listed(project["id"], "core-lib", str(owner.secret))) == len(ways)
    town.admin.ask(
        "PATCH",
        rules(project, rule["id"]),
        json={"minimum_access_level_for_delete": "", "minimum_access_level_for_push": "owner"},
    )
    # Who may not push may still delete, and the other way round.
    for address, _ in ways:
        maintainer.delete(address)
    town.yard.must_publish(project["id"], str(owner.secret), WHEEL)


def test_a_rule_made_by_somebody_is_an_event(town: Town, project: Any) -> None:
    made = protect(town, project, "core-*", push="maintainer")
    town.admin.ask(
        "PATCH", rules(project, made["id"]), json={"minimum_access_level_for_push": "owner"}
    )
    town.admin.ask(
        "PATCH", rules(project, made["id"]), json={"minimum_access_level_for_push": "owner"}
    )
    town.admin.delete(rules(project, made["id"]))

    found = town.admin.get(f"/projects/{project['id']}/audit_events?sort=asc")[1:]

    assert [event["event_name"] for event in found] == [
        "protection_rule_added",
        "protection_rule_changed",
        "protection_rule_removed",
    ]
    assert found[1]["details"]["rule_id"] == made["id"]
    assert found[1]["details"]["changes"] == {
        "minimum_access_level_for_push": {"from": "maintainer", "to": "owner"}
    }


def test_a_project_with_rules_can_be_deleted(town: Town, project: Any) -> None:
    protect(town, project, "core-*", push="maintainer")

    town.admin.delete(f"/projects/{project['id']}", 202)


def test_a_rule_does_not_reach_members_of_other_places(
    town: Town, project: Any, somebody: Someone
) -> None:
    protect(town, project, "core-*", push="maintainer")
    elsewhere = town.project()
    town.admin.post(f"/projects/{project['id']}/members", user_id=somebody.id, access_level=30)
    town.admin.post(f"/projects/{elsewhere['id']}/members", user_id=somebody.id, access_level=50)

    assert town.yard.publish(project["id"], WHEEL, str(somebody.secret)).status_code == 403
    assert town.yard.publish(elsewhere["id"], WHEEL, str(somebody.secret)).status_code == 201


@pytest.fixture
def somebody(town: Town) -> Someone:
    return town.person()
