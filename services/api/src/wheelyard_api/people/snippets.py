"""Lines to copy: how to install from a project and publish to it, with this very address.

A secret is never in them: they name the variable that holds one.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from wheelyard_core.domain.browsing import FileLine, Verdict
from wheelyard_core.domain.catalogue import Project

_TOKEN: Final = "${WHEELYARD_TOKEN}"  # noqa: S105  a variable's name
_PLACEHOLDER: Final = "<your token>"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy, and where they go: a terminal, or a file, whose lines stay as they are."""

    title: str
    code: str
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """A project as clients reach it."""

    public_url: str
    path: str
    is_open: bool

    @classmethod
    def of(cls, project: Project, public_url: str) -> "Index":
        """Return the index of a project."""
        return cls(public_url, project.full_path, project.policy.anybody_may_pull)

    @property
    def upload(self) -> str:
        """Where files are sent."""
        return f"{self.public_url}/{quote(self.path)}/legacy/"

    @property
    def simple(self) -> str:
        """Where packages are found."""
        return f"{self.public_url}/{quote(self.path)}/simple/"

    @property
    def with_token(self) -> str:
        """The same with what tells who asks, unless anybody may."""
        if self.is_open:
            return self.simple
        parts = urlsplit(self.simple)
        return parts._replace(netloc=f"__token__:{_TOKEN}@{parts.netloc}").geturl()

    def install(self, requirement: str) -> list[Snippet]:
        """Return how to install."""
        wanted = shlex.quote(requirement)
        address = self.simple if self.is_open else f'"{self.with_token}"'
        add = f"uv add --index yard={self.simple} {wanted}"
        if not self.is_open:
            add = (
                "export UV_INDEX_YARD_USERNAME=__token__\n"
                f'export UV_INDEX_YARD_PASSWORD="{_TOKEN}"\n{add}'
            )
        return [
            Snippet("pip", f"pip install --index-url {address} {wanted}"),
            Snippet("uv", f"uv pip install --index-url {address} {wanted}"),
            Snippet("uv, in a project", add),
        ]

    def requirements(self, requirement: str, files: Sequence[FileLine] = ()) -> Snippet:
        """Return what a requirements file says, with the digests of *files*."""
        digests = [file.digests.sha256 for file in files if file.verdict is Verdict.PASSED]
        lines = [requirement, *(f"    --hash=sha256:{digest}" for digest in digests)]
        content = f"--index-url {self.with_token}\n" + " \\\n".join(lines)
        title = "requirements.txt, with digests" if digests else "requirements.txt"
        return Snippet(title, content, is_file=True)

    def publish(self) -> list[Snippet]:
        """Return how to publish."""
        return [
            Snippet(
                "~/.pypirc",
                "[distutils]\nindex-servers = yard\n\n[yard]\n"
                f"repository = {self.upload}\nusername = __token__\npassword = {_PLACEHOLDER}",
                is_file=True,
            ),
            Snippet("twine", "twine upload --repository yard dist/*"),
            Snippet(
                "uv",
                f'uv publish --publish-url {self.upload} -u __token__ -p "{_TOKEN}" dist/*',
            ),
        ]
