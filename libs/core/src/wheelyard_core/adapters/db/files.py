"""Files and the packages and releases they make."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import serials
from wheelyard_core.adapters.db.models import (
    Document,
    File,
    FileAttestations,
    FileMetadata,
    Package,
    Release,
)
from wheelyard_core.adapters.db.packages import PACKAGE, standing_of
from wheelyard_core.adapters.db.publishers import from_document, to_document
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.catalogue import FileStatus, NewFile, StoredFile
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.metadata import CoreMetadata
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.ports import Conflict, MetadataFile

_NAMED: Final = select(File).where(
    File.project_id == bindparam("project"),
    File.filename == bindparam("filename"),
    File.deleted_at.is_(None),
)
_RELEASE: Final = select(Release).where(
    Release.package_id == bindparam("package"),
    Release.version_key == bindparam("version"),
    Release.deleted_at.is_(None),
)


class SqlFiles:
    """The files of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def named(self, project_id: int, filename: str) -> StoredFile | None:
        """Return the file of this name that exists now."""
        row = self._session.scalar(_NAMED, {"project": project_id, "filename": filename})
        return None if row is None else _stored(row)

    def once_had(self, project_id: int, filename: str) -> Sequence[str]:
        """Return the sha256 of every deleted file of this name."""
        return self._session.scalars(
            select(File.sha256).where(
                File.project_id == project_id,
                File.filename == filename,
                File.deleted_at.is_not(None),
            )
        ).all()

    def get(self, file_id: int) -> StoredFile | None:
        """Return a file that is not deleted."""
        row = self._session.get(File, file_id)
        return None if row is None or row.deleted_at is not None else _stored(row)

    def to_serve(
        self, project_ids: frozenset[int], sha256: str, filename: str
    ) -> StoredFile | None:
        """Return the oldest listed file in these projects whose digest and name both match."""
        query = select(File).where(
            File.sha256 == sha256, File.filename == filename, *serials.listed()
        )
        if len(project_ids) == 1:
            # Thousands are not sent to the database: few projects have one digest.
            query = query.where(File.project_id.in_(project_ids))
        rows = self._session.scalars(query.order_by(File.published_at, File.id))
        return next((_stored(row) for row in rows if row.project_id in project_ids), None)

    def lock(self, project_id: int, normalized: str) -> None:
        """Let this transaction alone decide about the package until it ends."""
        serials.lock_package(self._session, project_id, normalized)

    def add(self, new: NewFile) -> int:
        """Add a received file; return its id. Raises Conflict when the name is taken."""
        row = File(
            project_id=new.project_id,
            upload_id=new.upload_id,
            filename=new.filename.text,
            filetype=new.filename.filetype.value,
            normalized=new.filename.name.normalized,
            version=new.filename.version.text,
            version_key=new.filename.version.key,
            size=new.size,
            sha256=new.digests.sha256,
            md5=new.digests.md5,
            blake2b=new.digests.blake2b,
            blob_key=new.blob_key,
            status=FileStatus.RECEIVED,
            publisher=to_document(new.publisher),
            attested=new.attestations is not None,
            created_at=database_time(self._session),
        )
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Conflict from error
        if new.attestations is not None:
            self._session.add(FileAttestations(file_id=row.id, document=new.attestations))
        return row.id

    def publish(self, file_id: int, metadata: CoreMetadata, stored: MetadataFile | None) -> int:
        """List the file on its page; return the new serial of its package."""
        row = self._session.get_one(File, file_id)
        was_listed = serials.is_listed(self._session, row.project_id, row.normalized)
        package = self._package_of(row, metadata.name)
        release = self._release_of(row, package)
        row.release_id, row.yanked = release.id, release.yanked
        row.status = FileStatus.PUBLISHED
        row.published_at = database_time(self._session)
        # It was on its way when its package was quarantined.
        row.quarantined_at = row.published_at if standing_of(package).hides else None
        row.requires_python = metadata.requires_python
        if stored is not None:
            row.metadata_sha256, row.metadata_size = stored.sha256, stored.size
        self._session.add(_described(row.id, metadata))
        with self._session.no_autoflush:
            # So that the row is written once, with its serial in it.
            row.published_serial = serials.count_change(
                self._session,
                row.project_id,
                row.normalized,
                names_changed=not was_listed and row.quarantined_at is None,
            )
        return row.published_serial

    def remove_refused(self, file_id: int) -> None:
        """Drop the row of a file that was received and did not pass."""
        row = self._session.get_one(File, file_id)
        if row.status is FileStatus.RECEIVED:
            self._session.delete(row)

    def _release_of(self, row: File, package: Package) -> Release:
        release = self._session.scalar(
            _RELEASE, {"package": package.id, "version": row.version_key}
        )
        if release is None:
            version = ReleaseVersion.parse(row.version)
            release = Release(
                project_id=row.project_id,
                package_id=package.id,
                version=row.version,
                version_key=row.version_key,
                version_order=version.order,
                is_prerelease=version.is_prerelease,
                publisher=row.publisher,
                created_at=database_time(self._session),
            )
            self._session.add(release)
            self._session.flush()
        return release

    def _package_of(self, row: File, name: str) -> Package:
        package = self._session.scalar(
            PACKAGE, {"project": row.project_id, "package": row.normalized}
        )
        if package is None:
            package = Package(
                project_id=row.project_id,
                name=name,
                normalized=row.normalized,
                serial=0,
                indexed_serial=0,
                created_at=database_time(self._session),
            )
            self._session.add(package)
            self._session.flush()
        return package


def _described(file_id: int, metadata: CoreMetadata) -> FileMetadata:
    document: Document = {
        "author": metadata.author,
        "author_email": metadata.author_email,
        "classifiers": list(metadata.classifiers),
        "home_page": metadata.home_page,
        "keywords": metadata.keywords,
        "license": metadata.license,
        "license_files": list(metadata.license_files),
        "project_urls": [list(pair) for pair in metadata.project_urls],
        "provides_extra": list(metadata.provides_extra),
        "requires_dist": list(metadata.requires_dist),
    }
    return FileMetadata(
        file_id=file_id,
        summary=metadata.summary,
        license_expression=metadata.license_expression,
        description=metadata.description,
        description_content_type=metadata.description_content_type,
        document=document,
    )


def _stored(row: File) -> StoredFile:
    return StoredFile(
        id=row.id,
        project_id=row.project_id,
        upload_id=row.upload_id,
        filename=row.filename,
        package=row.normalized,
        version=row.version,
        size=row.size,
        digests=Digests(row.sha256, row.md5, row.blake2b),
        blob_key=row.blob_key,
        status=row.status,
        publisher=from_document(row.publisher),
        metadata_sha256=row.metadata_sha256,
        metadata_size=row.metadata_size,
        attested=row.attested,
    )
