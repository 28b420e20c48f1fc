"""The addresses of pages for people, beside those of the registry's own."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from werkzeug.routing import PathConverter

from wheelyard_core.simple.urls import provenance_url

# Another spelling of a name is the same package, and the gateway and the upload have these words.
_TAKEN: Final = frozenset({"simple", "legacy"})


class PlaceConverter(PathConverter):
    """What may be the path of a group, a project or a package, and no address of another kind."""

    # A browser asks for favicon.ico and a crawler for robots.txt by themselves.
    regex = (
        r"(?!(?:api|_)(?:/|$)|(?:livez|readyz|healthz|metrics|favicon\.ico|robots\.txt)$)"
        r"(?!(?:.*/)?legacy$).+"
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses, each below the path of the public address."""

    base: str

    def home(self, **query: str | None) -> str:
        """Return the address of the list of projects."""
        return f"{self.base}/{_query(query)}"

    def place(self, path: str, **query: str | None) -> str:
        """Return the address of a group or project."""
        return f"{self.base}/{quote(path)}{_query(query)}"

    def uploads(self, path: str, **query: str | None) -> str:
        """Return the address of a project's uploads."""
        return f"{self.base}/{quote(path)}/-/uploads{_query(query)}"

    def package(self, path: str, name: str, version: str | None = None, **query: str | None) -> str:
        """Return the address of a package in a project, maybe at a version."""
        segment = name.capitalize() if name in _TAKEN else name
        at = "" if version is None else f"/{quote(version, safe='!+')}"
        return f"{self.base}/{quote(path)}/packages/{quote(segment)}{at}{_query(query)}"

    def file(self, project_id: int, sha256: str, filename: str) -> str:
        """Return the address of a file."""
        return (
            f"{self.base}/api/v4/projects/{project_id}/packages/pypi/files/{sha256}"
            f"/{quote(filename, safe='!+')}"
        )

    def provenance(self, project_id: int, name: str, version: str, filename: str) -> str:
        """Return the address of a file's provenance."""
        return provenance_url(self.base, f"projects/{project_id}", name, version, filename)

    def sign_in(self) -> str:
        """Return where to sign in."""
        return f"{self.base}/_/sign-in"

    def sign_out(self) -> str:
        """Return where to sign out."""
        return f"{self.base}/_/sign-out"

    def asset(self, name: str) -> str:
        """Return the address of a style sheet or a picture."""
        return f"{self.base}/_/assets/{name}"


def _query(arguments: dict[str, str | None]) -> str:
    given = {name: value for name, value in arguments.items() if value}
    return f"?{urlencode(given)}" if given else ""
