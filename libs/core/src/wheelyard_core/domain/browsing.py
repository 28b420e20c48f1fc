"""What pages for people show of a project: its packages, their releases and files, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from wheelyard_core.domain.catalogue import Package, Publisher, Yanked
from wheelyard_core.domain.digests import Digests

T = TypeVar("T")


class Verdict(StrEnum):
    """What the verification has said of a file; a refused one is not kept."""

    AWAITED = "awaited"
    PASSED = "passed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Around:
    """The part of an ordered list that follows *after*, or that precedes *before*."""

    limit: int
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a list; *earlier* and *later* tell whether there is more of it around this one."""

    items: Sequence[T]
    earlier: bool
    later: bool


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release in a list. It is yanked when all of its files are."""

    id: int
    package_id: int
    version: str
    is_prerelease: bool
    yanked: Yanked | None
    files: int
    size: int
    publisher: Publisher
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """By whom or by what an upload was sent."""

    user_id: int | None
    token_id: int | None


@dataclass(frozen=True, slots=True)
class PackageLine:
    """A package in a list, with its latest release and what that says of itself."""

    package: Package
    latest: ReleaseLine
    summary: str | None


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file at some version of a package, whether its page lists it already or not."""

    filename: str
    filetype: str
    size: int
    digests: Digests
    requires_python: str | None
    has_metadata_file: bool
    verdict: Verdict
    yanked: Yanked | None
    publisher: Publisher
    created_at: datetime
    published_at: datetime | None
    attested: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What a release says of itself: the core metadata of one of its files, as written there."""

    summary: str | None
    readme: str | None
    readme_type: str | None
    license_expression: str | None
    license: str | None
    requires_python: str | None
    author: str | None
    author_email: str | None
    keywords: str | None
    links: tuple[tuple[str, str], ...]
    classifiers: tuple[str, ...]
    requires_dist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package at one of its releases; without one nothing of it is installable."""

    package: Package
    release: ReleaseLine | None
    latest: ReleaseLine | None
    files: Sequence[FileLine]
    description: Description | None
    history: Part[ReleaseLine]
