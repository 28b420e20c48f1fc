"""Issue tokens: make a secret, store its digest, return the secret once."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import NewToken, TokenKind, lookup_of, new_secret
from wheelyard_core.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new token shall be."""

    kind: TokenKind
    name: str
    scopes: frozenset[Scope]
    user_id: int | None = None
    username: str | None = None
    project_id: int | None = None
    group_id: int | None = None
    expires_at: datetime | None = None
    pipeline: Mapping[str, object] | None = None
    family: str | None = None
    # The token that asks for a job token, which works no longer than that one.
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; its secret is shown now and never again."""

    id: int
    secret: str = field(repr=False)


def issue_token(uow: UnitOfWork, grant: Grant, peppers: Peppers) -> IssuedToken:
    """Store the token of *grant*; the caller commits."""
    secret = new_secret(grant.kind)
    token_id = uow.accounts.add_token(
        NewToken(
            kind=grant.kind,
            lookup=lookup_of(secret),
            stored=peppers.current.store(secret),
            name=grant.name,
            scopes=grant.scopes,
            family=grant.family or str(uuid.uuid4()),
            parent_id=grant.parent_id,
            username=grant.username,
            user_id=grant.user_id,
            project_id=grant.project_id,
            group_id=grant.group_id,
            expires_at=grant.expires_at,
            pipeline=grant.pipeline,
        )
    )
    return IssuedToken(token_id, secret)
