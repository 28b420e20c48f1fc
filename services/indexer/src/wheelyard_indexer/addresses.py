"""The addresses of pages and files, for Flask's router and for the hot path, which has none."""

from typing import Final

PROJECT_ROUTE: Final = "/api/v4/projects/<path:reference>/packages/pypi"
GROUP_ROUTE: Final = "/api/v4/groups/<path:reference>/-/packages/pypi"
ALIAS_ROUTE: Final = "/<path:reference>"
_GROUPS: Final = "/api/v4/groups/"
_OF_GROUP: Final = "/-/packages/pypi"
_SIMPLE: Final = "/simple"
_FILES: Final = "/files"
_DIGEST: Final = 64


def page_address(path: str) -> tuple[str, str] | None:
    """Return what comes before `/simple`, and the package, which is empty for the root.

    None for what is no simple page, and for the page of a package called `simple`, which may as
    well be the root of a project called so.
    """
    before, _, last = path.rstrip("/").rpartition("/")
    if before.endswith(_SIMPLE):
        return None if last == "simple" else (before[: -len(_SIMPLE)], last)
    return (before, "") if last == "simple" else None


def file_address(path: str) -> tuple[str, str, str] | None:
    """Return what comes before `/files`, the digest in lower case, and the file's name."""
    before, _, filename = path.rstrip("/").rpartition("/")
    place, _, sha256 = before.rpartition("/")
    if len(sha256) != _DIGEST or not place.endswith(_FILES):
        return None
    return place[: -len(_FILES)], sha256.lower(), filename


def place_of(path: str) -> str | None:
    """Return what comes before the part that names a page or a file."""
    address = page_address(path) or file_address(path)
    return None if address is None else address[0]


def is_place_of(place: str, reference: str) -> bool:
    """Tell whether the router, which read *reference*, read the same address as we did."""
    return place in {f"/api/v4/projects/{reference}/packages/pypi", f"/{reference}"}


def is_group_of(place: str, reference: str) -> bool:
    """Tell whether the router, which read *reference*, read the same group as we did."""
    return place == f"{_GROUPS}{reference}{_OF_GROUP}"


def is_below_group(place: str) -> bool:
    """Tell whether a place is a group's and not a project's: no alias begins like this."""
    return place.startswith(_GROUPS) and place.endswith(_OF_GROUP)


def page_route(place: str, package: str) -> str:
    """Return the template that Flask would have matched."""
    return f"{_route(place)}{_SIMPLE}/<package>" if package else f"{_route(place)}{_SIMPLE}"


def file_route(place: str) -> str:
    """Return the template that Flask would have matched."""
    return f"{_route(place)}{_FILES}/<sha256>/<filename>"


def _route(place: str) -> str:
    if is_below_group(place):
        return GROUP_ROUTE
    return PROJECT_ROUTE if place.startswith("/api/v4/projects/") else ALIAS_ROUTE
