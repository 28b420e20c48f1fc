"""People who look at a registry in this process, each with a browser of their own."""

import pytest
from tests.integration.people.visiting import Visitor
from tests.integration.sharing import yard
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.domain.access import Visibility


@pytest.fixture
def anonymous(yard: Yard) -> Visitor:
    """Nobody in particular."""
    return Visitor.of(yard)


@pytest.fixture
def reader(yard: Yard, developer: str) -> Visitor:
    """A developer of the private project, signed in."""
    visitor = Visitor.of(yard)
    visitor.sign_in(developer)
    return visitor


@pytest.fixture
def open_project(yard: Yard) -> SeededProject:
    """A public project."""
    return yard.seed.project(visibility=Visibility.PUBLIC)


@pytest.fixture
def publisher(yard: Yard, open_project: SeededProject) -> str:
    """A personal token of a developer of the public project."""
    return yard.seed.developer_token(open_project)


__all__ = ["yard"]
