"""Releases as lists show them: what GitLab's API calls packages, and their files."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from wheelyard_core.domain.catalogue import Publisher
from wheelyard_core.domain.digests import Digests

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
    """A package at one version, with the names of what it belongs to."""

    id: int
    project_id: int
    project_path: str
    name: str
    normalized: str
    version: str
    publisher: Publisher
    created_at: datetime


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
