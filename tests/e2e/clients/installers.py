"""The clients that install, each as its own documentation has people type it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import Client
from tests.support.clients import Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer(Client):
    """Installs a requirement into a desk's site."""

    install: Callable[[Desk, str], Finished]


def _pip(desk: Desk, requirement: str) -> Finished:
    index = desk.index_url_with_credentials
    return desk.run("pip", "install", "--target", desk.site, "--index-url", index, requirement)


def _uv_pip(desk: Desk, requirement: str) -> Finished:
    index = desk.index_url_with_credentials
    target = ("--target", desk.site)
    return desk.run("uv", "pip", "install", *target, "--index-url", index, requirement)


INSTALLERS = (
    Installer(lock="pip", package="pip", way="install", install=_pip),
    Installer(lock="uv", package="uv", way="pip install", install=_uv_pip),
)
