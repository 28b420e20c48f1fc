"""Groups, as administration lists and changes them, and the personal namespaces beside them."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import paths, reaching
from wheelyard_core.adapters.db.listing import contains, part_of
from wheelyard_core.adapters.db.models import Member, Namespace, Token, User
from wheelyard_core.adapters.db.projects import group_ids_of
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administration import (
    Group,
    GroupChanges,
    GroupFilter,
    Listed,
    Reach,
    Stretch,
)

_ORDERS: Final = {
    "id": Namespace.id,
    "name": Namespace.name,
    "path": Namespace.path_key,
    "full_path": Namespace.path_key,
    "created_at": Namespace.created_at,
}


class SqlGroups:
    """The groups of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, reference: str) -> Group | None:
        """Return the group of a number or a full path, in any case; no personal namespace."""
        row = paths.find_group(self._session, reference)
        return None if row is None else group_of(row)

    def namespace(self, namespace_id: int) -> Group | None:
        """Return a group or a personal namespace by its number."""
        row = self._session.get(Namespace, namespace_id)
        return None if row is None else group_of(row)

    def personal(self, user_id: int, *, make: bool) -> Group | None:
        """Return an account's personal namespace, made now if need be and *make*."""
        row = self._session.scalar(select(Namespace).where(Namespace.owner_id == user_id))
        if row is None and make:
            row = self._make_personal(self._session.get_one(User, user_id))
        return None if row is None else group_of(row)

    def listed(
        self, reach: Reach, wanted: GroupFilter, stretch: Stretch, now: datetime
    ) -> Listed[Group]:
        """Return a part of the list of groups that somebody of this *reach* sees."""
        query = select(Namespace).where(
            Namespace.owner_id.is_(None), reaching.sees_group(reach, now)
        )
        if wanted.search is not None:
            query = query.where(contains(wanted.search, Namespace.name, Namespace.full_path))
        if wanted.parent_id is not None:
            query = query.where(Namespace.parent_id == wanted.parent_id)
        if wanted.below_id is not None:
            query = query.where(reaching.below(wanted.below_id), Namespace.id != wanted.below_id)
        if wanted.top_level:
            query = query.where(Namespace.parent_id.is_(None))
        if wanted.visibility is not None:
            query = query.where(Namespace.visibility == wanted.visibility)
        if wanted.least_role is not None and reach.user_id is not None:
            query = query.where(reaching.has_role_in_group(reach.user_id, wanted.least_role, now))
        return part_of(self._session, query, stretch, _ORDERS, group_of)

    def role_in(self, user_id: int, group: Group, now: datetime) -> Role:
        """Return the highest role that the account has in the group or one above it."""
        level = self._session.scalar(
            select(func.max(Member.access_level)).where(
                Member.user_id == user_id,
                Member.namespace_id.in_(group.group_ids),
                or_(Member.expires_at.is_(None), Member.expires_at > now),
            )
        )
        return Role(level) if level else Role.NONE

    def is_member_below(self, user_id: int, group_id: int, now: datetime) -> bool:
        """Tell whether the account has a role in something below the group."""
        query = select(Namespace.id).where(
            Namespace.id == group_id, reaching.is_member_below(user_id, now)
        )
        return self._session.scalar(query) is not None

    def change(self, group_id: int, changes: GroupChanges) -> Group:
        """Change a group; what is below follows its path. Raises AlreadyTaken."""
        row = self._session.get_one(Namespace, group_id)
        if changes.path is not None and changes.path != row.path:
            if row.parent_id is None and changes.path.lower() != row.path_key:
                paths.require_no_user(self._session, changes.path)
            paths.move(self._session, row, changes.path)
        for name in ("name", "description", "visibility", "burn_filenames", "package_overlap"):
            value = getattr(changes, name)
            if value is not None:
                setattr(row, name, value)
        self._session.flush()
        return group_of(row)

    def delete(self, namespace_id: int) -> None:
        """Delete a namespace without projects, and those below it; their tokens stay, revoked."""
        here = select(Namespace.id).where(reaching.below(namespace_id)).scalar_subquery()
        now = database_time(self._session)
        self._session.execute(delete(Member).where(Member.namespace_id.in_(here)))
        self._session.execute(
            update(Token)
            .where(Token.namespace_id.in_(here))
            .values(namespace_id=None, revoked_at=func.coalesce(Token.revoked_at, now))
        )
        # The deepest first: each one below points to the one above.
        rows = self._session.scalars(
            select(Namespace)
            .where(reaching.below(namespace_id))
            .order_by(func.length(Namespace.full_path).desc())
        ).all()
        for row in rows:
            self._session.delete(row)
            self._session.flush()

    def _make_personal(self, user: User) -> Namespace:
        paths.require_free(self._session, user.username)
        now = database_time(self._session)
        row = Namespace(
            owner_id=user.id,
            name=user.username,
            path=user.username,
            full_path=user.username,
            path_key=user.username_key,
            lineage="/",
            visibility=Visibility.PRIVATE,
            created_at=now,
        )
        self._session.add(row)
        self._session.flush()
        row.lineage = f"/{row.id}/"
        self._session.add(
            Member(
                user_id=user.id,
                namespace_id=row.id,
                access_level=int(Role.OWNER),
                created_at=now,
            )
        )
        self._session.flush()
        return row


def group_of(row: Namespace) -> Group:
    """Return a namespace's row as a value."""
    return Group(
        id=row.id,
        name=row.name,
        path=row.path,
        full_path=row.full_path,
        parent_id=row.parent_id,
        owner_id=row.owner_id,
        visibility=row.visibility,
        description=row.description,
        burn_filenames=row.burn_filenames,
        package_overlap=row.package_overlap,
        created_at=row.created_at,
        group_ids=group_ids_of(row.lineage),
    )
