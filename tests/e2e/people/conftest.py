"""Who publishes and installs by hand, and where."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest
from tests.e2e.conftest import with_credentials
from tests.support.clients import Person
from tests.support.distributions import Built
from tests.support.forms import ask, basic
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

GREET = "from mypypipackage import greet; print(greet.SayHello())"


def upload_url(wheelyard: Wheelyard, project: SeededProject) -> str:
    return f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"


def index_url(wheelyard: Wheelyard, project: SeededProject, token: str) -> str:
    return with_credentials(f"{upload_url(wheelyard, project)}/simple", "__token__", token)


def write(folder: Path, *distributions: Built) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for built in distributions:
        (folder / built.filename).write_bytes(built.content)
    return [folder / built.filename for built in distributions]


def as_token(token: str) -> dict[str, str]:
    return {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}


@pytest.fixture
def publish(wheelyard: Wheelyard, project: SeededProject, token: str, person: Person) -> "Publish":
    return Publish(wheelyard, project, token, person)


class Publish:
    """`twine upload` into the test's project."""

    def __init__(
        self, wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
    ) -> None:
        self.url = upload_url(wheelyard, project)
        self.index = index_url(wheelyard, project, token)
        self._token = token
        self._person = person

    def __call__(self, *files: Path) -> None:
        self.attempt(*files, code=0)

    def attempt(self, *files: Path, code: int, **credentials: str) -> str:
        """Return what twine prints before it ends with *code*."""
        env = credentials or as_token(self._token)
        done = self._person.twine("upload", "--repository-url", self.url, *files, env=env)
        assert done.code == code, done.output
        return done.output

    def built(self, *distributions: Built) -> None:
        self(*write(self._person.home / "dist", *distributions))

    def listed(self, package: str) -> set[str]:
        """Return the names of the files on a package's page."""
        return listed(self.url, self._token, package)


def listed(url: str, token: str, package: str) -> set[str]:
    """Return the names of the files on a package's page."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    answer = ask("GET", f"{url}/simple/{package}/", headers=accept | basic("__token__", token))
    assert answer.status == HTTPStatus.OK, answer.body
    return {file["filename"] for file in json.loads(answer.body)["files"]}
