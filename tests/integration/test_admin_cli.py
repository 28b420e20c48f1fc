"""`wheelyard-admin` on real parts: what it changes is true, what it refuses is a sentence."""

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.support.distributions import ADistribution
from tests.support.in_process import environment, in_process
from tests.support.servers.postgres import Databases
from tests.support.servers.redis import RedisServer
from tests.support.servers.s3 import Buckets
from tests.support.wheelyard import read_credentials

from wheelyard_api.admin.__main__ import main
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.access import Actor, Anonymous, Person
from wheelyard_core.domain.credentials import Channel, Credentials
from wheelyard_core.domain.work import Task
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.authenticate import authenticate
from wheelyard_core.usecases.sweep import sweep_outbox

pytestmark = pytest.mark.integration

MACHINE = dict(os.environ)  # noqa: TID251  the programs need the machine's PATH
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
        who = authenticate(uow, credentials, registry.settings.pepper, registry.now())
    registry.close()
    return who.actor


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
    killed = subprocess.run(command, env={**MACHINE, **settings, **crash}, check=False, timeout=60)
    assert killed.returncode == -9

    succeeded(run("bootstrap"))

    found = read_credentials(Path(settings["WHEELYARD_CREDENTIALS_FILE"]))
    for secret in (found["WHEELYARD_ADMIN_TOKEN"], found["WHEELYARD_TOKEN"]):
        assert isinstance(acts_as(settings, secret), Person)


def test_credentials_that_are_not_there_are_a_sentence(run: Run) -> None:
    assert "left nothing here" in refused(run("credentials"))


@pytest.mark.usefixtures("migrated")
def test_accounts_are_created_listed_blocked_and_promoted(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("user", "create", "Ada", "--name", "Ada L.", "--email", "ada@example.com"))
    succeeded(run("user", "create", "root", "--admin"))
    secret = succeeded(run("token", "create", "ada")).strip()
    assert isinstance(acts_as(settings, secret), Person)

    succeeded(run("user", "block", "ADA"))
    assert acts_as(settings, secret) == Anonymous("The token's account is blocked")
    [_, ada, root] = rows(succeeded(run("user", "list")))
    assert ada[1:5] == ["Ada", "Ada L.", "ada@example.com", "blocked"]
    assert root[1:5] == ["root", "root", "-", "administrator"]

    succeeded(run("user", "unblock", "ada"))
    succeeded(run("user", "make-admin", "ada"))
    actor = acts_as(settings, secret)
    assert isinstance(actor, Person)
    assert actor.is_admin
    succeeded(run("user", "make-admin", "ada", "--undo"))
    assert len(rows(succeeded(run("user", "list", "--search", "AD")))) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["user", "create", "ADA"], "already been taken"),
        (["user", "create", "a b"], "can contain only"),
        (["user", "create", "b", "--email", "ADA@a.test"], "Email has already been taken"),
        (["user", "create", "b", "--email", "nowhere"], "must look like name@example.com"),
        (["user", "block", "nobody"], "no account nobody"),
        (["token", "create", "nobody"], "no account nobody"),
        (["token", "create", "ada", "--expires-at", "tomorrow"], "expires_at must be"),
        (["token", "create", "ada", "--expires-at", "2020-01-01"], "in the future"),
        (["token", "list", "--user", "nobody"], "no account nobody"),
        (["token", "revoke", "77"], "no token 77"),
        (["outbox", "show", "77"], "No message 77"),
        (["outbox", "replay", "77"], "No message 77"),
        (["outbox", "discard", "77", "--yes"], "No message 77"),
    ],
)
@pytest.mark.usefixtures("migrated")
def test_what_cannot_be_done_is_one_sentence(run: Run, arguments: list[str], said: str) -> None:
    succeeded(run("user", "create", "ada", "--email", "ada@a.test"))

    assert said in refused(run(*arguments))


