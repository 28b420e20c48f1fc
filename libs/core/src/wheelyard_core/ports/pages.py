"""What simple pages are made of, and where they are kept ready."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from wheelyard_core.domain.catalogue import PackageListing, RootListing
from wheelyard_core.domain.group_access import GroupProjects
from wheelyard_core.domain.group_index import Holder, Holding, Overlap


class Pages(Protocol):
    """What simple pages are made of."""

    def package(self, project_ids: Sequence[int], normalized: str) -> PackageListing | None:
        """Return a package's listing over these projects; None where no project knows the name."""
        ...

    def root(self, project_ids: Sequence[int]) -> RootListing:
        """Return the names, as first published, that have something installable."""
        ...

    def serial_of(self, project_id: int, normalized: str) -> int:
        """Return the serial that the package's page has now."""
        ...

    def root_serial_of(self, project_id: int) -> int:
        """Return the serial that the project's root page has now."""
        ...

    def mark_indexed(self, project_id: int, normalized: str, serial: int) -> None:
        """Record that the page in the cache is at *serial* or newer."""
        ...

    def is_indexed(self, project_id: int, normalized: str, serial: int) -> bool:
        """Tell whether the page in the cache is at *serial* or newer."""
        ...

    def below(self, group: str, user_id: int | None) -> GroupProjects | None:
        """Return every project below a group with the role of an account in each."""
        ...


class GroupPages(Protocol):
    """What the pages of groups are made of."""

    def holders(self, group_id: int, normalized: str) -> tuple[Holder, ...]:
        """Return the projects below that have a package of this name, the first one first."""
        ...

    def awaiting(self, group_id: int, normalized: str) -> frozenset[int]:
        """Return the projects below where a file of this name is being verified."""
        ...

    def root_state(self, group_id: int) -> tuple[int, ...]:
        """Return numbers that change with the set of names below; the first one is a serial."""
        ...

    def names(self, group_id: int) -> tuple[tuple[int, str], ...]:
        """Return each project's names that have something installable, the first one first."""
        ...

    def shared(
        self, group_id: int, normalized: str | None = None
    ) -> Mapping[str, Sequence[Holding]]:
        """Return the names that several projects below have, and (the first one first) which.

        Of all names, or of one.
        """
        ...

    def claim(self, project_id: int, normalized: str) -> None:
        """Let this transaction alone begin to use a name below the project's outermost group."""
        ...

    def overlaps(self, project_id: int, normalized: str) -> tuple[Overlap, ...]:
        """Return in which groups above the project others have the name, the nearest one first."""
        ...


class CacheUnavailable(Exception):
    """The cache could not be asked. Whoever wants something of it asks the database instead."""


class PageCache(Protocol):
    """Rendered simple pages in their stored form, by key; each has a serial."""

    def get(self, key: str) -> bytes | None:
        """Return a page, or None."""
        ...

    def put(self, key: str, page: bytes) -> bytes:
        """Store the page unless a newer one is there; return the one that is there afterwards."""
        ...

    def head(self, key: str, length: int) -> bytes:
        """Return the first bytes of a page, which say its serial; none where there is no page."""
        ...

    def drop(self, key: str) -> None:
        """Forget a page."""
        ...
