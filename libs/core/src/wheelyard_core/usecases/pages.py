"""Simple pages: built from the database, kept in the cache, never going back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from packaging.version import Version

from wheelyard_core.domain.catalogue import ListedFile, PackageListing
from wheelyard_core.domain.work import Claim
from wheelyard_core.ports import CacheUnavailable, Database, PageCache, Verdicts
from wheelyard_core.ports import Pages as PagesPort
from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage
from wheelyard_core.simple.render import (
    SERIAL_AT,
    Rendered,
    dump,
    is_outdated,
    load,
    outdated,
    render,
    serial_of,
)
from wheelyard_core.simple.urls import file_url, path_of, provenance_url, simple_url
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.flights import Served, SingleFlight

# What the keys of all pages in the cache begin with.
PAGES: Final = "page:"
_REBUILDS: Final = 5

Build: TypeAlias = Callable[[Callable[[], Rendered | None]], Rendered | None]


def plainly(make: Callable[[], Rendered | None]) -> Rendered | None:
    """Build a page and tell nobody."""
    return make()


def package_page(listing: PackageListing, public_url: str, scope: str) -> PackagePage:
    """Return the page of a listing, ordered by version and name."""
    parsed = {file.version: Version(file.version) for file in listing.files}
    ordered = sorted(listing.files, key=lambda file: (parsed[file.version], file.filename))
    # 1.0 and 1.0.0 are one release, shown as it was first published.
    spelled: dict[Version, str] = {}
    for file in listing.files:
        spelled.setdefault(parsed[file.version], file.version)
    return PackagePage(
        name=listing.normalized,
        serial=listing.serial,
        files=tuple(_page_file(file, listing.normalized, public_url, scope) for file in ordered),
        versions=tuple(spelled[version] for version in sorted(spelled)),
        status=ProjectStatus(listing.standing.status.value, listing.standing.reason),
    )


def _page_file(file: ListedFile, normalized: str, public_url: str, scope: str) -> PageFile:
    return PageFile(
        filename=file.filename,
        url=file_url(path_of(public_url), scope, file.sha256, file.filename),
        sha256=file.sha256,
        size=file.size,
        upload_time=file.published_at,
        requires_python=file.requires_python,
        metadata_sha256=file.metadata_sha256,
        yanked=file.yanked,
        provenance=(
            provenance_url(public_url, scope, normalized, file.version, file.filename)
            if file.attested
            else None
        ),
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """How to make one page, and how to learn cheaply which serial it would have."""

    key: str
    build: Callable[[], Rendered | None]
    serial: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of projects, by way of the cache."""

    database: Database
    cache: PageCache
    public_url: str
    # Goes around every build: `bootstrap` passes what times it.
    build: Build = plainly
    _flights: SingleFlight[Rendered | None] = field(default_factory=SingleFlight)
    _served: Served = field(default_factory=Served)

    @property
    def base_path(self) -> str:
        """The path that begins every link on a page."""
        return path_of(self.public_url)

    def package(self, project_id: int, normalized: str) -> Rendered | None:
        """Return a package's page, or None where the project does not know the name."""
        return self._read(self._package_source(project_id, normalized))

    def root(self, project_id: int) -> Rendered:
        """Return the project's root page."""
        return self._read(self._root_source(project_id)) or self._render_root(project_id)

    def refresh(self, project_id: int, normalized: str) -> int:
        """Make the cache hold the package's present page and no older root; return its serial.

        Many changes of one package need one rendering: whoever finds the cache at the present
        serial renders nothing. The root has every name of the project and hardly any reader, so it
        is only marked as outdated, and rendered for its next reader. Raises CacheUnavailable.
        """
        serial = self._refresh(self._package_source(project_id, normalized))
        self._outdate(self._root_source(project_id))
        return serial

    def key(self, project_id: int, normalized: str = "") -> str:
        """Return the key of a package's page, or of the root."""
        # The pages of another public address hold other links.
        return f"{PAGES}{self.public_url}:{project_id}:{normalized}"

    def _refresh(self, source: _Source) -> int:
        present = self._present(source)
        if present is not None:
            return present
        page = self._store(source)
        return 0 if page is None else page.serial

    def _outdate(self, source: _Source) -> None:
        now = source.serial()
        if self._kept(source.key) != now:
            raw = self.cache.put(source.key, outdated(now))
            if _misleads(raw, source.serial()):
                self.cache.drop(source.key)

    def _present(self, source: _Source) -> int | None:
        """Return the serial of the cached page where it is the present one, or newer."""
        now, kept = source.serial(), self._kept(source.key)
        if kept is None or kept < now or now == 0:
            return None
        # A cache that is ahead of the database outlived a restore of it.
        return kept if kept == now or kept <= source.serial() else None

    def _kept(self, key: str) -> int | None:
        """Return the serial of what is in the cache."""
        try:
            return serial_of(self.cache.head(key, SERIAL_AT.stop))
        except ValueError:
            return None

    def _read(self, source: _Source) -> Rendered | None:
        """Return a page that is not older than any that was served before."""
        page = None
        for _ in range(_REBUILDS):
            page = self._cached(source.key) or self._flights.fly(
                source.key, lambda is_alone: self._make(source, is_alone=is_alone)
            )
            if page is None or self._served.note(source.key, page.serial):
                return page
        return page

    def _make(self, source: _Source, *, is_alone: bool) -> Rendered | None:
        if not is_alone:
            # Somebody built it while we waited.
            found = self._cached(source.key)
            if found is not None:
                return found
        known = self._served.of(source.key)
        try:
            page = self._store(source)
        except CacheUnavailable:
            page = self.build(source.build)
        if page is not None and page.serial < known:
            self._served.lower(source.key, known, page.serial)
        return page

    def _cached(self, key: str) -> Rendered | None:
        try:
            raw = self.cache.get(key)
        except CacheUnavailable:
            return None
        page = None if raw is None else _loaded(raw)
        return None if page is None or page.serial < self._served.of(key) else page

    def _store(self, source: _Source) -> Rendered | None:
        """Build the page and store it, until what is stored is what the database says.

        A page that changed between our look and our store, while the cache was emptied, would
        otherwise stay old: the change's own refresh came before the emptying.
        """
        page = self.build(source.build)
        for _ in range(_REBUILDS):
            if page is None or page.serial == 0:
                # Nothing was ever published: there is no serial to order this page by.
                return page
            raw = self.cache.put(source.key, dump(page))
            now = source.serial()
            kept = _loaded(raw)
            if kept is not None and kept.serial == now:
                return kept
            if _misleads(raw, now):
                self.cache.drop(source.key)
            page = self.build(source.build)
        return page

    def _package_source(self, project_id: int, normalized: str) -> _Source:
        return _Source(
            self.key(project_id, normalized),
            lambda: self._render_package(project_id, normalized),
            lambda: self._serial(lambda pages: pages.serial_of(project_id, normalized)),
        )

    def _root_source(self, project_id: int) -> _Source:
        return _Source(
            self.key(project_id),
            lambda: self._render_root(project_id),
            lambda: self._serial(lambda pages: pages.root_serial_of(project_id)),
        )

    def _serial(self, ask: Callable[[PagesPort], int]) -> int:
        with self.database.snapshot() as uow:
            return ask(uow.pages)

    def _render_package(self, project_id: int, normalized: str) -> Rendered | None:
        with self.database.snapshot() as uow:
            listing = uow.pages.package([project_id], normalized)
        if listing is None:
            return None
        return render(package_page(listing, self.public_url, f"projects/{project_id}"))

    def _render_root(self, project_id: int) -> Rendered:
        with self.database.snapshot() as uow:
            listing = uow.pages.root([project_id])
        address = simple_url(self.base_path, f"projects/{project_id}")
        return render(RootPage(listing.serial, listing.names, address))


def _loaded(raw: bytes) -> Rendered | None:
    """Return a stored page; None where there is no whole one."""
    try:
        return load(raw)
    except ValueError:
        return None


def _misleads(raw: bytes, now: int) -> bool:
    """Tell whether this is broken, or from a future that a restore of the database undid."""
    is_broken = _loaded(raw) is None and not is_outdated(raw)
    return is_broken or serial_of(raw) > now


@dataclass(frozen=True, slots=True)
class Indexer:
    """Does the `index` task: the cache shows what the database says, then the upload is told."""

    database: Database
    pages: Pages
    verdicts: Verdicts
    reach: CrashPoint

    def __call__(self, claim: Claim) -> None:
        """Refresh a package's page, outdate the root; safe to run twice and late."""
        project_id, package = int(claim.arguments["project_id"]), str(claim.arguments["package"])
        self.reach("index-claimed")
        serial = self.pages.refresh(project_id, package)
        self.reach("page-stored")
        with self.database.begin() as uow:
            uow.pages.mark_indexed(project_id, package, serial)
            uow.outbox.done(claim.message_id)
            uow.commit()
        self.reach("indexed")
        upload_id = claim.arguments.get("upload_id")
        if upload_id:
            self.verdicts.announce(str(upload_id))
