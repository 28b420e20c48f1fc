"""`wheelyard-admin smoke`, as `helm test` runs it, against running registries."""

import re

import pytest
from click.testing import CliRunner, Result
from tests.support.backstage import Backstage, environment_of
from tests.support.wheelyard import Wheelyard

from wheelyard_api.admin.__main__ import main
from wheelyard_core.domain.administration import Stretch, TokenFilter
from wheelyard_core.domain.tokens import TokenKind

pytestmark = pytest.mark.e2e

_PLACE = "wheelyard-smoke/check"


def smoke(wheelyard: Wheelyard, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["smoke", *arguments], env=environment_of(wheelyard))


def left(backstage: Backstage) -> tuple[list[str], int]:
    """Return the files on the page of the smoke test, and how many of its tokens work."""
    registry = backstage.registry
    with registry.database.snapshot() as uow:
        project, bot = uow.projects.find(_PLACE), uow.users.named("wheelyard-smoke-bot")
        assert project is not None
        assert bot is not None
        page = uow.pages.package([project.id], "wheelyard-smoke")
        works = TokenFilter(kinds=tuple(TokenKind), user_id=bot.id, is_active=True)
        tokens = uow.token_admin.listed(works, Stretch(10), registry.now())
    return [file.filename for file in page.files] if page else [], len(tokens.items)


def test_a_registry_that_works_passes_twice_and_nothing_is_left(
    wheelyard: Wheelyard, backstage: Backstage
) -> None:
    for _ in range(2):
        done = smoke(wheelyard)

        assert done.exit_code == 0, done.stderr
        assert re.findall(r"^(\w+) +[0-9.]+ s$", done.stdout, re.MULTILINE) == [
            "publishes",
            "lists",
            "serves",
            "installs",
            "deletes",
        ]
        assert left(backstage) == ([], 0)


def test_a_registry_that_is_away_is_a_sentence(embedded: Wheelyard) -> None:
    done = smoke(embedded, "--url", "http://127.0.0.1:9", "--seconds", "5")

    assert done.exit_code == 1
    assert "Error: It no longer publishes: " in done.stderr
    with Backstage(embedded) as backstage:
        assert left(backstage)[1] == 0
