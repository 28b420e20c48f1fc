"""Tokens as authentication needs them: found by their prefix, with their account."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session, aliased

from wheelyard_core.adapters.db.models import Spent, Token, User
from wheelyard_core.adapters.db.trusted import projects_of
from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.peppers import Stored
from wheelyard_core.domain.tokens import TokenKind, TokenRecord

_PARENT: Final = aliased(Token)
# Made once: docs/decisions/0041-statements-made-once.md.
_TOKENS: Final = (
    select(Token, User, _PARENT)
    .outerjoin(User, User.id == Token.user_id)
    .outerjoin(_PARENT, _PARENT.id == Token.parent_id)
)
_BY_LOOKUP: Final = _TOKENS.where(Token.lookup == bindparam("key"))
_BY_ID: Final = _TOKENS.where(Token.id == bindparam("key"))
# No ID token's fingerprint begins like this: they are hexadecimal.
_SESSION: Final = "session:"


class SqlTokens:
    """The tokens of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def candidates(self, lookup: str) -> Sequence[TokenRecord]:
        """Return the tokens whose secrets begin so: one, but for a coincidence."""
        return self._records(_BY_LOOKUP, lookup)

    def get(self, token_id: int) -> TokenRecord | None:
        """Return a token by its number, whether it still works or not."""
        return next(iter(self._records(_BY_ID, token_id)), None)

    def touch(self, token_id: int, used_at: datetime) -> None:
        """Record the last use."""
        self._session.execute(
            update(Token).where(Token.id == token_id).values(last_used_at=used_at)
        )

    def renew(self, token: TokenRecord, stored: Stored) -> None:
        """Store this of the token's secret, unless another request did."""
        self._session.execute(
            update(Token)
            .where(Token.id == token.id, Token.digest == token.digest)
            .values(digest=stored.digest, pepper=stored.pepper)
        )

    def end_session(self, session: str, until: datetime) -> None:
        """Have a session that a token began, and that is good *until*, count no more."""
        if not self.has_ended(session):
            self._session.add(Spent(fingerprint=_SESSION + session, until=until))

    def has_ended(self, session: str) -> bool:
        """Tell whether a session was ended."""
        return self._session.get(Spent, _SESSION + session) is not None

    def _records(self, query: Select[Token, User, Token], key: str | int) -> Sequence[TokenRecord]:
        rows = self._session.execute(query, {"key": key})
        return [record_of(*row, self._trusted_by(row[0])) for row in rows]

    def _trusted_by(self, token: Token) -> frozenset[int]:
        if token.kind is not TokenKind.TRUSTED or token.job is None:
            return frozenset()
        return projects_of(self._session, token.job["rules"])


def record_of(
    token: Token, user: User | None, parent: Token | None, project_ids: frozenset[int]
) -> TokenRecord:
    """Return a token's row, its account's and that of what asked for it as a value."""
    lives = [token] if parent is None else [token, parent]
    return TokenRecord(
        id=token.id,
        kind=token.kind,
        digest=token.digest,
        pepper=token.pepper,
        family=token.family,
        name=token.name,
        username=token.username or (user.username if user else token.name),
        scopes=frozenset(Scope(scope) for scope in token.scopes),
        user_id=token.user_id,
        user_is_admin=bool(user and user.is_admin),
        user_is_bot=bool(user and user.is_bot),
        user_is_blocked=bool(user and user.blocked_at is not None),
        project_id=token.project_id,
        group_id=token.namespace_id,
        expires_at=_first(life.expires_at for life in lives),
        revoked_at=_first(life.revoked_at for life in lives),
        last_used_at=token.last_used_at,
        pipeline=token.job,
        project_ids=project_ids,
    )


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
