"""twine, pip, uv and setuptools as people run them, each with a home of its own.

No configuration of the machine's user reaches them, and no cache is shared.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.inherited import inherited

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ran to its end; `output` is what it printed, errors too."""

    command: str
    code: int
    output: str

    def succeeded(self) -> "Finished":
        assert self.code == 0, f"{self.command}\nended with {self.code}:\n{self.output}"
        return self

    def failed(self) -> "Finished":
        assert self.code != 0, f"{self.command}\nended well:\n{self.output}"
        return self


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a keyboard: a home folder, and the clients in it."""

    home: Path
    default_index: str

    def run(
        self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Finished:
        words = [str(word) for word in command]
        done = subprocess.run(
            words,
            cwd=cwd or self.home,
            env={**self._environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        return Finished(" ".join(words), done.returncode, done.stdout.decode(errors="replace"))

    def twine(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Finished:
        options = ("--disable-progress-bar", "--non-interactive")
        command, *rest = arguments
        return self.run(sys.executable, "-m", "twine", command, *options, *rest, env=env)

    def pip(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Finished:
        return self.run(sys.executable, "-m", "pip", *arguments, env=env)

    def uv(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Finished:
        return self.run(Path(sysconfig.get_path("scripts")) / "uv", *arguments, env=env)

    def build(self, folder: Path) -> list[Path]:
        """Run `python setup.py sdist bdist_wheel`; return what is in dist/, the sdist first."""
        command = (sys.executable, "setup.py", "-q", "sdist", "bdist_wheel")
        self.run(*command, cwd=folder).succeeded()
        return sorted((folder / "dist").iterdir(), key=lambda file: file.suffix != ".gz")

    def environment(self, name: str = "venv") -> "Environment":
        """Make a fresh virtual environment without anything in it."""
        folder = self.home / name
        self.run(sys.executable, "-m", "venv", "--without-pip", folder).succeeded()
        return Environment(self, folder)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": inherited()["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INPUT": "1",
            "PIP_INDEX_URL": self.default_index,
            "PIP_RETRIES": "0",
            "UV_NO_CONFIG": "1",
            # Not UV_DEFAULT_INDEX, which would win over the --index-url that is typed.
            "UV_INDEX_URL": self.default_index,
            "UV_CACHE_DIR": str(self.home / "uv-cache"),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_KEYRING_PROVIDER": "disabled",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            # `python setup.py` is what people type, and deprecated.
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
            # twine wraps what it prints at the terminal's width.
            "COLUMNS": "1000",
        }


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that packages are installed into."""

    person: Person
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def pip(self, *arguments: str | Path) -> Finished:
        """Run pip for this environment, which needs no pip of its own."""
        return self.person.pip("--python", self.python, *arguments)

    def uv_pip(self, command: str, *arguments: str | Path) -> Finished:
        return self.person.uv("pip", command, "--python", self.python, *arguments)

    def says(self, code: str) -> str:
        """Return what a program prints in this environment."""
        return self.person.run(self.python, "-c", code).succeeded().output.strip()


MY_PYPI_PACKAGE = {
    "setup.py": """\
import setuptools

setuptools.setup(
    name="mypypipackage",
    version="{version}",
    author="Example Author",
    author_email="author@example.com",
    description="A small example package",
    packages=setuptools.find_packages(),
    python_requires=">=3.6",
)
""",
    "mypypipackage/__init__.py": "",
    "mypypipackage/greet.py": """\
def SayHello():
    return "{greeting}"
""",
}


def my_pypi_package(folder: Path, *, version: str = "0.0.1", greeting: str = "Hello") -> Path:
    """Write the sources of the tutorial's package; return their folder."""
    for name, text in MY_PYPI_PACKAGE.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(version=version, greeting=greeting))
    return folder
