"""Packages, and how they stand."""

from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import serials
from wheelyard_core.adapters.db.models import File
from wheelyard_core.adapters.db.models import Package as PackageRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.catalogue import Package
from wheelyard_core.domain.standing import Standing

PACKAGE: Final = select(PackageRow).where(
    PackageRow.project_id == bindparam("project"), PackageRow.normalized == bindparam("package")
)


class SqlPackages:
    """The packages of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, project_id: int, normalized: str) -> Package | None:
        """Return a package by its normalized name."""
        row = self._row(project_id, normalized)
        return None if row is None else Package(row.name, row.normalized, standing_of(row))

    def set_standing(self, project_id: int, normalized: str, standing: Standing) -> int:
        """Have a package that is there stand so; return its new serial.

        Files know that they are quarantined: what lists and serves them asks nothing else.
        """
        row = self._row(project_id, normalized)
        if row is None:
            raise LookupError(normalized)
        was_listed = serials.is_listed(self._session, project_id, normalized)
        row.status, row.status_reason = standing.status, standing.reason
        since = database_time(self._session) if standing.hides else None
        self._session.execute(
            update(File)
            .where(File.project_id == project_id, File.normalized == normalized)
            .values(quarantined_at=since)
        )
        return serials.advance(self._session, project_id, normalized, was_listed=was_listed)

    def _row(self, project_id: int, normalized: str) -> PackageRow | None:
        return self._session.scalar(PACKAGE, {"project": project_id, "package": normalized})


def standing_of(row: PackageRow) -> Standing:
    """Return how a package stands."""
    return Standing(row.status, row.status_reason)
