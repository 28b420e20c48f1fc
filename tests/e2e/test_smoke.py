"""`wheelyard-admin smoke`, as `helm test` runs it, against running registries."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from tests.support.backstage import Backstage
from tests.support.scraping import metrics, metrics_ports
from tests.support.wheelyard import Wheelyard

from wheelyard_api.admin.__main__ import main
from wheelyard_core.adapters.db.models import File, ProjectRow
from wheelyard_core.domain.administration import Stretch, TokenFilter
from wheelyard_core.domain.tokens import TokenKind

pytestmark = pytest.mark.e2e


def smoke(wheelyard: Wheelyard, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["smoke", *arguments], env=wheelyard.settings)


def left(backstage: Backstage, place: str = "check") -> tuple[list[str], int]:
    """Return the files on the page of the smoke test, and how many of its tokens work."""
    registry = backstage.registry
    with registry.database.snapshot() as uow:
        project, bot = (
            uow.projects.find(f"wheelyard-smoke/{place}"),
            uow.users.named("wheelyard-smoke-bot"),
        )
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


_METRIC = "wheelyard_synthetic_last_success_timestamp_seconds"


def robot(wheelyard: Wheelyard, *arguments: str) -> Result:
    return smoke(wheelyard, "--robot", "--seconds", "30", *arguments)


def shown(wheelyard: Wheelyard, hoped: Callable[[float | None], bool]) -> float | None:
    """Return what the scheduler shows of the robot, once it is as hoped, or at last."""
    address = metrics_ports(wheelyard)["scheduler"]
    ends = time.monotonic() + 20
    while not hoped(found := metrics(address).get(_METRIC)) and time.monotonic() < ends:
        time.sleep(0.5)
    return found


def test_the_robots_last_success_is_shown_until_it_is_forgotten(
    wheelyard: Wheelyard, backstage: Backstage
) -> None:
    began = int(time.time())
    done = robot(wheelyard)
    assert done.exit_code == 0, done.stderr
    succeeded = shown(wheelyard, lambda moment: moment is not None and moment >= began)
    assert succeeded is not None
    assert began <= succeeded <= time.time()
    assert left(backstage, "robot") == ([], 0)

    failed = robot(wheelyard, "--url", "http://127.0.0.1:9", "--seconds", "2")
    assert failed.exit_code == 1
    assert "Error: It no longer publishes: " in failed.stderr
    # A success would have been newer.
    assert shown(wheelyard, lambda moment: moment != succeeded) == succeeded

    assert smoke(wheelyard, "--forget").exit_code == 0
    assert shown(wheelyard, lambda moment: moment is None) is None


def test_a_day_of_the_robots_leaves_nothing_behind(
    wheelyard: Wheelyard, backstage: Backstage
) -> None:
    engine = backstage.registry.database.engine

    def rows() -> tuple[int | None, list[str]]:
        with Session(engine) as session:
            project = session.scalar(select(ProjectRow.id).where(ProjectRow.path == "robot"))
            files = session.scalars(select(File.filename).where(File.project_id == project)).all()
        return project, list(files)

    for _ in range(2):
        assert robot(wheelyard).exit_code == 0
    before, kept = rows()
    assert len(kept) >= 2
    with Session(engine) as session:
        made = update(ProjectRow).where(ProjectRow.path == "robot")
        session.execute(made.values(created_at=datetime.now(UTC) - timedelta(days=2)))
        session.commit()

    assert robot(wheelyard).exit_code == 0

    after, kept = rows()
    assert after != before
    assert len(kept) == 1
    with backstage.registry.database.snapshot() as uow:
        bot = uow.users.named("wheelyard-smoke-bot")
        assert bot is not None
        mine = TokenFilter(kinds=tuple(TokenKind), user_id=bot.id)
        assert uow.token_admin.listed(mine, Stretch(10), datetime.now(UTC)).total == 1
