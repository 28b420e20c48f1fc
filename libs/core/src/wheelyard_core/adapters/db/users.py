"""Accounts, as administration lists and changes them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from wheelyard_core.adapters.db import paths
from wheelyard_core.adapters.db.listing import contains, part_of
from wheelyard_core.adapters.db.models import File, Member, Namespace, ProjectRow, Token
from wheelyard_core.adapters.db.models import User as UserRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.access import Role
from wheelyard_core.domain.administration import Listed, Stretch, User, UserChanges, UserFilter
from wheelyard_core.domain.errors import AlreadyTaken, Duplicate

_ORDERS: Final = {
    "id": UserRow.id,
    "name": UserRow.name,
    "username": UserRow.username_key,
    "created_at": UserRow.created_at,
}


class SqlUsers:
    """The accounts of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: int) -> User | None:
        """Return an account."""
        row = self._session.get(UserRow, user_id)
        return None if row is None else user_of(row)

    def named(self, username: str) -> User | None:
        """Return the account of a name, in any case."""
        row = self._session.scalar(select(UserRow).where(UserRow.username_key == username.lower()))
        return None if row is None else user_of(row)

    def listed(self, wanted: UserFilter, stretch: Stretch) -> Listed[User]:
        """Return a part of the list of accounts."""
        query = select(UserRow)
        if wanted.username is not None:
            query = query.where(UserRow.username_key == wanted.username.lower())
        if wanted.search is not None:
            query = query.where(
                contains(wanted.search, UserRow.name, UserRow.username, UserRow.email)
            )
        if wanted.is_blocked is not None:
            query = query.where(UserRow.blocked_at.is_not(None) == wanted.is_blocked)
        if wanted.is_admin is not None:
            query = query.where(UserRow.is_admin == wanted.is_admin)
        if wanted.is_bot is not None:
            query = query.where(UserRow.is_bot == wanted.is_bot)
        return part_of(self._session, query, stretch, _ORDERS, user_of)

    def change(self, user_id: int, changes: UserChanges) -> User:
        """Change an account; its personal namespace follows its name.

        Raises AlreadyTaken for the name, Duplicate for the address.
        """
        row = self._session.get_one(UserRow, user_id)
        if changes.username is not None and changes.username != row.username:
            self._rename(row, changes.username)
        row.name = row.name if changes.name is None else changes.name
        row.is_admin = row.is_admin if changes.is_admin is None else changes.is_admin
        if changes.is_blocked is not None:
            now = database_time(self._session)
            row.blocked_at = (row.blocked_at or now) if changes.is_blocked else None
        if changes.email is not None:
            row.email, row.email_key = changes.email, changes.email.lower()
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Duplicate("Email has already been taken") from error
        return user_of(row)

    def sole_owner_of(self, user_id: int) -> Sequence[int]:
        """Return the groups that would have no owner without the account."""
        other = aliased(Member)
        others = (
            select(other.id)
            .where(
                other.namespace_id == Member.namespace_id,
                other.user_id != user_id,
                other.access_level == int(Role.OWNER),
            )
            .exists()
        )
        return self._session.scalars(
            select(Namespace.id)
            .join(Member, Namespace.id == Member.namespace_id)
            .where(
                Member.user_id == user_id,
                Member.access_level == int(Role.OWNER),
                # A group below another has the owners of that one, too.
                Namespace.parent_id.is_(None),
                Namespace.owner_id.is_(None),
                ~others,
            )
            .order_by(Namespace.id)
        ).all()

    def delete(self, user_id: int) -> None:
        """Delete an account whose personal namespace is gone; its tokens stay, revoked."""
        forget_accounts(self._session, [user_id])

    def _rename(self, row: UserRow, username: str) -> None:
        namespace = self._session.scalar(select(Namespace).where(Namespace.owner_id == row.id))
        if username.lower() != row.username_key:
            paths.require_free(self._session, username)
        row.username, row.username_key = username, username.lower()
        try:
            self._session.flush()
        except IntegrityError as error:
            raise AlreadyTaken(f"username {username} has already been taken") from error
        if namespace is not None:
            namespace.name = username
            paths.move(self._session, namespace, username)


def forget_accounts(session: Session, user_ids: Sequence[int]) -> None:
    """Delete accounts and what points to them. A revoked token says why it does not work."""
    now = database_time(session)
    session.execute(
        update(Token)
        .where(Token.user_id.in_(user_ids))
        .values(user_id=None, revoked_at=func.coalesce(Token.revoked_at, now))
    )
    session.execute(delete(Member).where(Member.user_id.in_(user_ids)))
    session.execute(
        update(ProjectRow).where(ProjectRow.creator_id.in_(user_ids)).values(creator_id=None)
    )
    session.execute(update(File).where(File.deleted_by.in_(user_ids)).values(deleted_by=None))
    session.execute(delete(UserRow).where(UserRow.id.in_(user_ids)))


def user_of(row: UserRow) -> User:
    """Return an account's row as a value."""
    return User(
        id=row.id,
        username=row.username,
        name=row.name,
        email=row.email,
        is_admin=row.is_admin,
        is_bot=row.is_bot,
        is_blocked=row.blocked_at is not None,
        created_at=row.created_at,
    )
