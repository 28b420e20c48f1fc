from pathlib import Path
from threading import Event

import pytest

from wheelyard_core.adapters.db.engine import PoolSettings
from wheelyard_core.bootstrap import make_database
from wheelyard_core.settings import DatabaseSettings
from wheelyard_web.health import Readiness


def _readiness(url: str, *, migrated: bool, needs_database: bool) -> Readiness:
    settings = DatabaseSettings(url, "", None, PoolSettings())
    database = make_database(settings, "test", lambda _promised: None)
    if migrated:
        database.migrate()
    return Readiness(database, Event(), needs_database=needs_database)


@pytest.mark.parametrize("needs_database", [True, False])
def test_a_process_is_ready_on_the_schema_of_its_release(
    tmp_path: Path, *, needs_database: bool
) -> None:
    url = f"sqlite:///{tmp_path}/w.db"

    assert _readiness(url, migrated=True, needs_database=needs_database).problem() is None


@pytest.mark.parametrize("needs_database", [True, False])
def test_nobody_is_ready_on_another_schema(tmp_path: Path, *, needs_database: bool) -> None:
    url = f"sqlite:///{tmp_path}/w.db"

    problem = _readiness(url, migrated=False, needs_database=needs_database).problem()

    assert problem is not None
    assert "migrate" in problem


@pytest.mark.parametrize("needs_database", [True, False])
def test_without_a_database_the_indexer_is_ready_and_the_api_is_not(
    tmp_path: Path, *, needs_database: bool
) -> None:
    url = f"sqlite:///{tmp_path}/no/such/folder/w.db"

    problem = _readiness(url, migrated=False, needs_database=needs_database).problem()

    assert problem == ("the database does not answer" if needs_database else None)


def test_what_was_told_to_stop_is_not_ready(tmp_path: Path) -> None:
    stopping = Event()
    settings = DatabaseSettings(f"sqlite:///{tmp_path}/w.db", "", None, PoolSettings())
    database = make_database(settings, "test", lambda _promised: None)
    database.migrate()
    readiness = Readiness(database, stopping, needs_database=True)
    assert readiness.problem() is None

    stopping.set()

    assert readiness.problem() == "stopping"
