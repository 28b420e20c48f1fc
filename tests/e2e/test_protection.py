"""Protection rules as people make them, with python-gitlab, and as twine runs into them."""

from datetime import UTC, datetime, timedelta

import gitlab
import pytest
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.seed import Seed, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@pytest.fixture
def maintainer(seed: Seed, project: SeededProject) -> str:
    return seed.personal_token(seed.member(Role.MAINTAINER, project=project))


def test_python_gitlab_makes_rules_and_reads_of_it(
    wheelyard: Wheelyard, project: SeededProject, maintainer: str
) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=1)
    with gitlab.Gitlab(wheelyard.url, private_token=maintainer) as api:
        here = api.projects.get(project.path)
        rule = here.package_protection_rules.create(
            {
                "package_name_pattern": "core-*",
                "package_type": "pypi",
                "minimum_access_level_for_push": "maintainer",
            }
        )
        with pytest.raises(gitlab.GitlabCreateError) as refused:
            here.package_protection_rules.create(
                {
                    "package_name_pattern": "Core_*",
                    "package_type": "pypi",
                    "minimum_access_level_for_push": "owner",
                }
            )
        rule.minimum_access_level_for_push = "owner"
        rule.save()
        [listed] = here.package_protection_rules.list(get_all=True)
        rule.delete()
        events = here.audit_events.list(get_all=True, created_after=begun.isoformat())

    assert refused.value.response_code == 422
    assert "already been taken" in str(refused.value)
    assert listed.minimum_access_level_for_push == "owner"
    assert [event.event_name for event in events] == [
        "protection_rule_removed",
        "protection_rule_changed",
        "protection_rule_added",
    ]


def test_twine_prints_that_a_package_is_protected(
    wheelyard: Wheelyard, project: SeededProject, token: str, maintainer: str, person: Person
) -> None:
    wheel = ADistribution().named("core-lib").wheel()
    (person.home / wheel.filename).write_bytes(wheel.content)
    with gitlab.Gitlab(wheelyard.url, private_token=maintainer) as api:
        here = api.projects.get(project.id, lazy=True)
        here.package_protection_rules.create(
            {
                "package_name_pattern": "core-*",
                "package_type": "pypi",
                "minimum_access_level_for_push": "maintainer",
            }
        )

    def upload(secret: str) -> str:
        base = f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
        credentials = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": secret}
        command = ("upload", "--repository-url", base, person.home / wheel.filename)
        return person.twine(*command, env=credentials).output

    assert "Package protected." in upload(token)
    assert "ERROR" not in upload(maintainer)
