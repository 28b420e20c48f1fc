"""The schema: made, unmade and made again, by one or by many at once, and what the models say."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, inspect, text
from tests.support.servers.postgres import Databases

from wheelyard_core.adapters.db.engine import PoolSettings, make_engine
from wheelyard_core.adapters.db.migrate import alembic_config, migrate
from wheelyard_core.adapters.db.models import Base
from wheelyard_core.adapters.db.schema import Fit, is_compatible, known_revisions
from wheelyard_core.adapters.db.unit_of_work import SqlDatabase
from wheelyard_core.domain.work import Task
from wheelyard_core.ports import SchemaTooLate

pytestmark = pytest.mark.integration

# A process that migrates what it is given, when it is told.
MIGRATE = """
import sys
from wheelyard_core.adapters.db.engine import PoolSettings, make_engine
from wheelyard_core.adapters.db.migrate import migrate
engine = make_engine(sys.argv[1], PoolSettings(), "test")
sys.stdin.readline()
migrate(engine)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/wheelyard.db"
    databases: Databases = request.getfixturevalue("postgres")
    return databases.fresh_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url, PoolSettings(), "test")
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def fill(engine: Engine) -> None:
    """Write rows that hang on one another."""
    database = SqlDatabase(engine, lambda _promised: None)
    with database.begin() as uow:
        user = uow.accounts.add_user("ada", "Ada")
        group = uow.accounts.add_group("team", "Team")
        uow.accounts.add_project("yard", "Yard", group)
        uow.outbox.promise(Task.DISCARD, blob_key="k")
        uow.commit()
    assert user


def test_the_files_of_the_migrations_are_named_by_their_revisions(engine: Engine) -> None:
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    assert known_revisions() == [script.revision for script in scripts.walk_revisions()]


def test_a_fresh_database_gets_every_table(engine: Engine) -> None:
    assert not is_compatible(engine)
    migrate(engine)
    assert tables(engine) == set(Base.metadata.tables)
    assert is_compatible(engine)


def test_migrations_and_models_say_the_same(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        # Raises when a migration is missing; it says which.
        command.check(alembic_config(connection))


def test_up_and_down_and_up_again_with_rows(engine: Engine) -> None:
    migrate(engine)
    fill(engine)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
    assert tables(engine) == set()
    assert not is_compatible(engine)
    migrate(engine)
    assert tables(engine) == set(Base.metadata.tables)
    fill(engine)


def test_migrating_again_changes_nothing_and_loses_nothing(engine: Engine) -> None:
    migrate(engine)
    fill(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM projects")).scalar_one() == 1


def test_on_sqlite_nobody_migrates_between_two_revisions_of_another(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/wheelyard.db"
    slow = make_engine(url, PoolSettings(), "test")

    @event.listens_for(slow, "commit")
    def have_another_migrate(connection: Connection) -> None:
        connection.exec_driver_sql("COMMIT")
        subprocess.run([sys.executable, "-c", MIGRATE, url], input=b"go\n", check=True, timeout=60)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    migrate(slow)

    assert is_compatible(slow)
    slow.dispose()


def test_several_processes_migrate_at_once_and_all_succeed(
    database_url: str, engine: Engine
) -> None:
    command_line = [sys.executable, "-c", MIGRATE, database_url]
    running = [
        subprocess.Popen(command_line, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1].decode() for process in running]

    assert [process.returncode for process in running] == [0] * 4, said
    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
        assert list(versions) == [known_revisions()[0]]
    assert tables(engine) == set(Base.metadata.tables)


def test_a_connection_that_migrated_has_its_limits_again(postgres: Databases) -> None:
    engine = make_engine(postgres.fresh_database(), PoolSettings(), "test")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "15s"
    engine.dispose()


def test_a_schema_newer_than_this_code_is_compatible_and_left_as_it_is(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert is_compatible(engine)

    assert migrate(engine) is Fit.LATER

    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
        assert list(versions) == ["9999"]


def test_code_that_is_older_than_a_schema_allows_is_not_compatible(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_compat SET oldest_code = '9998'"))
    assert not is_compatible(engine)
    with pytest.raises(SchemaTooLate, match="9999"):
        migrate(engine)

    with engine.begin() as connection:
        connection.execute(
            text("UPDATE schema_compat SET oldest_code = :head"), {"head": known_revisions()[0]}
        )
    assert is_compatible(engine)
