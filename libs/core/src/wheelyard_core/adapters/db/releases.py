"""Releases as lists show them, and their way to the trash."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from wheelyard_core.adapters.db import serials
from wheelyard_core.adapters.db.among import among
from wheelyard_core.adapters.db.models import File, Package, ProjectRow
from wheelyard_core.adapters.db.models import Release as ReleaseRow
from wheelyard_core.adapters.db.publishers import from_document
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.catalogue import FileStatus, Yanked
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.names import normalize
from wheelyard_core.domain.releases import (
    Found,
    Release,
    ReleaseFile,
    ReleaseName,
    ReleaseOrder,
    ReleaseQuery,
    Window,
)

_Listed: TypeAlias = Select[ReleaseRow, Package, str]


class SqlReleases:
    """The releases of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self, project_ids: Sequence[int], query: ReleaseQuery, window: Window
    ) -> Found[Release]:
        """Return the releases in these projects that a query asks for."""
        here = among(self._session, ReleaseRow.project_id, project_ids)
        wanted = _releases().where(here, *_conditions(query))
        counting = wanted.with_only_columns(func.count(), maintain_column_froms=True)
        total = self._session.scalar(counting) or 0
        rows = self._session.execute(
            wanted.order_by(*_order(query)).offset(window.offset).limit(window.limit)
        )
        return Found(total, tuple(_release(row, package, path) for row, package, path in rows))

    def get(self, project_id: int, release_id: int) -> Release | None:
        """Return a release of the project that is not deleted."""
        found = self._session.execute(
            _releases().where(ReleaseRow.project_id == project_id, ReleaseRow.id == release_id)
        ).first()
        return None if found is None else _release(found[0], found[1], found[2])

    def named(self, project_id: int, name: ReleaseName) -> Release | None:
        """Return a release of the project by its name."""
        found = self._session.execute(
            _releases().where(
                ReleaseRow.project_id == project_id,
                Package.normalized == name.package,
                ReleaseRow.version_key == name.version,
            )
        ).first()
        return None if found is None else _release(found[0], found[1], found[2])

    def files(self, release_id: int, window: Window) -> Found[ReleaseFile]:
        """Return the files of a release, in the order in which they were published."""
        here = _files_of(release_id)
        total = self._session.scalar(select(func.count(File.id)).where(*here)) or 0
        rows = self._session.scalars(
            select(File)
            .where(*here)
            .order_by(File.published_at, File.id)
            .offset(window.offset)
            .limit(window.limit)
        )
        return Found(total, tuple(_file(row) for row in rows))

    def file_named(self, release: Release, filename: str) -> ReleaseFile | None:
        """Return a file of the release by its name."""
        row = self._session.scalar(
            select(File).where(*_files_of(release.id), File.filename == filename)
        )
        return None if row is None else _file(row)

    def yank(self, release: Release, filename: str | None, state: Yanked | None) -> int:
        """Yank or (None) un-yank one file, or the release with all its files.

        Return the new serial of its package.
        """
        yanked = None if state is None else state.reason
        chosen = _files_of(release.id)
        if filename is None:
            self._session.get_one(ReleaseRow, release.id).yanked = yanked
        else:
            chosen = (*chosen, File.filename == filename)
        for file in self._session.scalars(select(File).where(*chosen)):
            file.yanked = yanked
        # A yanked file is listed as before: the names on the root page stay.
        return serials.count_change(
            self._session, release.project_id, release.normalized, names_changed=False
        )

    def delete(self, release: Release, deleted_by: int | None) -> int:
        """Move a release and its files to the trash; return the new serial of its package.

        Publishing the version again begins a new release.
        """
        row = self._session.get_one(ReleaseRow, release.id)
        row.deleted_at = database_time(self._session)
        files = self._session.scalars(select(File).where(*_files_of(release.id))).all()
        return self._trash(release, files, deleted_by)

    def delete_file(
        self, release: Release, file_id: int, deleted_by: int | None
    ) -> tuple[ReleaseFile, int] | None:
        """Move a file of the release to the trash; return it and its package's new serial.

        None where the release has no such file.
        """
        file = self._session.scalar(select(File).where(*_files_of(release.id), File.id == file_id))
        return None if file is None else (_file(file), self._trash(release, [file], deleted_by))

    def _trash(self, release: Release, files: Sequence[File], deleted_by: int | None) -> int:
        was_listed = serials.is_listed(self._session, release.project_id, release.normalized)
        now = database_time(self._session)
        for file in files:
            file.deleted_at, file.deleted_by = now, deleted_by
        return serials.advance(
            self._session, release.project_id, release.normalized, was_listed=was_listed
        )


def _releases() -> _Listed:
    return (
        select(ReleaseRow, Package, ProjectRow.full_path)
        .join(Package, Package.id == ReleaseRow.package_id)
        .join(ProjectRow, ProjectRow.id == ReleaseRow.project_id)
        .where(ReleaseRow.deleted_at.is_(None))
    )


def _files_of(release_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        File.release_id == release_id,
        File.status == FileStatus.PUBLISHED,
        File.deleted_at.is_(None),
    )


def _conditions(query: ReleaseQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.name:
        conditions.append(
            or_(
                Package.name.icontains(query.name, autoescape=True),
                Package.normalized.contains(normalize(query.name), autoescape=True),
            )
        )
    if query.version:
        conditions.append(ReleaseRow.version == query.version)
    return conditions


def _order(query: ReleaseQuery) -> Sequence[ColumnElement[Any]]:
    columns: dict[ReleaseOrder, Sequence[InstrumentedAttribute[str]]] = {
        ReleaseOrder.NAME: [Package.normalized],
        ReleaseOrder.VERSION: [ReleaseRow.version],
        ReleaseOrder.PROJECT_PATH: [ProjectRow.path_key],
    }
    # Releases are numbered as they are created: the number orders them, and makes pages stable.
    ordered: list[InstrumentedAttribute[str] | InstrumentedAttribute[int]] = [
        *columns.get(query.order, []),
        ReleaseRow.id,
    ]
    return [column.desc() if query.descending else column.asc() for column in ordered]


def _release(row: ReleaseRow, package: Package, project_path: str) -> Release:
    return Release(
        id=row.id,
        project_id=row.project_id,
        project_path=project_path,
        name=package.name,
        normalized=package.normalized,
        version=row.version,
        publisher=from_document(row.publisher),
        created_at=row.created_at,
        yanked=_state(row.yanked),
    )


def _file(row: File) -> ReleaseFile:
    return ReleaseFile(
        id=row.id,
        release_id=row.release_id or 0,
        filename=row.filename,
        size=row.size,
        digests=Digests(row.sha256, row.md5, row.blake2b),
        publisher=from_document(row.publisher),
        created_at=row.created_at,
        yanked=_state(row.yanked),
    )


def _state(yanked: str | None) -> Yanked | None:
    return None if yanked is None else Yanked(yanked)
