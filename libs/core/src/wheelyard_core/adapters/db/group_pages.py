"""What the pages of groups are made of: by name first, so that no group is too large."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import reaching, serials
from wheelyard_core.adapters.db.models import File, Namespace, Package, ProjectRow
from wheelyard_core.adapters.db.projects import group_ids_of
from wheelyard_core.domain.catalogue import FileStatus
from wheelyard_core.domain.group_index import Holder, Holding, Overlap, PackageOverlap


class SqlGroupPages:
    """The pages of one transaction over the projects below a group."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def holders(self, group_id: int, normalized: str) -> tuple[Holder, ...]:
        """Return the projects below that have a package of this name, the first one first."""
        rows = self._session.execute(
            select(Package.project_id, Package.serial)
            .join(ProjectRow, ProjectRow.id == Package.project_id)
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(Package.normalized == normalized, reaching.below(group_id))
            .order_by(Package.id)
        )
        return tuple(Holder(project_id, serial) for project_id, serial in rows)

    def awaiting(self, group_id: int, normalized: str) -> frozenset[int]:
        """Return the projects below where a file of this name is being verified."""
        return frozenset(
            self._session.scalars(
                select(File.project_id)
                .join(ProjectRow, ProjectRow.id == File.project_id)
                .join(Namespace, Namespace.id == ProjectRow.namespace_id)
                .where(
                    File.normalized == normalized,
                    # As in the index: it has the few files that wait.
                    File.status == FileStatus.RECEIVED,
                    reaching.below(group_id),
                )
            )
        )

    def root_state(self, group_id: int) -> tuple[int, ...]:
        """Return numbers that change with the set of names below; the first one is a serial.

        It is the sum, which grows when the names of any project change: the highest one stands
        still while those of others do.
        """
        row = self._session.execute(
            select(
                func.coalesce(func.sum(ProjectRow.root_serial), 0),
                func.count(),
                func.coalesce(func.sum(ProjectRow.id), 0),
                func.coalesce(func.sum(ProjectRow.id * ProjectRow.root_serial), 0),
            )
            .select_from(ProjectRow)
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(reaching.below(group_id))
        ).one()
        return tuple(int(number) for number in row)

    def names(self, group_id: int) -> tuple[tuple[int, str], ...]:
        """Return each project's names that have something installable, the first one first."""
        rows = self._session.execute(
            select(Package.project_id, Package.name)
            .join(ProjectRow, ProjectRow.id == Package.project_id)
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(reaching.below(group_id), serials.has_listed())
            .order_by(Package.id)
        )
        return tuple((project_id, name) for project_id, name in rows)

    def shared(
        self, group_id: int, normalized: str | None = None
    ) -> Mapping[str, Sequence[Holding]]:
        """Return the names that several projects below have, and (the first one first) which."""
        here = (
            select(Package)
            .join(ProjectRow, ProjectRow.id == Package.project_id)
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(reaching.below(group_id))
        )
        if normalized is not None:
            here = here.where(Package.normalized == normalized)
        names = (
            here.with_only_columns(Package.normalized)
            .group_by(Package.normalized)
            .having(func.count() > 1)
        )
        rows = self._session.execute(
            here.with_only_columns(
                Package.normalized, ProjectRow.id, ProjectRow.full_path, Namespace.lineage
            )
            .where(Package.normalized.in_(names))
            .order_by(Package.normalized, Package.id)
        )
        found: dict[str, list[Holding]] = {}
        for name, project_id, path, lineage in rows:
            found.setdefault(name, []).append(Holding(project_id, path, group_ids_of(lineage)))
        return found

    def claim(self, project_id: int, normalized: str) -> None:
        """Let this transaction alone begin to use a name below the project's outermost group.

        One lock stands for all groups above a project, so there is no order to take them in. It
        comes after the package's own, and whoever holds it waits for no other package.
        """
        mine = self._place(project_id)
        if mine is not None:
            serials.lock_name(self._session, group_ids_of(mine[1])[0], normalized)

    def overlaps(self, project_id: int, normalized: str) -> tuple[Overlap, ...]:
        """Return in which groups above the project others have the name, the nearest one first."""
        others = [
            (path, frozenset(group_ids_of(lineage)))
            for path, lineage in self._session.execute(
                select(ProjectRow.full_path, Namespace.lineage)
                .join(Namespace, Namespace.id == ProjectRow.namespace_id)
                .join(Package, Package.project_id == ProjectRow.id)
                .where(Package.normalized == normalized, ProjectRow.id != project_id)
                .order_by(Package.id)
            )
        ]
        # Nobody else has most names.
        mine = self._place(project_id) if others else None
        if mine is None:
            return ()
        shared = [
            (group_id, tuple(path for path, above in others if group_id in above))
            for group_id in reversed(group_ids_of(mine[1]))
        ]
        common = [group_id for group_id, paths in shared if paths]
        policies = self._policies(common) if common else {}
        return tuple(
            Overlap(group_id, *policies[group_id], normalized, mine[0], paths)
            for group_id, paths in shared
            if group_id in policies
        )

    def _place(self, project_id: int) -> tuple[str, str] | None:
        found = self._session.execute(
            select(ProjectRow.full_path, Namespace.lineage)
            .join(Namespace, Namespace.id == ProjectRow.namespace_id)
            .where(ProjectRow.id == project_id, Namespace.owner_id.is_(None))
        ).first()
        return None if found is None else (found[0], found[1])

    def _policies(self, group_ids: list[int]) -> dict[int, tuple[str, PackageOverlap]]:
        rows = self._session.execute(
            select(Namespace.id, Namespace.full_path, Namespace.package_overlap).where(
                Namespace.id.in_(group_ids)
            )
        )
        return {group_id: (path, policy) for group_id, path, policy in rows}
