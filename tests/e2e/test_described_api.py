"""Whatever is sent to an address, it answers as the OpenAPI document says, and never 500.

Schemathesis makes the requests from the document, good ones and bad ones; `make fuzz` makes more.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.conftest import running
from tests.support.actors import token
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, ask, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import start_embedded

from wheelyard_api.openapi.document import openapi
from wheelyard_core.domain.audit import SYSTEM
from wheelyard_core.domain.operating import Mode
from wheelyard_core.usecases.set_mode import set_mode

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

EXAMPLES = int(os.environ.get("WHEELYARD_TEST_FUZZ", "6"))  # noqa: TID251  chosen by `make fuzz`
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
described = schemathesis.openapi.from_dict(openapi("test"))


@dataclass(frozen=True)
class Yard:
    """A registry with something at every address, and an administrator."""

    url: str
    behind: Backstage
    project: SeededProject
    admin: int
    sha256: str
    filename: str

    def existing(self, name: str, address: str) -> str | None:
        """Return what makes an address that exists."""
        in_group = address.startswith("/api/v4/groups/")
        return {
            "id": str(self.project.group.id if in_group else self.project.id),
            "path": self.project.path,
            "package": "demo",
            "sha256": self.sha256,
            "filename": self.filename,
            "user_id": str(self.admin),
            "package_id": "1",
        }.get(name)


# With a parameter, for pytest 9.2 has one name for all of Schemathesis' tests that have none.
@pytest.fixture(scope="module", params=["embedded"])
def yard(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Yard]:
    with ExitStack() as stack:
        # Its own: a request may delete whatever it finds.
        started = start_embedded(tmp_path_factory.mktemp("described"))
        wheelyard = running(started, pytestconfig, stack)
        behind = stack.enter_context(Backstage(wheelyard))
        project, wheel = behind.seed.project(), ADistribution().wheel()
        url = f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
        sent = post(url, AForm.of(wheel), behind.seed.developer_token(project))
        assert sent.status == 201
        admin = behind.seed.user(admin=True)
        yield Yard(wheelyard.url, behind, project, admin, wheel.sha256, wheel.filename)


def at_home(case: Any, yard: Yard) -> None:
    """Let two of three requests go where something is; what is there must not be deleted."""
    parameters = case.path_parameters or {}
    chance = Random(repr(sorted(parameters.items(), key=str)))
    if case.method.upper() == "DELETE" or chance.random() < 1 / 3:
        return
    for name in parameters:
        existing = yard.existing(name, case.path)
        if existing is not None:
            parameters[name] = existing


@described.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES < 100,
)
def test_every_request_is_answered_as_described(case: Any, yard: Yard) -> None:
    at_home(case, yard)
    # One that revokes or rotates itself must not take the others with it.
    secret = yard.behind.seed.personal_token(yard.admin)

    case.call_and_validate(
        base_url=yard.url, headers=token(secret), allow_redirects=False, timeout=20, checks=CHECKS
    )
    if case.path == "/api/v4/maintenance":
        # Whoever comes next wants to change something.
        with yard.behind.registry.database.begin() as uow:
            set_mode(uow, SYSTEM, Mode.OPEN, None)


def test_anybody_may_read_the_description(yard: Yard) -> None:
    answer = ask("GET", f"{yard.url}/api/v4/openapi.json")

    assert answer.status == 200
    assert answer.json["openapi"] == "3.1.0"
    etag = answer.headers["etag"]
    again = ask("GET", f"{yard.url}/api/v4/openapi.json", headers={"If-None-Match": etag})
    assert again.status == 304
