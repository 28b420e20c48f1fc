"""A desk for each cell: its client's environment, a project and a token of its own."""

import os
from collections.abc import Callable, Iterator

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.environments import Environments, kept_between_runs
from tests.e2e.clients.matrix import Cell, Client
from tests.support.backstage import Backstage
from tests.support.clients import Person
from tests.support.seed import Seed, SeededProject
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without
from tests.support.wheelyard import Wheelyard
from tests.support.wiretap import Wiretap

from wheelyard_core.domain.access import Role
from wheelyard_core.domain.tokens import TokenKind


@pytest.fixture(scope="package")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    """What `make run` starts: clients meet the same bytes from the services apart."""
    return embedded


@pytest.fixture(scope="package")
def seed(wheelyard: Wheelyard, backstages: Callable[[Wheelyard], Backstage]) -> Seed:
    """Makes accounts, projects and tokens."""
    return backstages(wheelyard).seed


@pytest.fixture(scope="session")
def environments() -> Environments:
    """The clients, kept between runs."""
    return kept_between_runs(os.environ)  # noqa: TID251  tells where the user's caches are


@pytest.fixture
def tap(wheelyard: Wheelyard) -> Iterator[Wiretap]:
    """Hears what this test's client says."""
    with Wiretap(wheelyard.host) as tap:
        yield tap
    assert [str(each) for each in tap.exchanges if each.status >= 500] == []


@pytest.fixture
def desk(
    cell: Cell[Client],
    environments: Environments,
    machine: Machine,
    person: Person,
    seed: Seed,
    tap: Wiretap,
) -> Desk:
    """The cell's own desk."""
    project = seed.project(visibility=cell.visibility)
    try:
        programs = environments.programs(cell.client.lock)
    except Missing as missing:
        without(missing, required=machine.requires_all)
    return Desk(
        cell.client.lock,
        person,
        programs,
        tap,
        f"/api/v4/projects/{project.id}",
        cell.token,
        secret=issue(seed, project, cell.token),
        keeper=seed.personal_token(seed.member(Role.MAINTAINER, project=project)),
    )


def issue(seed: Seed, project: SeededProject, kind: TokenKind) -> str:
    """Return a token that may publish to the project and install from it."""
    if kind is TokenKind.DEPLOY:
        return seed.deploy_token(project=project)
    if kind is TokenKind.JOB:
        return seed.job_token(project)
    return seed.developer_token(project)
