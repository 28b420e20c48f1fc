"""What a simple page says, before anybody asked for it as HTML or as JSON.

The order of `files`, `versions` and `names` is the order on the page: whoever builds a page sorts
it, so that the same state always renders to the same bytes and therefore to the same ETag.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from packaging.utils import canonicalize_name

from wheelyard_core.domain.catalogue import Yanked

# A yank is one value from the row to the page; whoever builds a page finds it here, too.
__all__ = ["PackagePage", "PageFile", "ProjectStatus", "RootPage", "Yanked"]


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """A status marker of the whole package (PEP 792), and why it was set."""

    status: str = "active"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PageFile:
    """One published wheel or sdist.

    `url` is path-absolute and percent-encoded (`urls.file_url`); `provenance` is absolute, with a
    host, as PEP 740 wants it.
    """

    filename: str
    url: str
    sha256: str
    size: int
    upload_time: datetime
    requires_python: str | None = None
    metadata_sha256: str | None = None
    yanked: Yanked | None = None
    provenance: str | None = None

    def __post_init__(self) -> None:
        # A naive time would be rendered as if it were the server's local one.
        if self.upload_time.utcoffset() is None:
            raise ValueError(f"The upload time of {self.filename} has no time zone.")


@dataclass(frozen=True, slots=True)
class PackagePage:
    """The page of one package; `name` is normalized, `serial` grows with every change of it."""

    name: str
    serial: int
    files: tuple[PageFile, ...]
    versions: tuple[str, ...]
    status: ProjectStatus = field(default_factory=ProjectStatus)


@dataclass(frozen=True, slots=True)
class RootPage:
    """The list of packages: names as first published, by normalized name, each once.

    `address` is the path of the root itself (`urls.simple_url`). The root answers with and without
    its trailing slash, and no relative link means the same under both.
    """

    serial: int
    names: tuple[str, ...]
    address: str = ""

    @classmethod
    def of(cls, serial: int, names: Iterable[str], address: str = "") -> Self:
        """Return the root of these names; of two spellings of one name the first one stays."""
        spelled: dict[str, str] = {}
        for name in names:
            spelled.setdefault(canonicalize_name(name), name)
        return cls(serial, tuple(spelled[key] for key in sorted(spelled)), address)
