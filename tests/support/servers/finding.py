"""Where a server comes from: the ways are tried in order, and remembered for the report."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

_DOCKER_ANSWERS_IN = 10
_PULL_TAKES_UP_TO = 180
_BUILD_TAKES_UP_TO = 1200

Found = TypeVar("Found")


class Missing(Exception):
    """A server that cannot be had here, and all the places where it was looked for."""

    def __init__(self, server: str, looked_for: Iterable[str]) -> None:
        super().__init__(f"no {server} (looked for: {'; '.join(looked_for)})")


@dataclass(frozen=True)
class Way(Generic[Found]):
    """One place to look: its words for the report, and the look itself."""

    words: str
    attempt: Callable[[], Found | None]


@dataclass(frozen=True)
class Program:
    """An executable of this machine."""

    path: Path


@dataclass(frozen=True)
class Image:
    """A container image, and the docker client that runs it."""

    docker: Path
    name: str


@dataclass(frozen=True)
class Address:
    """A server that someone else runs for us."""

    url: str


Source = Program | Image | Address


def find(server: str, ways: Iterable[Way[Found]]) -> Found:
    """Return what the first way that leads somewhere gives, or raise Missing."""
    looked_for = []
    for way in ways:
        found = way.attempt()
        if found is not None:
            return found
        looked_for.append(way.words)
    raise Missing(server, looked_for)


@dataclass(frozen=True)
class Machine:
    """What this machine has. Tests of the order pass one that they made up."""

    environ: Mapping[str, str]
    repository: Path

    @property
    def requires_all(self) -> bool:
        """Whether a missing server is a failure."""
        return self.environ.get("WHEELYARD_TEST_REQUIRE") == "all"

    def address(self, variable: str) -> Way[Source]:
        """Look into the environment."""

        def attempt() -> Source | None:
            url = self.environ.get(variable)
            return Address(url) if url else None

        return Way(f"${variable}", attempt)

    def program(self, name: str, *folders: Path) -> Way[Source]:
        """Look on the PATH, then in *folders*."""

        def attempt() -> Source | None:
            path = os.pathsep.join([self.environ.get("PATH", ""), *map(str, folders)])
            found = shutil.which(name, path=path)
            return Program(Path(found)) if found else None

        return Way(" or in ".join([f"{name} on PATH", *map(str, folders)]), attempt)

    def wheel(self, package: str, program: str) -> Way[Source]:
        """Look into an installed package, without importing it."""

        def attempt() -> Source | None:
            spec = importlib.util.find_spec(package)
            for folder in (spec and spec.submodule_search_locations) or []:
                path = Path(folder) / program
                if os.access(path, os.X_OK):
                    return Program(path)
            return None

        return Way(f"the wheel {package}", attempt)

    def image(self, name: str) -> Way[Source]:
        """Ask a docker engine, which may have to fetch the image first."""

        def attempt() -> Source | None:
            docker = shutil.which("docker", path=self.environ.get("PATH", ""))
            if docker is None or not _succeeds(_DOCKER_ANSWERS_IN, docker, "version"):
                return None
            here = _succeeds(_DOCKER_ANSWERS_IN, docker, "image", "inspect", name)
            if here or _succeeds(_PULL_TAKES_UP_TO, docker, "pull", "--quiet", name):
                return Image(Path(docker), name)
            return None

        return Way(f"docker with {name}", attempt)

    def build(self, name: str) -> Way[Source]:
        """Build it from its Go module, if that was asked for: it takes minutes."""
        wanted = self.environ.get("WHEELYARD_TEST_BUILD") == "1" or self.requires_all

        def attempt() -> Source | None:
            go = shutil.which("go", path=self.environ.get("PATH", ""))
            if not wanted or go is None:
                return None
            script = self.repository / "scripts" / "build-server"
            if not _succeeds(_BUILD_TAKES_UP_TO, str(script), name):
                return None
            return Program(self.cache / name)

        return Way(f"scripts/build-server {name} with Go and $WHEELYARD_TEST_BUILD=1", attempt)

    @property
    def cache(self) -> Path:
        """Where our own builds are kept."""
        return self._home / ".cache" / "wheelyard" / "bin"

    @property
    def go_folders(self) -> tuple[Path, ...]:
        """Where builds of Go servers may be: our own, and the lab's."""
        lab = self.environ.get("LAB_BIN") or str(self._home / ".cache" / "lab" / "bin")
        return self.cache, Path(lab)

    @property
    def _home(self) -> Path:
        return Path(self.environ.get("HOME", "/nonexistent"))


def _succeeds(seconds: float, *command: str) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
