"""Attestations, kept beside the files that they came with."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import serials
from wheelyard_core.adapters.db.models import File, FileAttestations
from wheelyard_core.adapters.db.publishers import from_document
from wheelyard_core.domain.attestations import Attested
from wheelyard_core.domain.releases import ReleaseName


class SqlAttestations:
    """The attestations of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, file_id: int) -> str | None:
        """Return what came with a file, as it was kept."""
        return self._session.scalar(
            select(FileAttestations.document).where(FileAttestations.file_id == file_id)
        )

    def to_serve(
        self, project_ids: Collection[int], name: ReleaseName, filename: str
    ) -> Attested | None:
        """Return those of the file that these projects' page lists; None where it has none."""
        row = self._session.execute(
            select(File.publisher, FileAttestations.document)
            .outerjoin(FileAttestations, FileAttestations.file_id == File.id)
            .where(
                File.project_id.in_(project_ids),
                File.filename == filename,
                File.normalized == name.package,
                File.version_key == name.version,
                *serials.listed(),
            )
            # As on the page: the older file wins where two projects hold one file name.
            .order_by(File.published_at, File.id)
            .limit(1)
        ).first()
        if row is None or row.document is None:
            return None
        publisher = from_document(row.publisher)
        return None if publisher.identity is None else Attested(publisher.identity, row.document)
