"""Simple pages of groups: one page for all who may read the same projects, found by its contents.

Nobody refreshes them. The key of a page has the serials of what it was made of, so a change makes
another key; what is asked for no more ends with its time in the cache.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from wheelyard_core.domain.catalogue import PackageListing
from wheelyard_core.domain.group_index import ReadableGroup
from wheelyard_core.ports import CacheUnavailable, Database, PageCache
from wheelyard_core.simple.page import RootPage
from wheelyard_core.simple.render import Rendered, dump, load, render
from wheelyard_core.simple.urls import path_of, simple_url
from wheelyard_core.usecases.flights import SingleFlight
from wheelyard_core.usecases.pages import Build, package_page, plainly


@dataclass(frozen=True, slots=True)
class GroupPages:
    """The pages of groups, by way of the cache."""

    database: Database
    cache: PageCache
    public_url: str
    build: Build = plainly
    _flights: SingleFlight[Rendered | None] = field(default_factory=SingleFlight)

    def package(self, group: ReadableGroup, normalized: str) -> Rendered | None:
        """Return the page of a name, or None where no project that is shown knows it.

        A file that is being verified makes its name known, and is not listed.
        """
        with self.database.snapshot() as uow:
            holders = group.shown(uow.group_pages.holders(group.group_id, normalized))
            if not holders:
                awaiting = uow.group_pages.awaiting(group.group_id, normalized)
                if not awaiting & group.project_ids:
                    return None
        made_of = [(holder.project_id, holder.serial) for holder in holders]

        def make() -> Rendered:
            with self.database.snapshot() as uow:
                project_ids = [holder.project_id for holder in holders]
                listing = uow.pages.package(project_ids, normalized)
            return render(
                package_page(
                    listing or PackageListing(normalized, 0, ()), self.public_url, _scope(group)
                )
            )

        return self._read(self._key(group, normalized, made_of), make)

    def root(self, group: ReadableGroup) -> Rendered:
        """Return the page of all names."""
        with self.database.snapshot() as uow:
            state = uow.group_pages.root_state(group.group_id)

        def make() -> Rendered:
            with self.database.snapshot() as uow:
                names = uow.group_pages.names(group.group_id)
            shown = [name for project_id, name in names if project_id in group.project_ids]
            address = simple_url(path_of(self.public_url), _scope(group))
            return render(RootPage.of(state[0], shown, address))

        made_of = [state, sorted(group.project_ids)]
        return self._read(self._key(group, "", made_of), make)

    def _key(self, group: ReadableGroup, normalized: str, made_of: Iterable[object]) -> str:
        contents = blake2b(repr(list(made_of)).encode(), digest_size=16).hexdigest()
        return f"group-page:{self.public_url}:{group.group_id}:{normalized}:{contents}"

    def _read(self, key: str, make: Callable[[], Rendered]) -> Rendered:
        page = self._cached(key) or self._flights.fly(key, lambda _: self._make(key, make))
        return page or make()

    def _make(self, key: str, make: Callable[[], Rendered]) -> Rendered | None:
        # Somebody may have built it while we waited for our turn.
        page = self._cached(key) or self.build(make)
        if page is not None:
            self._store(key, page)
        return page

    def _cached(self, key: str) -> Rendered | None:
        try:
            raw = self.cache.get(key)
            return None if raw is None else load(raw)
        except (CacheUnavailable, ValueError):
            return None

    def _store(self, key: str, page: Rendered) -> None:
        try:
            self.cache.put(key, dump(page))
        except CacheUnavailable:
            return


def _scope(group: ReadableGroup) -> str:
    return f"groups/{group.group_id}/-"
