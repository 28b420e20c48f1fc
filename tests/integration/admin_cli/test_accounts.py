"""Accounts and tokens by `wheelyard-admin`, and how it refuses."""

import re
import subprocess
import sys

import pytest
from tests.integration.admin_cli.conftest import Run, acts_as, recorded, refused, rows, succeeded

from wheelyard_core.domain.access import Anonymous, Person

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("migrated")
def test_accounts_are_created_listed_blocked_and_promoted(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("user", "create", "Ada", "--name", "Ada L.", "--email", "ada@example.com"))
    succeeded(run("user", "create", "root", "--admin"))
    secret = succeeded(run("token", "create", "ada")).strip()
    assert isinstance(acts_as(settings, secret), Person)

    succeeded(run("user", "block", "ADA"))
    assert acts_as(settings, secret) == Anonymous(
        "The token's account is blocked: ask an administrator"
    )
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

    assert acts_as(settings, secret) == Anonymous("The token was revoked: use another one")
    assert len(rows(succeeded(run("token", "list")))) == 1
    assert rows(succeeded(run("token", "list", "--all")))[1][-1] == "revoked"


@pytest.mark.usefixtures("migrated")
def test_what_the_command_does_is_recorded_as_its_own_act(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("user", "create", "ada", "--admin"))
    secret = succeeded(run("token", "create", "ada")).strip()
    succeeded(run("user", "block", "ada"))
    succeeded(run("user", "unblock", "ada"))
    succeeded(run("user", "make-admin", "ada", "--undo"))
    succeeded(run("token", "revoke", "1"))

    events = recorded(settings)

    assert [one.event.action.value for one in events] == [
        "user_created",
        "token_created",
        "user_blocked",
        "user_unblocked",
        "user_changed",
        "token_revoked",
    ]
    assert {one.event.agent.name for one in events} == {"wheelyard-admin"}
    assert {one.user_id for one in events} == {1}
    assert secret not in str(events)


@pytest.mark.usefixtures("migrated")
def test_a_first_start_records_what_it_makes_and_no_secret(
    run: Run, settings: dict[str, str]
) -> None:
    succeeded(run("bootstrap"))

    events = recorded(settings)

    made = sorted(one.event.action.value for one in events)
    assert made == ["group_created", "project_created", *["token_created"] * 2] + (
        ["user_created"] * 2
    )
    for line in succeeded(run("credentials")).splitlines():
        name, _, value = line.partition("=")
        assert not name.endswith("TOKEN") or value not in str(events)


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


def test_the_program_ends_with_the_sentence_on_standard_error(settings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "wheelyard_api.admin", "user", "list"]

    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: The database's schema is not that of this release")
