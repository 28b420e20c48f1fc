"""What the measurements need: bare nginx, wrk, and the memory of a tree of processes."""

import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.support import processes
from tests.support.processes import family
from tests.support.servers.running import free_port
from tests.support.wheelyard import Process

_NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""

_TOLD_BY_WRK = re.compile(
    r"(\d+) requests in .*Requests/sec:\s+([\d.]+)\s+Transfer/sec:\s+([\d.]+)([KMG]?B)", re.DOTALL
)
# As wrk has them: a binary thousand.
_MEGABYTES = {"B": 1e-6, "KB": 1.024e-3, "MB": 1.048576, "GB": 1073.741824}


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx."""

    address: str
    pid: int


@contextmanager
def bare_nginx(folder: Path, contents: dict[str, bytes]) -> Iterator[Nginx]:
    """Serve *contents* as static files."""
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(user=user, folder=folder, port=port))
    command = ["nginx", "-p", str(folder), "-c", str(configuration)]
    machine = dict(os.environ)  # noqa: TID251  nginx is found on the machine's PATH
    process = Process("nginx", command, machine, folder / "log").start()
    try:
        _wait(f"http://127.0.0.1:{port}/{next(iter(contents))}")
        yield Nginx(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.stop()


def _wait(address: str) -> None:
    for _ in range(100):
        with suppress(OSError), urlopen(address, timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing answers at {address}")


@dataclass(frozen=True, slots=True)
class Rate:
    """What a server gave in a second, and how many answers those were altogether."""

    requests: float
    megabytes: float
    answers: int


def load(address: str, connections: int, seconds: int, headers: dict[str, str]) -> Rate:
    """Return what wrk counts; any answer but a good one is an error."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, address], check=True, capture_output=True, text=True, timeout=seconds + 60
    ).stdout
    assert "Non-2xx" not in done, done
    found = _TOLD_BY_WRK.search(done)
    assert found is not None, done
    answers, requests, transfer, unit = found.groups()
    return Rate(float(requests), float(transfer) * _MEGABYTES[unit], int(answers))


@dataclass(frozen=True, slots=True)
class Memory:
    """A process, and what it holds and held at most, in MiB."""

    name: str
    resident: int
    peak: int


def processor_seconds(roots: Iterable[int]) -> float:
    """Return what these processes and all below them have used of the processor."""
    return sum(_processor(pid) for root in roots for pid in family(root))


def _processor(pid: int) -> float:
    with suppress(OSError):
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def memory_of(roots: Iterable[int]) -> list[Memory]:
    """Return the memory of these processes and of all below them."""
    wanted = sorted({pid for root in roots for pid in family(root)})
    return [found for pid in wanted if (found := _memory(pid)) is not None]


def _memory(pid: int) -> Memory | None:
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().strip("\0").split("\0")
        # A part of `make run` has a name of its own; another Python is what it was told to run.
        shown = processes.name(pid)
        if shown.startswith("python"):
            shown = " ".join(command[2:5])
        return Memory(shown, _mebibytes(status, "VmRSS"), _mebibytes(status, "VmHWM"))
    return None


def _mebibytes(status: str, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) >> 10 if found else 0
