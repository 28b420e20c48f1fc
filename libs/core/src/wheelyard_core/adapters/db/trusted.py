"""Trusted publishers: the rules of projects, and the ID tokens that were used up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.listing import part_of
from wheelyard_core.adapters.db.models import Spent, Token, TrustedPublisherRow
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.errors import Duplicate
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.domain.trusted import Rule, TrustedPublisherRule

_ORDERS: Final = {"id": TrustedPublisherRow.id, "created_at": TrustedPublisherRow.created_at}


class SqlTrustedPublishers:
    """The rules of one transaction's projects."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, project_id: int, rule: Rule) -> TrustedPublisherRule:
        """Add a rule. Raises Duplicate when the project has it."""
        claims = select(TrustedPublisherRow.claims).where(
            TrustedPublisherRow.project_id == project_id,
            TrustedPublisherRow.issuer == rule.issuer,
        )
        if any(known == rule.claims for known in self._session.scalars(claims)):
            raise Duplicate("The project has this trusted publisher already")
        row = TrustedPublisherRow(
            project_id=project_id,
            issuer=rule.issuer,
            anchor=rule.anchor,
            claims=dict(rule.claims),
            created_at=database_time(self._session),
        )
        self._session.add(row)
        self._session.flush()
        return _rule_of(row)

    def get(self, project_id: int, rule_id: int) -> TrustedPublisherRule | None:
        """Return a rule of the project."""
        row = self._session.get(TrustedPublisherRow, rule_id)
        return None if row is None or row.project_id != project_id else _rule_of(row)

    def listed(self, project_id: int, stretch: Stretch) -> Listed[TrustedPublisherRule]:
        """Return a part of the project's rules."""
        query = select(TrustedPublisherRow).where(TrustedPublisherRow.project_id == project_id)
        return part_of(self._session, query, stretch, _ORDERS, _rule_of)

    def delete(self, rule_id: int) -> None:
        """Remove a rule; upload tokens that were minted by it reach the project no more."""
        self._session.execute(delete(TrustedPublisherRow).where(TrustedPublisherRow.id == rule_id))

    def anchored(self, issuer: str, anchors: Collection[str]) -> Sequence[TrustedPublisherRule]:
        """Return the rules of all projects about an issuer that name one of *anchors*, or none."""
        row = TrustedPublisherRow
        rows = self._session.scalars(
            select(row)
            .where(row.issuer == issuer, or_(row.anchor.is_(None), row.anchor.in_(anchors)))
            .order_by(row.id)
        )
        return [_rule_of(found) for found in rows]

    def use(self, rule_ids: Collection[int]) -> None:
        """Record that a token was minted by these rules."""
        self._session.execute(
            update(TrustedPublisherRow)
            .where(TrustedPublisherRow.id.in_(rule_ids))
            .values(last_used_at=database_time(self._session))
        )

    def spend(self, fingerprint: str, until: datetime) -> bool:
        """Use up an ID token that is good *until*; False if it was used: then only roll back."""
        if self._session.get(Spent, fingerprint) is not None:
            return False
        self._session.add(Spent(fingerprint=fingerprint, until=until))
        try:
            self._session.flush()
        except IntegrityError:
            return False
        return True

    def forget(self, before: datetime, limit: int) -> int:
        """Drop up to *limit* of each: upload tokens that ended before then, and what was spent."""
        spent = select(Spent.fingerprint).where(Spent.until < before).limit(limit)
        ended = (
            select(Token.id)
            .where(Token.kind == TokenKind.TRUSTED, Token.expires_at < before)
            .limit(limit)
        )
        gone = self._session.execute(
            delete(Spent)
            .where(Spent.fingerprint.in_(spent.scalar_subquery()))
            .returning(Spent.fingerprint)
        ).all()
        minted = self._session.execute(
            delete(Token).where(Token.id.in_(ended.scalar_subquery())).returning(Token.id)
        ).all()
        return len(gone) + len(minted)


def projects_of(session: Session, rule_ids: Collection[int]) -> frozenset[int]:
    """Return the projects that still have these rules."""
    row = TrustedPublisherRow
    return frozenset(session.scalars(select(row.project_id).where(row.id.in_(rule_ids))))


def _rule_of(row: TrustedPublisherRow) -> TrustedPublisherRule:
    return TrustedPublisherRule(
        row.id,
        row.project_id,
        Rule(row.issuer, row.claims),
        row.created_at,
        row.last_used_at,
    )
