"""What simple pages are made of, read in one snapshot."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import paths, serials
from wheelyard_core.adapters.db.models import File, Member, Namespace, Package, ProjectRow
from wheelyard_core.adapters.db.projects import group_ids_of
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.access import ProjectPolicy, Role
from wheelyard_core.domain.catalogue import ListedFile, PackageListing, RootListing, Yanked
from wheelyard_core.domain.group_access import GroupProjects
from wheelyard_core.domain.standing import Standing, standing_of_all

_COLUMNS = (
    File.filename,
    File.version,
    File.sha256,
    File.size,
    File.published_at,
    File.requires_python,
    File.metadata_sha256,
    File.yanked,
    File.attested,
)
_STANDINGS: Final = (
    select(Package.serial, Package.status, Package.status_reason)
    .where(
        Package.project_id.in_(bindparam("projects", expanding=True)),
        Package.normalized == bindparam("package"),
    )
    .order_by(Package.id)
)
_LISTED: Final = (
    select(*_COLUMNS)
    .where(
        File.project_id.in_(bindparam("projects", expanding=True)),
        File.normalized == bindparam("package"),
        *serials.listed(),
    )
    # The older file wins where two projects hold one file name.
    .order_by(File.published_at, File.id)
)
_SERIAL: Final = select(Package.serial).where(
    Package.project_id == bindparam("project"), Package.normalized == bindparam("package")
)
_ROOT_SERIAL: Final = select(ProjectRow.root_serial).where(ProjectRow.id == bindparam("project"))


class SqlPages:
    """The pages of one transaction: columns only, for a page may have ten thousand files."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def package(self, project_ids: Sequence[int], normalized: str) -> PackageListing | None:
        """Return a package's listing over these projects; None where no project knows the name.

        A file that is being verified makes its package known and is not listed. The serials of
        several projects cannot be compared: their sum grows with a change in any of them.
        """
        asked = {"projects": project_ids, "package": normalized}
        packages = self._session.execute(_STANDINGS, asked).all()
        if not packages and not self._is_awaited(project_ids, normalized):
            return None
        rows = self._session.execute(_LISTED, asked)
        files: dict[str, ListedFile] = {}
        for row in rows:
            name, version, sha256, size, published_at, python, metadata, yanked, attested = row
            if published_at is not None:
                state = None if yanked is None else Yanked(yanked)
                file = ListedFile(
                    name, version, sha256, size, published_at, python, metadata, state, attested
                )
                files.setdefault(name, file)
        serial = sum(serial for serial, _, _ in packages)
        standing = standing_of_all([Standing(status, reason) for _, status, reason in packages])
        return PackageListing(normalized, serial, tuple(files.values()), standing)

    def root(self, project_ids: Sequence[int]) -> RootListing:
        """Return the names, as first published, that have something installable."""
        names = self._session.scalars(
            select(Package.name)
            .where(Package.project_id.in_(project_ids), serials.has_listed())
            .order_by(Package.normalized, Package.id)
        ).all()
        serial = self._session.scalar(
            select(func.max(ProjectRow.root_serial)).where(ProjectRow.id.in_(project_ids))
        )
        return RootListing(serial or 0, tuple(names))

    def serial_of(self, project_id: int, normalized: str) -> int:
        """Return the serial that the package's page has now."""
        asked = {"project": project_id, "package": normalized}
        return self._session.scalar(_SERIAL, asked) or 0

    def root_serial_of(self, project_id: int) -> int:
        """Return the serial that the project's root page has now."""
        return self._session.scalar(_ROOT_SERIAL, {"project": project_id}) or 0

    def mark_indexed(self, project_id: int, normalized: str, serial: int) -> None:
        """Record that the page in the cache is at *serial* or newer."""
        serials.mark_indexed(self._session, project_id, normalized, serial)

    def is_indexed(self, project_id: int, normalized: str, serial: int) -> bool:
        """Tell whether the page in the cache is at *serial* or newer."""
        query = select(Package.indexed_serial).where(
            Package.project_id == project_id, Package.normalized == normalized
        )
        indexed = self._session.scalar(query)
        return indexed is not None and indexed >= serial

    def below(self, group: str, user_id: int | None) -> GroupProjects | None:
        """Return every project below a group with the role of an account in each."""
        namespace = paths.find_group(self._session, group)
        if namespace is None:
            return None
        rows = self._session.execute(
            select(
                ProjectRow.id, ProjectRow.visibility, ProjectRow.registry_access, Namespace.lineage
            )
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(Namespace.lineage.startswith(namespace.lineage))
        ).all()
        direct, inherited = self._roles(user_id)
        projects = []
        for project_id, visibility, access, lineage in rows:
            policy = ProjectPolicy(project_id, visibility, access, group_ids_of(lineage))
            roles = [inherited.get(group_id, 0) for group_id in policy.group_ids]
            projects.append((policy, Role(max(direct.get(project_id, 0), *roles))))
        own = group_ids_of(namespace.lineage)
        role = Role(max(inherited.get(group_id, 0) for group_id in own))
        return GroupProjects(
            namespace.id,
            own,
            namespace.visibility,
            role,
            tuple(projects),
            namespace.package_overlap,
        )

    def _roles(self, user_id: int | None) -> tuple[dict[int, int], dict[int, int]]:
        if user_id is None:
            return {}, {}
        now = database_time(self._session)
        rows = self._session.execute(
            select(Member.project_id, Member.namespace_id, Member.access_level).where(
                Member.user_id == user_id,
                or_(Member.expires_at.is_(None), Member.expires_at > now),
            )
        ).all()
        direct = {project: level for project, _, level in rows if project is not None}
        inherited = {group: level for _, group, level in rows if group is not None}
        return direct, inherited

    def _is_awaited(self, project_ids: Sequence[int], normalized: str) -> bool:
        return bool(
            self._session.scalar(
                select(
                    exists().where(
                        File.project_id.in_(project_ids),
                        File.normalized == normalized,
                        File.deleted_at.is_(None),
                    )
                )
            )
        )
