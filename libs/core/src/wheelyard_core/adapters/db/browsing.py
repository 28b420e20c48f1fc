"""Packages as people look at them: every query returns a bounded part of what may be long."""

from collections.abc import Sequence
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from wheelyard_core.adapters.db import serials
from wheelyard_core.adapters.db.listing import AnySelect, contains, part_of
from wheelyard_core.adapters.db.models import File, FileMetadata, Release, UploadRow
from wheelyard_core.adapters.db.models import Package as PackageRow
from wheelyard_core.adapters.db.packages import standing_of
from wheelyard_core.adapters.db.publishers import from_document
from wheelyard_core.adapters.db.uploads import upload_of
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.browsing import (
    Around,
    Description,
    FileLine,
    PackageLine,
    Part,
    ReleaseLine,
    Sender,
    Verdict,
)
from wheelyard_core.domain.catalogue import FileStatus, Package, Upload, UploadStatus, Yanked
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.links import links_of
from wheelyard_core.domain.names import normalize
from wheelyard_core.domain.versions import ReleaseVersion

T = TypeVar("T")
_UNPUBLISHED: Final = (UploadStatus.REJECTED, UploadStatus.FAILED, UploadStatus.RECEIVED)
_ReleaseRow: TypeAlias = Row[Release, int, int, int, str | None]


class SqlBrowsing:
    """The packages of one transaction, as people look at them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def packages(self, project_id: int, q: str | None, around: Around) -> Part[PackageLine]:
        """Return packages that have something installable and *q* in their names, by name."""
        listed = exists().where(
            File.project_id == project_id,
            File.normalized == PackageRow.normalized,
            *serials.listed(),
        )
        query = select(PackageRow).where(PackageRow.project_id == project_id, listed)
        if q:
            query = query.where(
                or_(
                    contains(q, PackageRow.name),
                    PackageRow.normalized.contains(normalize(q), autoescape=True),
                )
            )
        rows = self._session.scalars(_cut(query, PackageRow.normalized, around)).all()
        part = _part(rows, around)
        latest = self._latest([row.id for row in part.items])
        summaries = self._summaries([line.id for line in latest.values()])
        lines = [
            PackageLine(_package(row), line, summaries.get(line.id))
            for row in part.items
            if (line := latest.get(row.id)) is not None
        ]
        return Part(lines, part.earlier, part.later)

    def package(self, project_id: int, normalized: str) -> tuple[int, Package] | None:
        """Return the id of a package, and the package."""
        row = self._session.scalar(
            select(PackageRow).where(
                PackageRow.project_id == project_id, PackageRow.normalized == normalized
            )
        )
        return None if row is None else (row.id, _package(row))

    def latest(self, package_id: int) -> ReleaseLine | None:
        """Return the newest release, one that is neither yanked nor a pre-release if there is."""
        return self._latest([package_id]).get(package_id)

    def release(self, package_id: int, version: ReleaseVersion) -> ReleaseLine | None:
        """Return the release at a version, if any of its files is published."""
        found = self._session.scalars(
            _releases_of([package_id]).where(Release.version_key == version.key)
        ).all()
        return next(iter(self._lines(found)), None)

    def releases(self, package_id: int, around: Around) -> Part[ReleaseLine]:
        """Return releases that have something published, the newest first."""
        has_files = exists().where(File.release_id == Release.id, *_published())
        query = _releases_of([package_id]).where(has_files)
        rows = self._session.scalars(_cut(query, Release.version_order, around, descending=True))
        part = _part(rows.all(), around)
        lines = {line.id: line for line in self._lines(part.items)}
        return Part([lines[number] for number in part.items], part.earlier, part.later)

    def files(self, package_id: int, version: ReleaseVersion, limit: int) -> Sequence[FileLine]:
        """Return the files at a version that exist: published, quarantined or being verified."""
        package = self._session.get_one(PackageRow, package_id)
        rows = self._session.execute(
            select(File)
            .where(
                File.project_id == package.project_id,
                File.normalized == package.normalized,
                File.version_key == version.key,
                File.deleted_at.is_(None),
            )
            # Source distributions first; wheels by their tags.
            .order_by(File.filetype.desc(), File.filename)
            .limit(limit)
        )
        return [_file_line(row[0]) for row in rows]

    def uploads(self, project_id: int, by: Sender | None, stretch: Stretch) -> Listed[Upload]:
        """Return uploads that were refused, or wait for their verdict: all, or one sender's."""
        query = select(UploadRow).where(
            UploadRow.project_id == project_id, UploadRow.status.in_(_UNPUBLISHED)
        )
        if by is not None:
            same = [
                cast(UploadRow.publisher[name].as_string(), BigInteger) == number
                for name, number in (("user_id", by.user_id), ("token_id", by.token_id))
                if number is not None
            ]
            query = query.where(or_(false(), *same))
        orders = {"id": UploadRow.id, "updated_at": UploadRow.updated_at}
        return part_of(self._session, query, stretch, orders, upload_of)

    def description(self, release_id: int) -> Description | None:
        """Return what a release says of itself, in a wheel if there is one."""
        row = self._session.execute(
            select(FileMetadata, File.requires_python)
            .join(File, File.id == FileMetadata.file_id)
            .where(File.release_id == release_id, *_published())
            .order_by(File.filetype, File.id)
            .limit(1)
        ).first()
        return None if row is None else _description(row[0], row[1])

    def _latest(self, package_ids: Sequence[int]) -> dict[int, ReleaseLine]:
        listed = (
            select(
                File.release_id, func.min(case((File.yanked.is_(None), 0), else_=1)).label("yanked")
            )
            .where(File.release_id.in_(_releases_of(package_ids)), *serials.listed())
            .group_by(File.release_id)
            .subquery()
        )
        place = func.row_number().over(
            partition_by=Release.package_id,
            order_by=(listed.c.yanked, Release.is_prerelease, Release.version_order.desc()),
        )
        ranked = (
            select(Release.id, place.label("place"))
            .join(listed, listed.c.release_id == Release.id)
            .subquery()
        )
        best = self._session.scalars(select(ranked.c.id).where(ranked.c.place == 1)).all()
        return {line.package_id: line for line in self._lines(best)}

    def _lines(self, release_ids: Sequence[int]) -> Sequence[ReleaseLine]:
        """Return the releases with what their published files make of them."""
        rows = self._session.execute(
            select(
                Release,
                func.count(File.id),
                func.sum(File.size),
                func.min(case((File.yanked.is_(None), 0), else_=1)),
                func.max(File.yanked),
            )
            .join(File, File.release_id == Release.id)
            .where(Release.id.in_(release_ids), *_published())
            .group_by(Release.id)
        )
        return [_release_line(row) for row in rows]

    def _summaries(self, release_ids: Sequence[int]) -> dict[int, str]:
        """Return what each release says it is in a sentence: its first file's."""
        first = (
            select(func.min(File.id))
            .where(File.release_id.in_(release_ids), *serials.listed())
            .group_by(File.release_id)
        )
        rows = self._session.execute(
            select(File.release_id, FileMetadata.summary)
            .join(FileMetadata, FileMetadata.file_id == File.id)
            .where(File.id.in_(first))
        )
        return {release_id: summary for release_id, summary in rows if release_id and summary}


