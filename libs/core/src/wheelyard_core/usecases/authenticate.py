"""From credentials to an actor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from wheelyard_core.domain import tokens
from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Person,
    TrustedPublisher,
)
from wheelyard_core.domain.credentials import Channel, Credentials
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind, TokenRecord
from wheelyard_core.ports import Database, UnitOfWork

_UNKNOWN: Final = "The credentials are not known: check the token"
_PERSONAL: Final = frozenset({TokenKind.PERSONAL, TokenKind.PROJECT})
# Which kinds of token may come by which channel. A job token must say that it is one.
_ACCEPTED: Final[Mapping[Channel, frozenset[TokenKind]]] = {
    Channel.BASIC: _PERSONAL | {TokenKind.DEPLOY, TokenKind.TRUSTED},
    Channel.JOB_USER: frozenset({TokenKind.JOB}),
    Channel.BEARER: frozenset(TokenKind),
    Channel.PRIVATE_TOKEN: _PERSONAL,
    Channel.DEPLOY_TOKEN: frozenset({TokenKind.DEPLOY}),
    Channel.JOB_TOKEN: frozenset({TokenKind.JOB}),
}
# The last use is shown to people: a write for each request would be a high price for seconds.
_USE_RESOLUTION: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """An actor and the token by which it was recognised."""

    actor: Actor
    token: TokenRecord | None = None


def authenticate(
    uow: UnitOfWork, credentials: Credentials | None, peppers: Peppers, now: datetime
) -> Authenticated:
    """Return who makes the request. Never raises for bad credentials: the ladder decides."""
    if credentials is None:
        return Authenticated(Anonymous())
    insisted = credentials.channel is Channel.JOB_USER
    record = find_token(uow, credentials.secret, peppers)
    if record is not None and record.kind not in _ACCEPTED[credentials.channel]:
        return Authenticated(Anonymous(_wrong_channel(credentials.channel, record), insisted))
    return recognise(record, now, insisted=insisted)


def recognise(
    record: TokenRecord | None, now: datetime, *, insisted: bool = False
) -> Authenticated:
    """Return who a token stands for at *now*; nobody in particular when it does not work."""
    if record is None:
        return Authenticated(Anonymous(_UNKNOWN, insisted))
    refusal = record.refusal(now)
    if refusal is not None:
        return Authenticated(Anonymous(refusal, insisted))
    return Authenticated(_actor(record), record)


def note_use(database: Database, token: TokenRecord | None, now: datetime) -> None:
    """Record that the token was used, at most once a minute, and renew its digest if need be."""
    if token is None:
        return
    is_noted = token.last_used_at is not None and now - token.last_used_at < _USE_RESOLUTION
    if is_noted and token.renewal is None:
        return
    with database.begin() as uow:
        uow.tokens.touch(token.id, now)
        if token.renewal is not None:
            uow.tokens.renew(token, token.renewal)
        uow.commit()


def find_token(uow: UnitOfWork, secret: str, peppers: Peppers) -> TokenRecord | None:
    """Return the token of a secret, whether it still works or not."""
    if not tokens.is_well_formed(secret):
        return None
    keyed = peppers.keyed(secret)
    found = None
    for record in uow.tokens.candidates(tokens.lookup_of(secret)):
        for stored in keyed:
            if tokens.same_digest(record.digest, stored.digest):
                renewal = peppers.renewal(secret, stored, record.pepper)
                found = record if renewal is None else replace(record, renewal=renewal)
    return found


def _wrong_channel(channel: Channel, record: TokenRecord) -> str:
    if record.kind is TokenKind.JOB:
        return "A job token goes with the user name gitlab-ci-token"
    return f"A {record.kind.value} token cannot be used as {channel.value}"


def _actor(record: TokenRecord) -> Actor:
    match record.kind:
        case TokenKind.DEPLOY:
            return DeployToken(
                record.id, record.username, record.scopes, record.project_id, record.group_id
            )
        case TokenKind.JOB if record.user_id is not None and record.project_id is not None:
            return JobToken(
                record.id,
                record.user_id,
                record.username,
                record.project_id,
                is_admin=record.user_is_admin,
            )
        case TokenKind.TRUSTED:
            return TrustedPublisher(record.id, record.username, record.project_ids)
        case _ if record.user_id is not None:
            return Person(
                record.user_id,
                record.username,
                record.id,
                record.scopes,
                is_admin=record.user_is_admin,
                is_bot=record.user_is_bot,
            )
        case _:
            # The account was deleted under the token.
            return Anonymous("The token's account no longer exists")
