"""Tokens, as administration lists, revokes and rotates them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.listing import contains, part_of
from wheelyard_core.adapters.db.models import Document, Token
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.administration import (
    Listed,
    PepperUse,
    Stretch,
    TokenDetails,
    TokenFilter,
)

_ORDERS: Final = {
    "id": Token.id,
    "name": Token.name,
    "created_at": Token.created_at,
    "expires_at": Token.expires_at,
}


class SqlTokenAdmin:
    """The tokens of one transaction, without their secrets."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, token_id: int, *, lock: bool = False) -> TokenDetails | None:
        """Return a token; *lock* lets this transaction alone decide about it."""
        query = select(Token).where(Token.id == token_id)
        row = self._session.scalar(query.with_for_update() if lock else query)
        return None if row is None else _details(row)

    def listed(self, wanted: TokenFilter, stretch: Stretch, now: datetime) -> Listed[TokenDetails]:
        """Return a part of the list of tokens."""
        query = select(Token).where(Token.kind.in_(wanted.kinds))
        if wanted.user_id is not None:
            query = query.where(Token.user_id == wanted.user_id)
        if wanted.project_id is not None:
            query = query.where(Token.project_id == wanted.project_id)
        if wanted.group_id is not None:
            query = query.where(Token.namespace_id == wanted.group_id)
        if wanted.search is not None:
            query = query.where(contains(wanted.search, Token.name))
        if wanted.is_revoked is not None:
            query = query.where(Token.revoked_at.is_not(None) == wanted.is_revoked)
        if wanted.is_active is not None:
            query = query.where(_works(now) if wanted.is_active else ~_works(now))
        return part_of(self._session, query, stretch, _ORDERS, _details)

    def by_pepper(self, now: datetime) -> Sequence[PepperUse]:
        """Return how many tokens that work at *now* need each pepper."""
        query = select(Token.pepper, func.count(), func.max(Token.last_used_at))
        rows = self._session.execute(query.where(_works(now)).group_by(Token.pepper))
        return [PepperUse(*row) for row in rows]

    def revoke(self, token_id: int) -> None:
        """Have the token work no more; one that was revoked keeps its time."""
        self._session.execute(
            update(Token)
            .where(Token.id == token_id, Token.revoked_at.is_(None))
            .values(revoked_at=database_time(self._session))
        )

    def retire(self, token_id: int) -> None:
        """Revoke the token because another one takes its place."""
        now = database_time(self._session)
        self._session.execute(
            update(Token).where(Token.id == token_id).values(revoked_at=now, rotated_at=now)
        )

    def revoke_family(self, family: str) -> Sequence[int]:
        """Revoke every token that came from one by rotation; return those that still worked."""
        return self._session.scalars(
            update(Token)
            .where(Token.family == family, Token.revoked_at.is_(None))
            .values(revoked_at=database_time(self._session))
            .returning(Token.id)
        ).all()

    def forget_revoked(self, user_id: int) -> None:
        """Drop the tokens of an account that were revoked."""
        self._session.execute(
            delete(Token).where(Token.user_id == user_id, Token.revoked_at.is_not(None))
        )

    def set_username(self, token_id: int, username: str) -> None:
        """Give a deploy token its user name."""
        self._session.execute(update(Token).where(Token.id == token_id).values(username=username))

    def set_job(self, token_id: int, job: Document) -> None:
        """Give a job token what uploads record of it."""
        self._session.execute(update(Token).where(Token.id == token_id).values(job=job))


def _works(now: datetime) -> ColumnElement[bool]:
    return and_(Token.revoked_at.is_(None), or_(Token.expires_at.is_(None), Token.expires_at > now))


def _details(row: Token) -> TokenDetails:
    return TokenDetails(
        id=row.id,
        kind=row.kind,
        name=row.name,
        username=row.username,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        user_id=row.user_id,
        project_id=row.project_id,
        group_id=row.namespace_id,
        family=row.family,
        pepper=row.pepper,
        job=row.job,
        rotated_at=row.rotated_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        created_at=row.created_at,
    )