def _published() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a file that people see: as listed, but in quarantine, too."""
    return File.status == FileStatus.PUBLISHED, File.deleted_at.is_(None)


def _releases_of(package_ids: Sequence[int]) -> Select[int]:
    return select(Release.id).where(
        Release.package_id.in_(package_ids), Release.deleted_at.is_(None)
    )


def _cut(
    query: AnySelect,
    key: InstrumentedAttribute[str],
    around: Around,
    *,
    descending: bool = False,
) -> AnySelect:
    """Return *query* for the part that is asked for, and one more to tell whether more follows.

    What precedes is read backwards; `_part` turns it around.
    """
    if around.before is not None:
        query = query.where(key > around.before if descending else key < around.before)
        descending = not descending
    elif around.after is not None:
        query = query.where(key < around.after if descending else key > around.after)
    return query.order_by(key.desc() if descending else key.asc()).limit(around.limit + 1)


def _part(rows: Sequence[T], around: Around) -> Part[T]:
    kept, more = rows[: around.limit], len(rows) > around.limit
    if around.before is not None:
        return Part(kept[::-1], more, later=True)
    return Part(kept, around.after is not None, more)


def _package(row: PackageRow) -> Package:
    return Package(row.name, row.normalized, standing_of(row))


def _release_line(row: _ReleaseRow) -> ReleaseLine:
    release, files, size, is_yanked, reason = row
    return ReleaseLine(
        id=release.id,
        package_id=release.package_id,
        version=release.version,
        is_prerelease=release.is_prerelease,
        yanked=Yanked(reason or "") if is_yanked else None,
        files=files,
        # PostgreSQL sums large numbers as decimals.
        size=int(size),
        publisher=from_document(release.publisher),
        created_at=release.created_at,
    )


def _file_line(row: File) -> FileLine:
    verdict = Verdict.PASSED
    if row.status is not FileStatus.PUBLISHED:
        verdict = Verdict.AWAITED
    elif row.quarantined_at is not None:
        verdict = Verdict.QUARANTINED
    return FileLine(
        filename=row.filename,
        filetype=row.filetype,
        size=row.size,
        digests=Digests(row.sha256, row.md5, row.blake2b),
        requires_python=row.requires_python,
        has_metadata_file=row.metadata_sha256 is not None,
        verdict=verdict,
        yanked=None if row.yanked is None else Yanked(row.yanked),
        publisher=from_document(row.publisher),
        created_at=row.created_at,
        published_at=row.published_at,
        attested=row.attested and verdict is not Verdict.AWAITED,
    )


def _description(row: FileMetadata, requires_python: str | None) -> Description:
    document = row.document
    return Description(
        summary=row.summary,
        readme=row.description,
        readme_type=row.description_content_type,
        license_expression=row.license_expression,
        license=document["license"],
        requires_python=requires_python,
        author=document["author"],
        author_email=document["author_email"],
        keywords=document["keywords"],
        links=links_of(
            document["home_page"], ((label, url) for label, url in document["project_urls"])
        ),
        classifiers=tuple(document["classifiers"]),
        requires_dist=tuple(document["requires_dist"]),
    )
