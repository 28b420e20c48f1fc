"""The clients that publish, each as its own documentation has people type it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Client
from tests.support.clients import Finished
from tests.support.distributions import ADistribution

LayOut = Callable[[Path, ADistribution], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher(Client):
    """Publishes what is laid out in a desk's folder."""

    publish: Callable[[Desk], Finished]
    metadata_version: str = "2.4"
    """The newest that it knows."""


def lay_out(folder: Path, distribution: ADistribution) -> None:
    """Leave in *folder* what a build leaves: dist/ and the project that it came from."""
    dist = folder / "dist"
    dist.mkdir(exist_ok=True)
    for built in (distribution.wheel(), distribution.sdist()):
        (dist / built.filename).write_bytes(built.content)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{distribution.name}"\nversion = "{distribution.version}"\n'
    )


def _files(desk: Desk) -> list[Path]:
    return sorted((desk.folder / "dist").iterdir())


def _twine(desk: Desk) -> Finished:
    return desk.run(
        "twine",
        "upload",
        "--disable-progress-bar",
        "--non-interactive",
        "--repository-url",
        desk.upload_url,
        *_files(desk),
        env={"TWINE_USERNAME": desk.username, "TWINE_PASSWORD": desk.secret},
    )


def _uv(desk: Desk) -> Finished:
    return desk.run(
        "uv",
        "publish",
        "--publish-url",
        desk.upload_url,
        *_files(desk),
        env={"UV_PUBLISH_USERNAME": desk.username, "UV_PUBLISH_PASSWORD": desk.secret},
    )


PUBLISHERS = (
    Publisher(lock="twine-7", package="twine", publish=_twine),
    Publisher(lock="uv", package="uv", way="publish", publish=_uv),
)