@pytest.mark.usefixtures("migrated")
def test_a_token_is_printed_alone_and_once_and_revoked_at_once(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("user", "create", "ada"))
    done = run("token", "create", "ada", "--name", "laptop", "--scope", "read_api")
    secret = succeeded(done).strip()
    assert re.fullmatch(r"wyp_\w{49}", secret)
    assert secret not in done.stderr

    listed = succeeded(run("token", "list", "--user", "ada"))
    assert secret not in listed
    [_, shown] = rows(listed)
    assert shown[1:5] == ["personal", "laptop", "ada", "read_api"]
    succeeded(run("token", "revoke", shown[0]))

    assert acts_as(settings, secret) == Anonymous("The token was revoked")
    assert len(rows(succeeded(run("token", "list")))) == 1
    assert rows(succeeded(run("token", "list", "--all")))[1][-1] == "revoked"


def set_aside(settings: dict[str, str], task: Task, **arguments: str | int) -> int:
    registry = make_registry(read_settings(settings), "test")
    with registry.database.begin() as uow:
        uow.outbox.promise(task, **arguments)
        number = uow.outbox.promised[0].message_id
        uow.outbox.set_aside(number, "ValueError: no\ngood")
        uow.outbox.promised.clear()
        uow.commit()
    registry.close()
    return number


@pytest.mark.usefixtures("migrated")
def test_work_that_was_set_aside_is_listed_shown_and_offered_again(
    run: Run, settings: dict[str, str]
) -> None:
    numbers = [set_aside(settings, Task.INDEX, project_id=1, package="demo") for _ in range(3)]

    listed = rows(succeeded(run("outbox", "list")))
    assert listed[:2] == [["waiting", "0"], ["set aside", "3"]]
    assert listed[-1] == [str(numbers[2]), "index", "0", "ValueError: no good"]
    shown = succeeded(run("outbox", "show", str(numbers[0])))
    assert 'arguments   {"project_id": 1, "package": "demo"}' in shown

    assert "Offered 1 message" in succeeded(run("outbox", "replay", str(numbers[0])))
    assert rows(succeeded(run("outbox", "list")))[:2] == [["waiting", "1"], ["set aside", "2"]]
    assert "Offered 2 messages" in succeeded(run("outbox", "replay", "--all"))
    assert succeeded(run("outbox", "list")) == "waiting    3\nset aside  0\n"


@pytest.mark.usefixtures("migrated")
def test_a_discard_wants_to_be_confirmed(run: Run, settings: dict[str, str]) -> None:
    number = str(set_aside(settings, Task.INDEX, project_id=1, package="demo"))

    assert run("outbox", "discard", number, input="n\n").exit_code == 1
    assert len(rows(succeeded(run("outbox", "list")))) > 2
    succeeded(run("outbox", "discard", number, input="y\n"))
    assert succeeded(run("outbox", "list")) == "waiting    0\nset aside  0\n"


def test_a_file_whose_verification_is_discarded_gives_its_name_and_bytes_back(
    run: Run, settings: dict[str, str]
) -> None:
    with in_process(settings | {"WHEELYARD_VERDICT_SECONDS": "0"}) as yard:
        project = yard.seed.project()
        token = yard.seed.developer_token(project)
        with yard.hand.resting() as promised:
            accepted = yard.publish(project.id, ADistribution().wheel(), token)
            assert accepted.status_code == 202
            with yard.registry.database.begin() as uow:
                [waiting] = promised
                uow.outbox.set_aside(waiting.message_id, "ValueError: no good")
                uow.commit()
        succeeded(run("outbox", "discard", str(waiting.message_id), "--yes"))
        status = yard.ask("GET", accepted.headers["Location"], token).get_json()
        assert status["status"] == "rejected"
        assert "upload it again" in status["errors"][0]
        deadline = time.monotonic() + 10
        while list(yard.registry.blobs.keys("files/")) and time.monotonic() < deadline:
            time.sleep(0.1)
            sweep_outbox(yard.registry.database, yard.hand)
        assert list(yard.registry.blobs.keys("files/")) == []
        other = ADistribution().with_payload(b"x = 1\n").wheel()
        assert yard.publish(project.id, other, token).status_code in {201, 202}


def test_nothing_is_done_on_a_schema_of_another_release(run: Run) -> None:
    for arguments in (["user", "list"], ["bootstrap"], ["outbox", "list"], ["token", "list"]):
        assert "run `wheelyard-admin migrate`" in refused(run(*arguments))


