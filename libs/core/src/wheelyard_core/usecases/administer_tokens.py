"""Personal tokens, and what is common to all tokens: create, revoke, rotate."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from wheelyard_core.domain.access import Person, Scope
from wheelyard_core.domain.administration import Place, TokenDetails
from wheelyard_core.domain.audit import SYSTEM, Action, Agent, AuditEvent
from wheelyard_core.domain.errors import (
    AuthenticationRequired,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind, TokenRecord
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import LAST_ID, Acting
from wheelyard_core.usecases.administer_users import find_user
from wheelyard_core.usecases.authenticate import find_token
from wheelyard_core.usecases.issue_token import Grant, issue_token

PERSONAL_SCOPES: Final = (Scope.API, Scope.READ_API)
PERSONAL_KINDS: Final = (TokenKind.PERSONAL, TokenKind.PROJECT)
# GitLab's: a token that ended gets a week where a rotation does not say more.
_ROTATED_FOR: Final = timedelta(days=7)
_REUSED: Final = (
    "The token was rotated before: somebody may have its secret, so every token that came from it "
    "is revoked now"
)


@dataclass(frozen=True, slots=True)
class NewTokenRequest:
    """What a new token shall be called, may do, and when it ends."""

    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and its secret, which is shown now and never again."""

    token: TokenDetails
    secret: str = field(repr=False)


def create_personal_token(
    acting: Acting, user_id: int | None, new: NewTokenRequest, peppers: Peppers
) -> Issued:
    """Create a token for whoever asks, or (by an administrator) for the account *user_id*."""
    person = acting.human()
    if user_id is not None and user_id != person.user_id:
        acting.admin(writes=True)
    user = find_user(acting, person.user_id if user_id is None else user_id)
    if user.is_bot:
        raise InvalidInput("user_id is the bot of a project access token: make another token there")
    grant = Grant(
        TokenKind.PERSONAL, new.name, new.scopes, user_id=user.id, expires_at=new.expires_at
    )
    issued = issue(acting, grant, peppers)
    acting.uow.commit()
    return issued


def issue(acting: Acting, grant: Grant, peppers: Peppers) -> Issued:
    """Issue a token and return it as lists show it; the caller commits."""
    return issue_as(acting.uow, acting.agent, grant, peppers)


def issue_as(uow: UnitOfWork, agent: Agent, grant: Grant, peppers: Peppers) -> Issued:
    """Issue a token for whoever *agent* is; the caller commits."""
    issued = issue_token(uow, grant, peppers)
    token = uow.token_admin.get(issued.id)
    if token is None:
        raise AssertionError("a token is there when it was just added")
    record_token(uow, Action.TOKEN_CREATED, agent, token)
    return Issued(token, issued.secret)


def personal_token(acting: Acting, token_id: int, *, writes: bool) -> TokenDetails:
    """Return a personal token, to its account or an administrator; others get NotFound."""
    person = acting.person(writes=writes)
    token = acting.uow.token_admin.get(token_id, lock=writes) if token_id <= LAST_ID else None
    if token is None or token.kind not in PERSONAL_KINDS:
        raise NotFound("Token not found")
    if not person.is_admin and token.user_id != person.user_id:
        raise NotFound("Token not found")
    return token


def own_token(acting: Acting, *, lock: bool = False) -> TokenDetails:
    """Return the personal token that the request came with, whatever its scopes."""
    acting.known()
    if not isinstance(acting.actor, Person):
        raise NotAllowed("This needs a personal access token")
    token = acting.uow.token_admin.get(acting.actor.token_id, lock=lock)
    if token is None or token.revoked_at is not None:
        # Another request was first, while this one waited for the row.
        raise AuthenticationRequired("The token was revoked: use another one")
    return token


def revoke(acting: Acting, token: TokenDetails) -> None:
    """Revoke a token; with a project access token goes its bot's membership."""
    acting.uow.token_admin.revoke(token.id)
    record_token(acting.uow, Action.TOKEN_REVOKED, acting.agent, token)
    _dismiss_bot(acting.uow, token)
    acting.uow.access_changed()
    acting.uow.commit()


def rotate(
    acting: Acting, token: TokenDetails, expires_at: datetime | None, peppers: Peppers
) -> Issued:
    """Revoke a token, which must be locked, and issue one like it.

    One that was rotated before is in two hands: its whole family is revoked.
    """
    if token.rotated_at is not None:
        _revoke_family(acting.uow, token)
        raise InvalidInput(_REUSED)
    if not token.is_active(acting.now):
        raise InvalidInput(
            "The token was revoked or has expired, and cannot be rotated: make a new one"
        )
    acting.uow.token_admin.retire(token.id)
    if expires_at is None and token.expires_at is not None:
        midnight = acting.now.replace(hour=0, minute=0, second=0, microsecond=0)
        expires_at = midnight + _ROTATED_FOR
    issued = issue(acting, _successor(token, expires_at), peppers)
    record_token(acting.uow, Action.TOKEN_ROTATED, acting.agent, token, into=issued.token.id)
    acting.uow.access_changed()
    acting.uow.commit()
    return issued


def revoke_if_reused(uow: UnitOfWork, secret: str, peppers: Peppers) -> None:
    """Revoke the family of a secret that was rotated before, and raise AuthenticationRequired."""
    record: TokenRecord | None = find_token(uow, secret, peppers)
    token = None if record is None else uow.token_admin.get(record.id, lock=True)
    if token is not None and token.rotated_at is not None:
        _revoke_family(uow, token)
        raise AuthenticationRequired(_REUSED)


def _revoke_family(uow: UnitOfWork, token: TokenDetails) -> None:
    revoked = uow.token_admin.revoke_family(token.family)
    record_token(uow, Action.TOKEN_REVOKED, SYSTEM, token, reason=_REUSED, revoked=list(revoked))
    _dismiss_bot(uow, token)
    uow.access_changed()
    # What follows is a refusal, and a refusal must not undo this.
    uow.commit()


def record_token(
    uow: UnitOfWork,
    action: Action,
    agent: Agent,
    token: TokenDetails,
    reason: str | None = None,
    **more: object,
) -> None:
    """Record what was done with a token; never its secret."""
    # A personal token is of its account; others are of their place.
    placed = token.project_id is not None or token.group_id is not None
    whose = {} if placed or token.user_id is None else {"user_id": token.user_id}
    about = {"token_id": token.id, "token_name": token.name, "token_kind": token.kind}
    scopes = {"scopes": sorted(token.scopes)} if token.scopes else {}
    uow.audit.record(
        AuditEvent(
            action,
            agent,
            project_id=token.project_id,
            group_id=token.group_id,
            reason=reason,
            details={**whose, "token": {**about, **scopes, **more}},
        )
    )


def _dismiss_bot(uow: UnitOfWork, token: TokenDetails) -> None:
    if token.kind is TokenKind.PROJECT and token.user_id and token.project_id:
        uow.members.remove(Place(None, token.project_id, ()), token.user_id)


def _successor(token: TokenDetails, expires_at: datetime | None) -> Grant:
    return Grant(
        kind=token.kind,
        name=token.name,
        scopes=frozenset(token.scopes),
        user_id=token.user_id,
        username=token.username,
        project_id=token.project_id,
        group_id=token.group_id,
        expires_at=expires_at,
        family=token.family,
    )
