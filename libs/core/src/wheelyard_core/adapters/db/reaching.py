"""Which groups and projects somebody sees in lists, as conditions of a query.

`ProjectRow` must be joined with its `Namespace` where projects are asked for.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from wheelyard_core.adapters.db.models import Member, Namespace, ProjectRow
from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administration import Reach

# Made once, for that is most of what asking costs.
_ABOVE: Final = aliased(Namespace)
_BELOW: Final = aliased(Namespace)
_HOLDER: Final = aliased(Namespace)


def sees_project(reach: Reach, now: datetime) -> ColumnElement[bool]:
    """Return the condition that lists show a project to somebody of this *reach*."""
    if reach.everything:
        return true()
    shown: list[ColumnElement[bool]] = [ProjectRow.visibility == Visibility.PUBLIC]
    if reach.internal:
        shown.append(ProjectRow.visibility == Visibility.INTERNAL)
    if reach.user_id is not None:
        shown.append(has_role_in_project(reach.user_id, Role.GUEST, now))
    if reach.project_id is not None:
        shown.append(ProjectRow.id == reach.project_id)
    if reach.group_id is not None:
        shown.append(Namespace.lineage.contains(f"/{reach.group_id}/"))
    return or_(*shown)


def sees_group(reach: Reach, now: datetime) -> ColumnElement[bool]:
    """Return the condition that lists show a group to somebody of this *reach*."""
    if reach.everything:
        return true()
    shown: list[ColumnElement[bool]] = [Namespace.visibility == Visibility.PUBLIC]
    if reach.internal:
        shown.append(Namespace.visibility == Visibility.INTERNAL)
    if reach.user_id is not None:
        shown.append(has_role_in_group(reach.user_id, Role.GUEST, now))
        shown.append(is_member_below(reach.user_id, now))
    if reach.group_id is not None:
        shown.append(Namespace.lineage.contains(f"/{reach.group_id}/"))
    return or_(*shown) if shown else false()


def has_role_in_project(user_id: int, least: Role, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role there, or in a group above."""
    direct = (
        exists()
        .where(Member.project_id == ProjectRow.id, *_counts(user_id, least, now))
        .correlate(ProjectRow)
    )
    return or_(direct, has_role_in_group(user_id, least, now))


def has_role_in_group(user_id: int, least: Role, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role in the namespace, or in one above."""
    return (
        exists()
        .where(
            Member.namespace_id == _ABOVE.id,
            Namespace.lineage.startswith(_ABOVE.lineage),
            *_counts(user_id, least, now),
        )
        .correlate(Namespace)
    )


def is_member_below(user_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role in something below the namespace."""
    in_group = (
        exists()
        .where(
            Member.namespace_id == _BELOW.id,
            _BELOW.lineage.startswith(Namespace.lineage),
            *_counts(user_id, Role.GUEST, now),
        )
        .correlate(Namespace)
    )
    in_project = (
        exists()
        .where(
            Member.project_id == ProjectRow.id,
            ProjectRow.namespace_id == _HOLDER.id,
            _HOLDER.lineage.startswith(Namespace.lineage),
            *_counts(user_id, Role.GUEST, now),
        )
        .correlate(Namespace)
    )
    return or_(in_group, in_project)


def below(namespace_id: int) -> ColumnElement[bool]:
    """Return the condition that a namespace is this one or below it."""
    return Namespace.lineage.contains(f"/{namespace_id}/")


def with_namespace() -> Select[ProjectRow, Namespace]:
    """Return the query of projects with their namespaces."""
    return select(ProjectRow, Namespace).join(Namespace, Namespace.id == ProjectRow.namespace_id)


def _counts(user_id: int, least: Role, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.user_id == user_id,
        Member.access_level >= int(least),
        or_(Member.expires_at.is_(None), Member.expires_at > now),
    )
