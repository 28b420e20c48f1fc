"""What pages for people ask of a transaction."""

from collections.abc import Sequence
from typing import Protocol

from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.browsing import (
    Around,
    Description,
    FileLine,
    PackageLine,
    Part,
    ReleaseLine,
    Sender,
)
from wheelyard_core.domain.catalogue import Package, Upload
from wheelyard_core.domain.versions import ReleaseVersion


class Browsing(Protocol):
    """The packages of a transaction, as people look at them: a bounded part at a time."""

    def packages(self, project_id: int, q: str | None, around: Around) -> Part[PackageLine]:
        """Return packages that have something installable and *q* in their names, by name."""
        ...

    def package(self, project_id: int, normalized: str) -> tuple[int, Package] | None:
        """Return the id of a package, and the package."""
        ...

    def latest(self, package_id: int) -> ReleaseLine | None:
        """Return the newest release, one that is neither yanked nor a pre-release if there is."""
        ...

    def release(self, package_id: int, version: ReleaseVersion) -> ReleaseLine | None:
        """Return the release at a version, if any of its files is published."""
        ...

    def releases(self, package_id: int, around: Around) -> Part[ReleaseLine]:
        """Return releases that have something published, the newest first.

        *around* holds texts of the releases' order (`ReleaseVersion.order`).
        """
        ...

    def files(self, package_id: int, version: ReleaseVersion, limit: int) -> Sequence[FileLine]:
        """Return the files at a version that exist: published, quarantined or being verified."""
        ...

    def uploads(self, project_id: int, by: Sender | None, stretch: Stretch) -> Listed[Upload]:
        """Return uploads that were refused, or wait for their verdict: all, or one sender's."""
        ...

    def description(self, release_id: int) -> Description | None:
        """Return what a release says of itself."""
        ...
