"""Projects and the roles that accounts have in them."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from wheelyard_core.adapters.db.models import Member, Namespace, ProjectRow
from wheelyard_core.domain.access import ProjectPolicy, Role
from wheelyard_core.domain.catalogue import Project

_ABOVE: Final = aliased(Namespace)
_BURNS_ABOVE: Final = (
    exists()
    .where(_ABOVE.burn_filenames, Namespace.lineage.startswith(_ABOVE.lineage, autoescape=False))
    .correlate(Namespace)
)
# Made once, for that is most of what asking costs.
_PROJECTS: Final = select(ProjectRow, Namespace.lineage, _BURNS_ABOVE).join(
    Namespace, Namespace.id == ProjectRow.namespace_id
)


class SqlProjects:
    """Looks projects up; their administration is elsewhere."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, reference: str) -> Project | None:
        """Return the project of a number or a full path, in any case."""
        query = _PROJECTS
        if reference.isascii() and reference.isdecimal():
            # A longer number is no id, and PostgreSQL would refuse it.
            if len(reference) > 18:  # noqa: PLR2004  digits that surely fit 64 bits
                return None
            query = query.where(ProjectRow.id == int(reference))
        else:
            query = query.where(ProjectRow.path_key == reference.strip("/").lower())
        found = self._session.execute(query).first()
        return None if found is None else _project(found[0], found[1], burns=found[2])

    def role_in(self, user_id: int, policy: ProjectPolicy, now: datetime) -> Role:
        """Return the highest role that the account has in the project or a group above it."""
        level = self._session.scalar(
            select(func.max(Member.access_level)).where(
                *_memberships(user_id, policy),
                or_(Member.expires_at.is_(None), Member.expires_at > now),
            )
        )
        return Role(level) if level else Role.NONE

    def role_changes(self, user_id: int, policy: ProjectPolicy, now: datetime) -> datetime | None:
        """Return when the next of the account's memberships there expires, if any does."""
        return self._session.scalar(
            select(func.min(Member.expires_at)).where(
                *_memberships(user_id, policy), Member.expires_at > now
            )
        )

    def any_role_changes(self, user_id: int, now: datetime) -> datetime | None:
        """Return when the next of all the account's memberships expires, if any does."""
        return self._session.scalar(
            select(func.min(Member.expires_at)).where(
                Member.user_id == user_id, Member.expires_at > now
            )
        )


def _memberships(user_id: int, policy: ProjectPolicy) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.user_id == user_id,
        or_(Member.project_id == policy.project_id, Member.namespace_id.in_(policy.group_ids)),
    )


def group_ids_of(lineage: str) -> tuple[int, ...]:
    """Return the ids in a lineage ("/1/7/"), from the root."""
    return tuple(int(part) for part in lineage.strip("/").split("/"))


def _project(row: ProjectRow, lineage: str, *, burns: bool) -> Project:
    policy = ProjectPolicy(row.id, row.visibility, row.registry_access, group_ids_of(lineage))
    return Project(
        id=row.id,
        name=row.name,
        path=row.path,
        full_path=row.full_path,
        policy=policy,
        burn_filenames=burns or row.burn_filenames,
        release_open_hours=row.release_open_hours,
        attestation_policy=row.attestation_policy,
    )
