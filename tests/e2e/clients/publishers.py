"""The clients that publish, each as its own documentation has people type it."""

from collections.abc import Callable
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Client
from tests.support.clients import Finished
from tests.support.distributions import ADistribution


def lay_out_dist(folder: Path, distribution: ADistribution) -> None:
    """Leave what a build leaves: dist/, and the project that it came from."""
    (folder / "dist").mkdir(exist_ok=True)
    for built in (distribution.wheel(), distribution.sdist()):
        (folder / "dist" / built.filename).write_bytes(built.content)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{distribution.name}"\nversion = "{distribution.version}"\n'
    )


def lay_out_sources(folder: Path, distribution: ADistribution) -> None:
    """Leave sources that flit builds before it publishes, there is no way around."""
    entry_points = ConfigParser(delimiters=["="])
    entry_points.read_string(distribution.entry_points or "[console_scripts]\n")
    scripts = "".join(
        f'"{name}" = "{target}"\n' for name, target in entry_points["console_scripts"].items()
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        f'[project]\nname = "{distribution.name}"\nversion = "{distribution.version}"\n'
        f'description = "A demonstration"\nrequires-python = ">=3.8"\n[project.scripts]\n{scripts}'
    )
    for path, content in distribution.wheel_members():
        if path.endswith(".py"):
            (folder / path).write_bytes(content)


class Publish(Protocol):
    """Publishes what is laid out, with options that a person adds."""

    def __call__(self, desk: Desk, *options: str) -> Finished: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher(Client):
    """Publishes what is laid out in a desk's folder."""

    publish: Publish
    lay_out: Callable[[Path, ADistribution], None] = lay_out_dist
    metadata_version: str = "2.4"
    """The newest that it knows."""
    also_asks: str = ""
    """What it asks for before it uploads, below the address for uploads; nothing is there."""

    def has(self, desk: Desk, distribution: ADistribution) -> None:
        """Lay a distribution out in the desk's folder."""
        self.lay_out(desk.folder, distribution.of_metadata_version(self.metadata_version))


def _files(desk: Desk) -> list[Path]:
    return sorted((desk.folder / "dist").iterdir())


def _twine(desk: Desk, *options: str) -> Finished:
    quiet = ("--disable-progress-bar", "--non-interactive")
    who = {"TWINE_USERNAME": desk.username, "TWINE_PASSWORD": desk.secret}
    where = ("--repository-url", desk.upload_url)
    return desk.run("twine", "upload", *quiet, *where, *options, *_files(desk), env=who)


def _uv(desk: Desk, *options: str) -> Finished:
    who = {"UV_PUBLISH_USERNAME": desk.username, "UV_PUBLISH_PASSWORD": desk.secret}
    return desk.run(
        "uv", "publish", "--publish-url", desk.upload_url, *options, *_files(desk), env=who
    )


def _poetry(desk: Desk, *options: str) -> Finished:
    who = ("--username", desk.username, "--password", desk.secret)
    where = {"POETRY_REPOSITORIES_YARD_URL": desk.upload_url}
    return desk.run(
        "poetry", "publish", "--no-interaction", "-r", "yard", *who, *options, env=where
    )


def _pdm(desk: Desk, *options: str) -> Finished:
    # Otherwise it makes an environment for the project, which publishing has no use for.
    settings = {"PDM_USE_VENV": "false", "PDM_PUBLISH_USERNAME": desk.username}
    secret = {"PDM_PUBLISH_PASSWORD": desk.secret}
    where = ("--repository", desk.upload_url)
    return desk.run("pdm", "publish", "--no-build", *where, *options, env={**settings, **secret})


def _hatch(desk: Desk, *options: str) -> Finished:
    who = {"HATCH_INDEX_USER": desk.username, "HATCH_INDEX_AUTH": desk.secret}
    return desk.run("hatch", "publish", "--no-prompt", "--repo", desk.upload_url, *options, env=who)


def _flit(desk: Desk, *options: str) -> Finished:
    return desk.run(
        "flit",
        "publish",
        *options,
        env={
            "FLIT_INDEX_URL": desk.upload_url,
            "FLIT_USERNAME": desk.username,
            "FLIT_PASSWORD": desk.secret,
            # Or each of its builds differs from the one before.
            "SOURCE_DATE_EPOCH": "1580601600",
        },
    )


PUBLISHERS = (
    Publisher(lock="twine-4", publish=_twine),
    Publisher(lock="twine-5", publish=_twine, metadata_version="2.3"),
    Publisher(lock="twine-6", publish=_twine),
    Publisher(lock="twine-7", publish=_twine),
    Publisher(lock="uv", way="publish", publish=_uv),
    Publisher(lock="poetry", way="publish", publish=_poetry),
    Publisher(lock="pdm", way="publish", publish=_pdm),
    Publisher(lock="hatch", way="publish", publish=_hatch, also_asks="/%2Bsimple/demo/"),
    Publisher(lock="flit", way="publish", publish=_flit, lay_out=lay_out_sources),
)
