"""Releases as lists show them: what GitLab's API calls packages, and their files."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, Self, TypeVar

from wheelyard_core.domain.catalogue import Publisher, Yanked
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.errors import InvalidName, InvalidVersion, NotFound, ReleaseClosed
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion

T = TypeVar("T")


class ReleaseOrder(StrEnum):
    """What a list of releases may be ordered by. All are of one type, so `type` orders nothing."""

    CREATED_AT = "created_at"
    NAME = "name"
    VERSION = "version"
    TYPE = "type"
    PROJECT_PATH = "project_path"


@dataclass(frozen=True, slots=True)
class ReleaseQuery:
    """Which releases, in which order. `name` is a part of a name, in any case."""

    name: str | None = None
    version: str | None = None
    order: ReleaseOrder = ReleaseOrder.CREATED_AT
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a list."""

    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The items in a window of a list of `total`."""

    total: int
    items: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A package at one version, with the names of what it belongs to.

    *yanked* is what a file that is published now would be; each file has its own state.
    """

    id: int
    project_id: int
    project_path: str
    name: str
    normalized: str
    version: str
    publisher: Publisher
    created_at: datetime
    yanked: Yanked | None = None

    def require_open(self, hours: int, now: datetime) -> None:
        """Raise ReleaseClosed so many *hours* after the first file was published; 0 is never."""
        if hours and now - self.created_at >= timedelta(hours=hours):
            raise ReleaseClosed(
                f"The release {self.name} {self.version} took new files for {hours} h after its "
                "first one: publish a new version"
            )


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """A release as addresses name it: its package's normalized name and its version's key."""

    package: str
    version: str

    @classmethod
    def parse(cls, package: str, version: str) -> Self:
        """Return the name in any spelling; NotFound for what nothing can be published under."""
        try:
            return cls(PackageName.parse(package).normalized, ReleaseVersion.parse(version).key)
        except (InvalidName, InvalidVersion) as error:
            raise NotFound(f"Package not found: {error}") from error


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A published file of a release."""

    id: int
    release_id: int
    filename: str
    size: int
    digests: Digests
    publisher: Publisher
    created_at: datetime
    yanked: Yanked | None = None
