"""Where a person sits with one client: a folder, credentials, and a project behind a wiretap."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from shutil import rmtree

from tests.e2e.conftest import with_credentials
from tests.support.clients import Finished, Person
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, ask, basic, post
from tests.support.wiretap import Exchange, Wiretap

from wheelyard_core.domain.tokens import TokenKind

USERNAMES = {
    TokenKind.PERSONAL: "__token__",
    TokenKind.DEPLOY: "deployer",
    TokenKind.JOB: "gitlab-ci-token",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of a client, which is named by its lock.

    `project` is the path of a project below a host, `keeper` a token that may do anything there.
    """

    client: str
    person: Person
    programs: Path
    tap: Wiretap
    project: str
    token: TokenKind
    secret: str = field(repr=False)
    keeper: str = field(repr=False)

    @property
    def folder(self) -> Path:
        """The folder that the person works in."""
        folder = self.person.home / "work"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def site(self) -> Path:
        """The folder that packages are installed into."""
        return self.folder / "site"

    def clear(self) -> None:
        """Forget what was installed and locked."""
        rmtree(self.folder)

    def installed(self, name: str) -> str | None:
        """Return the version of a package in the site."""
        places = (self.site, *self.folder.glob(".venv/lib/*/site-packages"))
        found = metadata.distributions(path=[str(place) for place in places])
        return next((one.version for one in found if one.name == name), None)

    @property
    def username(self) -> str:
        return USERNAMES[self.token]

    @property
    def upload_url(self) -> str:
        return f"http://{self.tap.host}{self.project}/packages/pypi"

    @property
    def index_url(self) -> str:
        return f"{self.upload_url}/simple"

    @property
    def index_url_with_credentials(self) -> str:
        return with_credentials(self.index_url, self.username, self.secret)

    def file_url(self, built: Built) -> str:
        """Return the address of a file, with credentials."""
        url = f"{self.upload_url}/files/{built.sha256}/{built.filename}"
        return with_credentials(url, self.username, self.secret)

    def keep_in_keyring(self, keyring: Path, service: str) -> dict[str, str]:
        """Keep the secret in a keyring; return the settings by which it is found there."""
        settings = {
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "PATH": f"{keyring}:/usr/bin:/bin",
        }
        code = "import keyring, sys; keyring.set_password(*sys.argv[1:])"
        words = (service, self.username, self.secret)
        self.person.run(keyring / "python", "-c", code, *words, env=settings).succeeded()
        return settings

    def run(
        self, program: str, *arguments: str | Path, env: Mapping[str, str] | None = None
    ) -> Finished:
        """Run one of the client's programs in the folder."""
        return self.person.run(self.programs / program, *arguments, cwd=self.folder, env=env)

    def has(self, *distributions: ADistribution) -> None:
        """Have wheels in the project, published past the wiretap."""
        for distribution in distributions:
            self.has_file(distribution.wheel())

    def has_file(self, built: Built) -> None:
        """Have a file in the project, published past the wiretap."""
        url = f"http://{self.tap.behind}{self.project}/packages/pypi"
        answer = post(url, AForm.of(built), self.keeper)
        assert answer.status == 201, answer.body

    def yank(self, name: str, version: str, reason: str) -> None:
        """Yank a release, past the wiretap."""
        url = f"http://{self.tap.behind}{self.project}/packages/pypi/yank/{name}/{version}"
        headers = {**basic("__token__", self.keeper), "Content-Type": "application/json"}
        answer = ask("PUT", url, json.dumps({"reason": reason}).encode(), headers)
        assert answer.status == 200, answer.body

    def locks(self) -> str:
        """Return what lock files in the folder say."""
        return "".join(file.read_text() for file in self.folder.glob("*.lock"))

    def listed(self, package: str) -> set[str]:
        """Return the names of the files on a package's page, looked at past the wiretap."""
        url = f"http://{self.tap.behind}{self.project}/packages/pypi/simple/{package}"
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        files = ask("GET", url, headers={**basic("__token__", self.keeper), **accept}).json
        return {file["filename"] for file in files.get("files", [])}  # type: ignore[attr-defined]  # JSON

    def asked(self, method: str, suffix: str = "") -> list[Exchange]:
        """Return the client's requests of a method whose path ends in *suffix*."""
        return [
            each
            for each in self.tap.exchanges
            if each.method == method and each.path.endswith(suffix)
        ]