def test_a_database_that_is_away_is_one_sentence(run: Run, settings: dict[str, str]) -> None:
    settings["WHEELYARD_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"

    for arguments in (["migrate"], ["user", "list"], ["bootstrap"]):
        assert "The database does not answer" in refused(run(*arguments))


def test_wrong_settings_are_all_named(run: Run, settings: dict[str, str]) -> None:
    settings["WHEELYARD_MAX_FILE_SIZE"] = "huge"
    settings["WHEELYARD_PUBLIC_URL"] = "ftp://example.com"

    done = run("user", "list")

    assert done.exit_code == 2
    assert "WHEELYARD_MAX_FILE_SIZE must be a size" in done.stderr
    assert "WHEELYARD_PUBLIC_URL must be an address" in done.stderr


@pytest.mark.usefixtures("migrated")
def test_check_has_a_line_for_each_part_that_is_well(run: Run) -> None:
    done = run("check")

    assert [line[:2] for line in rows(succeeded(done))] == [
        ["settings", "ok"],
        ["database", "ok"],
        ["schema", "ok"],
        ["broker", "ok"],
        ["cache", "ok"],
        ["object store", "ok"],
    ]


def test_check_says_what_is_wrong_with_each_part(
    run: Run, settings: dict[str, str], start_redis: Callable[..., RedisServer]
) -> None:
    evicting = start_redis(options={"maxmemory-policy": "allkeys-lru"})
    settings |= {
        "WHEELYARD_DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:9/none",
        "WHEELYARD_BROKER_URL": evicting.url,
        "WHEELYARD_CACHE_URL": "redis://:hunter2@127.0.0.1:9/0",
        "WHEELYARD_BLOBS_DIRECTORY": "/proc/none",
    }

    done = run("check")

    assert done.exit_code == 1
    lines = {line[0]: line[1:] for line in rows(done.output)}
    assert lines["settings"][0] == "ok"
    assert {name for name, line in lines.items() if line[0] == "FAILED"} == set(lines) - {
        "settings"
    }
    assert "refused" in lines["database"][1]
    assert "allkeys-lru" in lines["broker"][1]
    assert "set it to noeviction" in lines["broker"][1]
    assert "does not answer" in lines["cache"][1]
    assert "hunter2" not in done.output


def test_check_tells_a_schema_that_is_behind(run: Run) -> None:
    done = run("check")

    assert done.exit_code == 1
    assert "wheelyard-admin migrate" in dict(line[::2] for line in rows(done.output))["schema"]


def test_check_reports_settings_that_are_wrong(run: Run, settings: dict[str, str]) -> None:
    del settings["WHEELYARD_TOKEN_PEPPER"]
    settings["WHEELYARD_TOKEN_PEPPER"] = ""
    settings["WHEELYARD_THREADS"] = "many"

    done = run("check")

    assert done.exit_code == 1
    assert "WHEELYARD_THREADS must be a whole number" in done.output


@pytest.mark.usefixtures("migrated")
def test_check_ends_although_a_server_is_frozen(run: Run, redis_server: RedisServer) -> None:
    redis_server.freeze()
    began = time.monotonic()
    try:
        done = run("check")
    finally:
        redis_server.thaw()

    assert done.exit_code == 1
    assert time.monotonic() - began < 10
    assert rows(done.output)[3][:2] == ["broker", "FAILED"]


def test_check_on_postgresql_and_an_object_store(
    run: Run, settings: dict[str, str], postgres: Databases, minio: Buckets
) -> None:
    bucket = minio.fresh_bucket()
    settings["WHEELYARD_BLOBS_DIRECTORY"] = ""
    settings |= {
        "WHEELYARD_DATABASE_URL": postgres.fresh_database(),
        "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
        "WHEELYARD_S3_BUCKET": bucket.bucket,
        "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
        "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
    }
    succeeded(run("migrate"))
    succeeded(run("make-bucket"))
    succeeded(run("check"))
    succeeded(run("user", "create", "ada"))

    settings["WHEELYARD_S3_SECRET_KEY"] = "another secret key"
    done = run("check")

    assert done.exit_code == 1
    assert rows(done.output)[-1][1] == "FAILED"
    assert "another secret key" not in done.output


def test_the_program_ends_with_the_sentence_on_standard_error(settings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "wheelyard_api.admin", "user", "list"]

    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: The database's schema is not that of this release")
