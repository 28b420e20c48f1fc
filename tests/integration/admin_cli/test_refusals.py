"""Whatever goes wrong in `wheelyard-admin` is one sentence, without SQL and without secrets."""

import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from sqlalchemy import Connection, create_engine, text
from tests.integration.admin_cli.conftest import Run, refused, rows, succeeded
from tests.support.servers.postgres import Databases

pytestmark = pytest.mark.integration

LONG = "x" * 300
# What an argument that is not UTF-8 is to the program.
BROKEN = "a\udcff"
URL = "'--url': it must be an address that begins with http:// or https://"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["user", "create", "b", "--name", LONG], "name is too long (maximum is 255 characters)"),
        (["user", "create", "b", "--name", BROKEN], "name is invalid"),
        (["user", "create", "b", "--name", " "], "name can't be blank"),
        (["user", "create", BROKEN], "username is invalid"),
        (["user", "create", "b", "--email", f"{BROKEN}@example.com"], "email is invalid"),
        (["user", "list", "--search", BROKEN], "search is invalid"),
        (["user", "block", BROKEN], "username is invalid"),
        (["token", "create", "ada", "--name", LONG], "name is too long"),
        (["token", "create", "ada", "--name", BROKEN], "name is invalid"),
        (["token", "create", "ada", "--name", ""], "name can't be blank"),
        (["token", "list", "--user", BROKEN], "username is invalid"),
        (["maintenance", "set", "open", "--reason", BROKEN], "reason is invalid"),
        (["maintenance", "set", "open", "--reason", "x" * 1001], "reason is too long"),
        (["repair", __file__], "Nothing was mended"),
    ],
)
@pytest.mark.usefixtures("migrated")
def test_what_no_registry_can_take_is_one_sentence(
    run: Run, arguments: list[str], said: str
) -> None:
    succeeded(run("user", "create", "ada"))

    assert said in refused(run(*arguments))

    assert len(rows(succeeded(run("user", "list")))) == 2
    assert len(rows(succeeded(run("token", "list", "--all")))) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "note", "database", "--bytes", "9" * 23], "is not in the range"),
        (["smoke", "--url", "nonsense"], URL),
        (["smoke", "--url", "http://[bad"], URL),
        (["smoke", "--url", "http://h:abc"], URL),
        (["restore", "bucket", "/no-such-backup"], "'/no-such-backup' does not exist"),
    ],
)
@pytest.mark.usefixtures("migrated")
def test_an_argument_that_cannot_be_is_told_with_its_name(
    run: Run, arguments: list[str], said: str
) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert said in done.stderr


class NoRegistry(BaseHTTPRequestHandler):
    """Answers everything, by a page."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    do_POST = do_GET  # noqa: N815  its name is the library's

    def log_message(self, *_: object) -> None: ...


@pytest.mark.usefixtures("migrated")
def test_something_else_at_the_address_of_a_registry_is_told(run: Run) -> None:
    with HTTPServer(("127.0.0.1", 0), NoRegistry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        done = run("smoke", "--url", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

    assert done.exit_code == 1
    assert "Error: It no longer lists: " in done.stderr


@pytest.fixture
def owner(postgres: Databases) -> Iterator[Connection]:
    """A connection of who may do everything in a new database."""
    engine = create_engine(postgres.fresh_database(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def role(owner: Connection, settings: dict[str, str]) -> Iterator[str]:
    """A role that may connect to it, and nothing else; the registry is told to use it."""
    name = f"role_{uuid.uuid4().hex}"
    owner.execute(text(f"CREATE ROLE {name} LOGIN"))
    url = owner.engine.url
    settings["WHEELYARD_DATABASE_URL"] = url.set(username=name).render_as_string(
        hide_password=False
    )
    yield name
    owner.execute(text(f"DROP OWNED BY {name}"))
    owner.execute(text(f"DROP ROLE {name}"))


def test_a_role_that_may_not_migrate_is_told_so(run: Run, role: str) -> None:
    said = refused(run("migrate"))

    assert "The database refuses what it was asked: permission denied for schema public" in said
    assert role not in said


def test_a_role_that_may_not_read_is_told_so(
    run: Run, role: str, owner: Connection, settings: dict[str, str]
) -> None:
    limited = settings["WHEELYARD_DATABASE_URL"]
    settings["WHEELYARD_DATABASE_URL"] = owner.engine.url.render_as_string(hide_password=False)
    succeeded(run("migrate"))
    settings["WHEELYARD_DATABASE_URL"] = limited
    owner.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))

    for arguments in (
        ["user", "list"],
        ["maintenance", "show"],
        ["wait-for-schema", "--seconds=0"],
    ):
        assert "permission denied for table alembic_version" in refused(run(*arguments))

    owner.execute(text(f"GRANT SELECT ON alembic_version, schema_compat TO {role}"))
    for arguments, table in ((["user", "list"], "users"), (["maintenance", "show"], "operation")):
        assert f"permission denied for table {table}" in refused(run(*arguments))


def test_what_the_database_refuses_tells_neither_sql_nor_secrets(
    run: Run, owner: Connection, settings: dict[str, str]
) -> None:
    settings["WHEELYARD_DATABASE_URL"] = owner.engine.url.render_as_string(hide_password=False)
    succeeded(run("migrate"))
    succeeded(run("user", "create", "ada"))
    owner.execute(text("ALTER TABLE tokens RENAME COLUMN digest TO another"))

    said = refused(run("token", "create", "ada"))

    assert "column" in said
    for hidden in ("INSERT", "LINE", "parameters", "lookup"):
        assert hidden not in said
