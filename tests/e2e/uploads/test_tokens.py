"""A token while its upload is on the way."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

import pytest
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, post, streamed
from tests.support.seed import SeededProject

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

# The server hands on what came in pieces of some size.
HALF = 256 << 10
WHEEL = (
    ADistribution().named("slow").with_member("slow/data", Random(7).randbytes(2 * HALF)).wheel()
)


@pytest.fixture
def interrupted(
    backstage: Backstage, project: SeededProject
) -> Callable[[Callable[[], object]], Iterator[bytes]]:
    """Return what yields a form in whose file something happens, once it is being received."""

    def form(happens: Callable[[], object]) -> Iterator[bytes]:
        def content() -> Iterator[bytes]:
            yield WHEEL.content[:HALF]
            backstage.until(lambda: backstage.uploads(project.id) != [], "it is received")
            happens()
            yield WHEEL.content[HALF:]

        return streamed(AForm.of(WHEEL), content())

    return form


Interrupted = Callable[[Callable[[], object]], Iterator[bytes]]


def test_a_token_that_expires_during_its_upload_was_good_when_it_began(
    url: str, backstage: Backstage, interrupted: Interrupted, token: str
) -> None:
    form = interrupted(lambda: backstage.seed.expired(token, datetime.now(UTC)))

    assert post(url, form, token).status == 201
    assert post(url, AForm.of(WHEEL), token).status == 401


def test_a_token_that_is_revoked_during_its_upload_publishes_nothing(
    url: str, backstage: Backstage, interrupted: Interrupted, token: str
) -> None:
    answer = post(url, interrupted(lambda: backstage.seed.revoked(token)), token)

    assert answer.status == 401
    assert "revoked" in answer.reason
