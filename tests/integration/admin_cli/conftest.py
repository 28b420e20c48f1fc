"""`wheelyard-admin` on real parts, as on a machine with these settings."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.support.in_process import environment
from tests.support.servers.postgres import Databases
from tests.support.servers.redis import RedisServer

from wheelyard_api.admin.__main__ import main
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.administration import Stretch
from wheelyard_core.domain.audit import AuditFilter, RecordedEvent
from wheelyard_core.domain.credentials import Channel, Credentials
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.authenticate import authenticate

Run = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path, redis_server: RedisServer) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/wheelyard.db"
    file = str(tmp_path / "kept" / "credentials.env")
    return environment(tmp_path, url, redis_server.url) | {"WHEELYARD_CREDENTIALS_FILE": file}


@pytest.fixture
def run(settings: dict[str, str]) -> Run:
    """Run the command as on a machine with these settings; it must end by itself."""

    def run(*arguments: str, **options: Any) -> Result:
        done = CliRunner().invoke(main, arguments, env=settings, **options)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        assert "Traceback" not in done.output
        return done

    return run


@pytest.fixture
def migrated(run: Run) -> None:
    succeeded(run("migrate"))


@pytest.fixture(params=["sqlite", "postgresql"])
def each_migrated(request: pytest.FixtureRequest, run: Run, settings: dict[str, str]) -> None:
    """A database of each kind, with our tables."""
    if request.param == "postgresql":
        databases: Databases = request.getfixturevalue("postgres")
        settings["WHEELYARD_DATABASE_URL"] = databases.fresh_database()
    succeeded(run("migrate"))


def succeeded(done: Result) -> str:
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(done: Result) -> str:
    assert done.exit_code == 1, done.output
    line = done.stderr.strip()
    assert re.fullmatch(r"Error: \S.*[^.]\.", line), line
    return line


def rows(text: str) -> list[list[str]]:
    return [re.split(r" {2,}", line) for line in text.splitlines()]


def acts_as(settings: dict[str, str], secret: str) -> Actor:
    registry = make_registry(read_settings(settings), "test")
    with registry.database.snapshot() as uow:
        credentials = Credentials(Channel.BEARER, secret)
        who = authenticate(uow, credentials, registry.peppers(), registry.now())
    registry.close()
    return who.actor


def recorded(settings: dict[str, str]) -> list[RecordedEvent]:
    """Return every audit event, the first first."""
    registry = make_registry(read_settings(settings), "test")
    with registry.database.snapshot() as uow:
        listed = uow.audit_trail.listed(AuditFilter(), Stretch(100, order_by="id"))
    registry.close()
    return list(listed.items)
