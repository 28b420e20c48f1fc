"""Clients in environments of their own, made once from their hashed locks and kept between runs."""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers.finding import Missing

ROOT = Path(__file__).parents[3]
LOCKS = ROOT / "requirements" / "clients"
_MADE_WITHIN = 300
# Python 3.12 took away what pip 21 imports.
_PYTHONS = {"pip-21": "<3.12"}


@dataclass(frozen=True, slots=True)
class Environments:
    """Below *folder*, a virtual environment for each client and each state of its lock."""

    folder: Path

    def programs(self, client: str) -> Path:
        """Return the folder with the client's programs, made now unless it is there."""
        lock = LOCKS / f"{client}.lock"
        digest = hashlib.sha256(sys.version.encode() + lock.read_bytes()).hexdigest()[:8]
        environment = self.folder / f"{client}-{digest}"
        self.folder.mkdir(parents=True, exist_ok=True)
        with _alone(self.folder / f"{client}.lock"):
            if not (environment / "complete").exists():
                _make(environment, lock)
        return environment / "bin"


def version_of(client: str, package: str) -> str:
    """Return the version of a package that a client's lock pins."""
    text = (LOCKS / f"{client}.lock").read_text()
    (version,) = re.findall(rf"^{re.escape(package)}==([^\s;\\]+)", text, re.MULTILINE)
    return str(version)


def kept_between_runs(environ: Mapping[str, str]) -> Environments:
    """Return the environments below the user's cache folder."""
    home = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Environments(home / "wheelyard-tests" / "clients")


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep the other processes of a parallel run out."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(environment: Path, lock: Path) -> None:
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    python = _PYTHONS.get(lock.stem, sys.executable)
    _run(lock.stem, uv, "venv", "--clear", "--python", python, environment)
    install = ("pip", "install", "--python", environment / "bin" / "python")
    _run(lock.stem, uv, *install, "--require-hashes", "-r", lock)
    (environment / "complete").touch()


def _run(client: str, *command: str | Path) -> None:
    words = [str(word) for word in command]
    # The machine's own way to its packages, unlike the clients under test.
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}  # noqa: TID251  as above
    done = subprocess.run(
        words, env=environ, capture_output=True, text=True, timeout=_MADE_WITHIN, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise Missing(f"client {client}", [f"`uv {words[1]}` said: {said[-1]}"])
