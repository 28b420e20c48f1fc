"""Audit events: recorded by the transaction of their act, read by those who answer for a place."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from wheelyard_core.adapters.db.listing import part_of
from wheelyard_core.adapters.db.models import AuditEventRow, Token
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.audit import (
    Action,
    Agent,
    AuditEvent,
    AuditFilter,
    Entity,
    RecordedEvent,
)

_ORDERS: Final = {"id": AuditEventRow.id, "created_at": AuditEventRow.created_at}
_ABOUT: Final[dict[Entity, ColumnElement[int | None] | InstrumentedAttribute[int | None]]] = {
    Entity.PROJECT: AuditEventRow.project_id,
    Entity.GROUP: AuditEventRow.namespace_id,
    Entity.USER: cast(AuditEventRow.details["user_id"].as_string(), BigInteger),
}
_TOKEN_NAME: Final = select(Token.name).where(Token.id == bindparam("token"))


class SqlAudit:
    """The audit events of one transaction."""

    def __init__(self, session: Session, request_id: str | None) -> None:
        self._session = session
        self._request_id = request_id
        # What the transaction has recorded, to be told after its commit.
        self.recorded: list[Action] = []

    def record(self, event: AuditEvent) -> None:
        """Record an act, with the number of the request; it is there if the act is."""
        agent = event.agent
        self.recorded.append(event.action)
        self._session.add(
            AuditEventRow(
                project_id=event.project_id,
                namespace_id=event.group_id,
                action=event.action,
                agent_kind=agent.kind,
                agent_name=agent.name,
                user_id=agent.user_id,
                token_id=agent.token_id,
                token_name=self._name_of(agent.token_id),
                package=event.package,
                version=event.version,
                filename=event.filename,
                reason=event.reason,
                details=dict(event.details),
                request_id=self._request_id,
                created_at=database_time(self._session),
            )
        )

    def listed(self, wanted: AuditFilter, stretch: Stretch) -> Listed[RecordedEvent]:
        """Return a part of the list of events."""
        query = select(AuditEventRow).where(*_conditions(wanted))
        return part_of(self._session, query, stretch, _ORDERS, _recorded)

    def get(self, wanted: AuditFilter, event_id: int) -> RecordedEvent | None:
        """Return one of the events that the list would show."""
        query = select(AuditEventRow).where(AuditEventRow.id == event_id, *_conditions(wanted))
        row = self._session.scalar(query)
        return None if row is None else _recorded(row)

    def forget(self, before: datetime, limit: int) -> int:
        """Drop up to *limit* events older than *before*; return how many there were."""
        old = select(AuditEventRow.id).where(AuditEventRow.created_at < before).limit(limit)
        gone = self._session.execute(
            delete(AuditEventRow)
            .where(AuditEventRow.id.in_(old.scalar_subquery()))
            .returning(AuditEventRow.id)
        )
        return len(gone.all())

    def _name_of(self, token_id: int | None) -> str | None:
        # The token may be renamed or gone when somebody reads of what it did.
        if token_id is None:
            return None
        return self._session.scalar(_TOKEN_NAME, {"token": token_id})


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.entity is not None:
        column = _ABOUT[wanted.entity]
        asked = wanted.entity_id
        conditions.append(column.is_not(None) if asked is None else column == asked)
    if wanted.entity is Entity.USER:
        # An event with a place is about the place, though a member's names an account, too.
        conditions.append(AuditEventRow.project_id.is_(None))
        conditions.append(AuditEventRow.namespace_id.is_(None))
    if wanted.after is not None:
        conditions.append(AuditEventRow.created_at >= wanted.after)
    if wanted.before is not None:
        conditions.append(AuditEventRow.created_at <= wanted.before)
    return conditions


def _recorded(row: AuditEventRow) -> RecordedEvent:
    agent = Agent(row.agent_kind, row.agent_name, row.user_id, row.token_id)
    event = AuditEvent(
        action=row.action,
        agent=agent,
        project_id=row.project_id,
        group_id=row.namespace_id,
        package=row.package,
        version=row.version,
        filename=row.filename,
        reason=row.reason,
        details=row.details,
    )
    return RecordedEvent(row.id, event, row.token_name, row.request_id, row.created_at)
