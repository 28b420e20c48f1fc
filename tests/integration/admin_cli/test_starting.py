"""A new registry gets its schema and its first credentials, once."""

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import create_engine, text
from tests.integration.admin_cli.conftest import Run, acts_as, refused, succeeded
from tests.support.inherited import inherited
from tests.support.wheelyard import read_credentials

from wheelyard_core.adapters.db.schema import known_revisions
from wheelyard_core.domain.access import Person

pytestmark = pytest.mark.integration


@pytest.fixture
def later_schema(each_migrated: None, settings: dict[str, str]) -> Callable[[str], None]:  # noqa: ARG001  what it changes
    """Have a later release migrate the database; it says how old code may be."""

    def migrate_later(oldest_code: str) -> None:
        engine = create_engine(settings["WHEELYARD_DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(
                text("UPDATE schema_compat SET oldest_code = :code"), {"code": oldest_code}
            )
        engine.dispose()

    return migrate_later


def test_a_new_registry_gets_its_schema_and_its_first_credentials(
    run: Run, settings: dict[str, str]
) -> None:
    assert succeeded(run("migrate")) == "The schema is up to date.\n"
    assert succeeded(run("migrate")) == "The schema is up to date.\n"

    assert "Created demo/first" in succeeded(run("bootstrap"))

    file = Path(settings["WHEELYARD_CREDENTIALS_FILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert succeeded(run("credentials")) == file.read_text()
    found = read_credentials(file)
    assert found["WHEELYARD_URL"] == "http://yard.example"
    admin = acts_as(settings, found["WHEELYARD_ADMIN_TOKEN"])
    assert isinstance(admin, Person)
    assert admin.is_admin


@pytest.mark.usefixtures("migrated")
def test_a_second_bootstrap_changes_nothing(run: Run, settings: dict[str, str]) -> None:
    succeeded(run("bootstrap"))
    before = Path(settings["WHEELYARD_CREDENTIALS_FILE"]).read_text()

    assert "nothing was changed" in succeeded(run("bootstrap"))

    assert succeeded(run("credentials")) == before
    assert [
        file.name for file in Path(settings["WHEELYARD_CREDENTIALS_FILE"]).parent.iterdir()
    ] == ["credentials.env"]


@pytest.mark.usefixtures("migrated")
def test_a_bootstrap_that_cannot_write_its_file_creates_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    refused(run("bootstrap", "--credentials-file", str(tmp_path / "file" / "credentials.env")))

    assert "Created" in succeeded(run("bootstrap"))


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("point", ["credentials-kept", "first-run-committed"])
def test_a_bootstrap_that_was_killed_costs_nobody_their_credentials(
    point: str, run: Run, settings: dict[str, str], tmp_path: Path
) -> None:
    crash = {
        "WHEELYARD_TEST_CRASH_AT": point,
        "WHEELYARD_TEST_CRASH_MARKER": str(tmp_path / "crash"),
    }
    command = [sys.executable, "-m", "wheelyard_api.admin", "bootstrap"]
    killed = subprocess.run(command, env=inherited(**settings, **crash), check=False, timeout=60)
    assert killed.returncode == -9

    succeeded(run("bootstrap"))

    found = read_credentials(Path(settings["WHEELYARD_CREDENTIALS_FILE"]))
    for secret in (found["WHEELYARD_ADMIN_TOKEN"], found["WHEELYARD_TOKEN"]):
        assert isinstance(acts_as(settings, secret), Person)


def test_credentials_that_are_not_there_are_a_sentence(run: Run) -> None:
    assert "left nothing here" in refused(run("credentials"))


def test_pods_wait_for_a_schema_and_no_longer_than_they_were_told(run: Run) -> None:
    assert "older than this release" in refused(run("wait-for-schema", "--seconds", "0"))

    succeeded(run("migrate"))

    assert "fits" in succeeded(run("wait-for-schema", "--seconds", "0"))


def test_a_schema_of_a_later_release_is_neither_waited_for_nor_changed(
    run: Run, later_schema: Callable[[str], None]
) -> None:
    later_schema(known_revisions()[0])

    assert "fits" in succeeded(run("wait-for-schema", "--seconds", "0"))
    assert succeeded(run("migrate")) == (
        "The schema is a later release's, on which this one runs; it stays as it is.\n"
    )
    assert "Created" in succeeded(run("bootstrap"))


def test_a_schema_that_a_release_is_too_old_for_is_told_by_each_command(
    run: Run, later_schema: Callable[[str], None]
) -> None:
    later_schema("9999")

    # Nothing that comes later would help it: it does not wait.
    for arguments in (["migrate"], ["wait-for-schema"], ["bootstrap"], ["user", "list"]):
        assert "a later release's, 9999, and this one is too old" in refused(run(*arguments))
    assert "this one is too old" in run("check").stdout


def test_a_database_that_comes_later_is_waited_for(
    run: Run, settings: dict[str, str], tmp_path: Path
) -> None:
    settings["WHEELYARD_DATABASE_URL"] = f"sqlite:///{tmp_path}/later/wheelyard.db"
    refused(run("migrate"))
    Timer(0.3, (tmp_path / "later").mkdir).start()

    done = run("migrate", "--wait", "60")

    assert "up to date" in succeeded(done)
    assert "Waiting, for The database does not answer" in done.stderr
