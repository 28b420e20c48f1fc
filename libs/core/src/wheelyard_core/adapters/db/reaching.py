"""Which groups and projects somebody sees in lists, as conditions of a query.

`ProjectRow` must be joined with its `Namespace` where projects are asked for.

What an account reaches is worked out once for a statement, from its memberships along `parent_id`,
and never for each row: somebody may have thousands of memberships, and a list thousands of rows.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import CTE, ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import aliased

from wheelyard_core.adapters.db.models import Member, Namespace, ProjectRow
from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administration import Reach

# Made once: docs/decisions/0041-statements-made-once.md.
_OTHER: Final = aliased(Namespace)


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
        shown.append(below(reach.group_id))
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
        shown.append(below(reach.group_id))
    return or_(*shown)


def has_role_in_project(user_id: int, least: Role, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role there, or in a group above."""
    direct = select(Member.project_id).where(
        Member.project_id.is_not(None), *_counts(user_id, least, now)
    )
    return or_(ProjectRow.id.in_(direct), has_role_in_group(user_id, least, now))


def has_role_in_group(user_id: int, least: Role, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role in the namespace, or in one above."""
    direct = select(Member.namespace_id.label("id")).where(
        Member.namespace_id.is_not(None), *_counts(user_id, least, now)
    )
    reached = direct.cte(recursive=True)
    reached = reached.union(select(_OTHER.id).join(reached, _OTHER.parent_id == reached.c.id))
    return Namespace.id.in_(_each(reached))


def is_member_below(user_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the account has a role in the namespace, or in something below."""
    direct = (
        select(func.coalesce(Member.namespace_id, ProjectRow.namespace_id).label("id"))
        .select_from(Member)
        .outerjoin(ProjectRow, ProjectRow.id == Member.project_id)
        .where(*_counts(user_id, Role.GUEST, now))
    )
    reached = direct.cte(recursive=True)
    reached = reached.union(
        select(_OTHER.parent_id)
        .join(reached, _OTHER.id == reached.c.id)
        .where(_OTHER.parent_id.is_not(None))
    )
    return Namespace.id.in_(_each(reached))


def below(namespace_id: int) -> ColumnElement[bool]:
    """Return the condition that a namespace is this one or below it."""
    return Namespace.lineage.contains(f"/{namespace_id}/")


def with_namespace() -> Select[ProjectRow, Namespace]:
    """Return the query of projects with their namespaces."""
    return select(ProjectRow, Namespace).join(Namespace, Namespace.id == ProjectRow.namespace_id)


def _each(reached: CTE) -> Select[int]:
    # PostgreSQL cannot know how far a recursion goes, guesses far too high, and above its
    # `work_mem` looks through all of it for each row. Of distinct ones it guesses 200.
    return select(reached.c.id).distinct()


def _counts(user_id: int, least: Role, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.user_id == user_id,
        Member.access_level >= int(least),
        or_(Member.expires_at.is_(None), Member.expires_at > now),
    )
