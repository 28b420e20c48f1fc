"""Members of groups and projects."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import reaching
from wheelyard_core.adapters.db.listing import contains, part_of
from wheelyard_core.adapters.db.models import Member, Namespace, ProjectRow, User
from wheelyard_core.adapters.db.users import user_of
from wheelyard_core.domain.access import Role
from wheelyard_core.domain.administration import Listed, Membership, Place, Stretch

_ORDERS: Final = {"id": User.id}


class SqlMembers:
    """The members of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(
        self, place: Place, user_id: int, now: datetime, *, inherited: bool = False
    ) -> Membership | None:
        """Return an account's role in the place itself, or (*inherited*) the highest there."""
        query = self._query(place, now, inherited=inherited).where(User.id == user_id)
        row = self._session.execute(query.order_by(Member.access_level.desc()).limit(1)).first()
        return None if row is None else _membership(*row)

    def roles(self, place: Place, user_ids: Collection[int], now: datetime) -> Mapping[int, Role]:
        """Return the roles in the place itself of those of these accounts that have one."""
        query = self._query(place, now, inherited=False).where(User.id.in_(user_ids))
        return {user.id: Role(member.access_level) for member, user in self._session.execute(query)}

    def listed(
        self,
        place: Place,
        stretch: Stretch,
        now: datetime,
        *,
        search: str | None = None,
        inherited: bool = False,
    ) -> Listed[Membership]:
        """Return a part of the list of members, each account once with its highest role."""
        query = self._query(place, now, inherited=inherited)
        if inherited:
            query = query.where(Member.id.in_(self._highest(place, now)))
        if search is not None:
            query = query.where(contains(search, User.name, User.username))
        return part_of(self._session, query, stretch, _ORDERS, _membership)

    def change(self, place: Place, user_id: int, role: Role, expires_at: datetime | None) -> None:
        """Give a direct member another role and end."""
        row = self._session.scalars(
            select(Member).where(_in(place), Member.user_id == user_id)
        ).one()
        row.access_level, row.expires_at = int(role), expires_at
        self._session.flush()

    def remove(self, place: Place, user_id: int, *, below: bool = False) -> None:
        """Remove a direct member, and (*below*) from everything below the group."""
        places = [_in(place)]
        if below and place.group_id is not None:
            groups = select(Namespace.id).where(reaching.below(place.group_id))
            projects = select(ProjectRow.id).where(
                ProjectRow.namespace_id.in_(groups.scalar_subquery())
            )
            places.append(Member.namespace_id.in_(groups.scalar_subquery()))
            places.append(Member.project_id.in_(projects.scalar_subquery()))
        self._session.execute(delete(Member).where(Member.user_id == user_id, or_(*places)))

    def has_other_owner(self, place: Place, user_id: int, now: datetime) -> bool:
        """Tell whether anybody else owns the place, or a group above it."""
        query = self._query(place, now, inherited=True).where(
            User.id != user_id, Member.access_level == int(Role.OWNER)
        )
        return self._session.execute(query.limit(1)).first() is not None

    def _query(self, place: Place, now: datetime, *, inherited: bool) -> Select[Member, User]:
        where = _in_or_above(place) if inherited else _in(place)
        return (
            select(Member, User)
            .join(User, User.id == Member.user_id)
            .where(where, or_(Member.expires_at.is_(None), Member.expires_at > now))
        )

    def _highest(self, place: Place, now: datetime) -> Select[int]:
        """Return the query of one row for each account: that of its highest role."""
        ranked = (
            self._query(place, now, inherited=True)
            .with_only_columns(
                Member.id.label("id"),
                func.row_number()
                .over(
                    partition_by=Member.user_id,
                    order_by=(Member.access_level.desc(), Member.id),
                )
                .label("rank"),
            )
            .subquery()
        )
        return select(ranked.c.id).where(ranked.c.rank == 1)


def _in(place: Place) -> ColumnElement[bool]:
    if place.project_id is not None:
        return Member.project_id == place.project_id
    return Member.namespace_id == place.group_id


def _in_or_above(place: Place) -> ColumnElement[bool]:
    return or_(_in(place), Member.namespace_id.in_(place.above))


def _membership(member: Member, user: User) -> Membership:
    return Membership(
        user_of(user), Role(member.access_level), member.expires_at, member.created_at
    )
