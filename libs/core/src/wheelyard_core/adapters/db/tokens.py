"""Tokens as authentication needs them: found by their prefix, with their account."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import Token, User
from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.tokens import TokenRecord


class SqlTokens:
    """The tokens of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def candidates(self, lookup: str) -> Sequence[TokenRecord]:
        """Return the tokens whose secrets begin so: one, but for a coincidence."""
        rows = self._session.execute(
            select(Token, User)
            .outerjoin(User, User.id == Token.user_id)
            .where(Token.lookup == lookup)
        )
        return [record_of(token, user) for token, user in rows]

    def touch(self, token_id: int, used_at: datetime) -> None:
        """Record the last use."""
        self._session.execute(
            update(Token).where(Token.id == token_id).values(last_used_at=used_at)
        )


def record_of(token: Token, user: User | None) -> TokenRecord:
    """Return a token's row and its account's as a value."""
    return TokenRecord(
        id=token.id,
        kind=token.kind,
        digest=token.digest,
        name=token.name,
        username=token.username or (user.username if user else token.name),
        scopes=frozenset(Scope(scope) for scope in token.scopes),
        user_id=token.user_id,
        user_is_admin=bool(user and user.is_admin),
        user_is_bot=bool(user and user.is_bot),
        user_is_blocked=bool(user and user.blocked_at is not None),
        project_id=token.project_id,
        group_id=token.namespace_id,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
        pipeline=token.job,
    )
