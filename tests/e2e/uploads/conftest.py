"""A registry to upload to."""

from collections.abc import Callable

import pytest
from tests.support.forms import AForm, Answer, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard


@pytest.fixture(scope="module")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    return embedded


@pytest.fixture
def url(wheelyard: Wheelyard, project: SeededProject) -> str:
    return f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"


@pytest.fixture
def upload(url: str, token: str) -> Callable[[AForm], Answer]:
    return lambda form: post(url, form, token)
