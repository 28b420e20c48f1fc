"""The clients that install, each as its own documentation has people type it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Action, Client
from tests.support.clients import Finished


def _not_at_all(_desk: Desk, _what: str) -> Finished:
    raise AssertionError("there is no cell for what a client cannot do")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer(Client):
    """Installs a requirement for a desk, or only resolves it."""

    install: Callable[[Desk, str], Finished]
    locked_out: str
    """What it prints when it may not read; the words of an answer are shown by none of them."""
    locks_for_every_python: bool = False
    """Whether it resolves for Pythons that are not there, and reads releases for them too."""
    says_what_is_yanked: bool = True
    """Whether it prints why a release was yanked that it installs all the same."""
    resolve: Callable[[Desk, str], Finished] = _not_at_all
    """Prints, or leaves in the folder, what would be installed."""
    read_part: Callable[[Desk, str], Finished] = _not_at_all
    """Reads the metadata of a wheel at an address, and no more of it."""


def _pip(desk: Desk, *arguments: str | Path) -> Finished:
    index = ("--index-url", desk.index_url_with_credentials)
    return desk.run("pip", "install", *index, "--target", desk.site, *arguments)


def _pip_resolves(desk: Desk, requirement: str) -> Finished:
    return _pip(desk, "--dry-run", "--quiet", "--report", "-", requirement)


def _pip_reads_part(desk: Desk, address: str) -> Finished:
    direct = f"demo @ {address}"
    return _pip(desk, "--use-feature=fast-deps", "--dry-run", "--quiet", "--report", "-", direct)


def _old_pip_reads_part(desk: Desk, _: str) -> Finished:
    # It knows no metadata files, so it reads the wheel on the page in parts.
    return _pip(desk, "--use-feature=fast-deps", "demo")


def _uv_pip(desk: Desk, requirement: str) -> Finished:
    index = ("--index-url", desk.index_url_with_credentials)
    return desk.run("uv", "pip", "install", *index, "--target", desk.site, requirement)


def _uv_compiles(desk: Desk, requirement: str) -> Finished:
    (desk.folder / "requirements.in").write_text(f"{requirement}\n")
    index = ("--index-url", desk.index_url_with_credentials)
    return desk.run("uv", "pip", "compile", *index, "requirements.in")


def _uv_reads_part(desk: Desk, address: str) -> Finished:
    return _uv_compiles(desk, f"demo @ {address}")


def _project(desk: Desk, requirement: str, *tables: str) -> None:
    """Lay out a project that requires something, and its environment."""
    head = f'[project]\nname = "work"\nversion = "0"\ndependencies = ["{requirement}"]\n'
    text = "\n".join([f'{head}requires-python = ">=3.11"', *tables])
    (desk.folder / "pyproject.toml").write_text(text)
    command = (sys.executable, "-m", "venv", "--without-pip", desk.folder / ".venv")
    desk.person.run(*command).succeeded()


def _uv(desk: Desk, *arguments: str) -> Finished:
    who = {"UV_INDEX_YARD_USERNAME": desk.username, "UV_INDEX_YARD_PASSWORD": desk.secret}
    return desk.run("uv", *arguments, env={**who, "UV_NO_CONFIG": "0", "UV_INDEX_URL": ""})


def _uv_locks(desk: Desk, requirement: str) -> Finished:
    _project(
        desk,
        requirement,
        f'[[tool.uv.index]]\nname = "yard"\nurl = "{desk.index_url}"\ndefault = true\n',
    )
    return _uv(desk, "lock")


def _uv_syncs(desk: Desk, requirement: str) -> Finished:
    locked = _uv_locks(desk, requirement)
    return locked if locked.code else _uv(desk, "sync", "--locked")


def _poetry(desk: Desk, *arguments: str) -> Finished:
    who = {
        "POETRY_HTTP_BASIC_YARD_USERNAME": desk.username,
        "POETRY_HTTP_BASIC_YARD_PASSWORD": desk.secret,
    }
    return desk.run("poetry", *arguments, "--no-interaction", env=who)


def _poetry_locks(desk: Desk, requirement: str) -> Finished:
    _project(
        desk,
        requirement,
        "[tool.poetry]\npackage-mode = false",
        f'[[tool.poetry.source]]\nname = "yard"\nurl = "{desk.index_url}"',
    )
    return _poetry(desk, "lock")


def _poetry_installs(desk: Desk, requirement: str) -> Finished:
    locked = _poetry_locks(desk, requirement)
    return locked if locked.code else _poetry(desk, "install", "--no-root")


_LAZY_WHEEL = """\
import sys, requests
from poetry.inspection.lazy_wheel import metadata_from_wheel_url
address = sys.argv[1]
print(metadata_from_wheel_url(address.rpartition("/")[2], address, requests.Session()))
"""


def _poetry_reads_part(desk: Desk, address: str) -> Finished:
    # It would for pages that name no metadata file, and ours always do: so its code is asked.
    return desk.run("python", "-c", _LAZY_WHEEL, address)


def _pdm(desk: Desk, *arguments: str) -> Finished:
    who = {"YARD_USERNAME": desk.username, "YARD_PASSWORD": desk.secret}
    return desk.run("pdm", *arguments, env=who)


def _pdm_locks(desk: Desk, requirement: str) -> Finished:
    address = desk.index_url.replace("://", "://${YARD_USERNAME}:${YARD_PASSWORD}@")
    _project(
        desk,
        requirement,
        "[tool.pdm]\ndistribution = false",
        f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{address}"',
    )
    return _pdm(desk, "lock")


def _pdm_syncs(desk: Desk, requirement: str) -> Finished:
    locked = _pdm_locks(desk, requirement)
    return locked if locked.code else _pdm(desk, "sync", "--no-self")


INSTALLERS = (
    Installer(
        lock="pip-21",
        way="install",
        install=_pip,
        read_part=_old_pip_reads_part,
        locked_out="No matching distribution found for library",
        cannot={Action.RESOLVE: "It knows neither metadata files nor `--dry-run`."},
    ),
    Installer(
        lock="pip",
        way="install",
        install=_pip,
        resolve=_pip_resolves,
        read_part=_pip_reads_part,
        locked_out="401 Error, Credentials not correct for",
    ),
    Installer(
        lock="uv",
        way="pip",
        install=_uv_pip,
        resolve=_uv_compiles,
        read_part=_uv_reads_part,
        locked_out="could not be queried due to a lack of valid authentication credentials",
    ),
    Installer(
        lock="uv",
        way="lock and sync",
        install=_uv_syncs,
        resolve=_uv_locks,
        locks_for_every_python=True,
        locked_out="could not be queried due to a lack of valid authentication credentials",
        says_what_is_yanked=False,
        cannot={Action.RANGES: "Reads wheels as `uv pip` does."},
    ),
    Installer(
        lock="poetry",
        way="lock and install",
        install=_poetry_installs,
        resolve=_poetry_locks,
        locks_for_every_python=True,
        read_part=_poetry_reads_part,
        locked_out="Source (yard): Authorization error accessing",
    ),
    Installer(
        lock="pdm",
        way="lock and sync",
        install=_pdm_syncs,
        resolve=_pdm_locks,
        locked_out="Unable to find candidates for library",
        says_what_is_yanked=False,
        cannot={Action.RANGES: "It reads metadata files, or whole wheels."},
    ),
)
