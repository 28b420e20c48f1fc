"""Projects and the roles that accounts have in them."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from wheelyard_core.adapters.db.models import Member, Namespace, ProjectRow
from wheelyard_core.domain.access import ProjectPolicy, Role
from wheelyard_core.domain.catalogue import Project

# Digits that surely fit 64 bits: a longer number is no id, and PostgreSQL would refuse it.
LONGEST_ID: Final = 18
_ABOVE: Final = aliased(Namespace)
_BURNS_ABOVE: Final = (
    exists()
    .where(_ABOVE.burn_filenames, Namespace.lineage.startswith(_ABOVE.lineage, autoescape=False))
    .correlate(Namespace)
)
# Made once: docs/decisions/0041-statements-made-once.md.
_PROJECTS: Final = select(ProjectRow, Namespace.lineage, _BURNS_ABOVE).join(
    Namespace, Namespace.id == ProjectRow.namespace_id
)
_BY_ID: Final = _PROJECTS.where(ProjectRow.id == bindparam("key"))
_BY_PATH: Final = _PROJECTS.where(ProjectRow.path_key == bindparam("key"))
# Of an account in a project and the groups above it.
_MEMBERSHIPS: Final = (
    Member.user_id == bindparam("user"),
    or_(
        Member.project_id == bindparam("project"),
        Member.namespace_id.in_(bindparam("groups", expanding=True)),
    ),
)
_LEVEL: Final = select(func.max(Member.access_level)).where(
    *_MEMBERSHIPS, or_(Member.expires_at.is_(None), Member.expires_at > bindparam("now"))
)
_NEXT_CHANGE: Final = select(func.min(Member.expires_at)).where(
    *_MEMBERSHIPS, Member.expires_at > bindparam("now")
)


class SqlProjects:
    """Looks projects up; their administration is elsewhere."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, reference: str) -> Project | None:
        """Return the project of a number or a full path, in any case."""
        if reference.isascii() and reference.isdecimal():
            if len(reference) > LONGEST_ID:
                return None
            rows = self._session.execute(_BY_ID, {"key": int(reference)})
        else:
            rows = self._session.execute(_BY_PATH, {"key": reference.strip("/").lower()})
        found = rows.first()
        return None if found is None else _project(found[0], found[1], burns=found[2])

    def role_in(self, user_id: int, policy: ProjectPolicy, now: datetime) -> Role:
        """Return the highest role that the account has in the project or a group above it."""
        level = self._session.scalar(_LEVEL, _whose(user_id, policy, now))
        return Role(level) if level else Role.NONE

    def role_changes(self, user_id: int, policy: ProjectPolicy, now: datetime) -> datetime | None:
        """Return when the next of the account's memberships there expires, if any does."""
        return self._session.scalar(_NEXT_CHANGE, _whose(user_id, policy, now))

    def any_role_changes(self, user_id: int, now: datetime) -> datetime | None:
        """Return when the next of all the account's memberships expires, if any does."""
        return self._session.scalar(
            select(func.min(Member.expires_at)).where(
                Member.user_id == user_id, Member.expires_at > now
            )
        )


def _whose(user_id: int, policy: ProjectPolicy, now: datetime) -> dict[str, object]:
    groups = policy.group_ids
    return {"user": user_id, "project": policy.project_id, "groups": groups, "now": now}


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
