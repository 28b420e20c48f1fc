"""Trusted publishing: an ID token of a pipeline for a short-lived token that may publish.

The upload token reaches every project with a rule that matches, as on PyPI, for as long as the rule
is there; which of them is published to, the upload's address says.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.audit import Action, Agent, AgentKind, AuditEvent
from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.id_tokens import IdToken, Reason
from wheelyard_core.domain.issuers import Issuer, issuer_named
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind, TokenRecord
from wheelyard_core.domain.trusted import Identity, TrustedPublisherRule, anchors_of
from wheelyard_core.domain.wording import quoted
from wheelyard_core.ports import Database, IssuerKeys, UnitOfWork
from wheelyard_core.usecases.authenticate import find_token
from wheelyard_core.usecases.issue_token import Grant, IssuedToken, issue_token

# PyPI's. The last upload must have begun by then; how long it takes does not matter.
LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Minted:
    """An upload token, which is shown now and never again, and whom it was minted for."""

    secret: str = field(repr=False)
    expires_at: datetime
    identity: Identity
    project_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Minter:
    """Exchanges ID tokens of known issuers for upload tokens."""

    database: Database
    keys: IssuerKeys
    issuers: Sequence[Issuer]
    peppers: Callable[[], Peppers]

    def mint(self, text: str, now: datetime, request_id: str | None) -> Minted:
        """Mint an upload token. Raises NotMinted, IssuerUnavailable."""
        token = IdToken.parse(text)
        issuer = issuer_named(token.issuer, self.issuers)
        if issuer is None:
            raise NotMinted(
                f"The token is of the issuer {quoted(token.issuer)}, which is not known here",
                Reason.INVALID_ISSUER,
            )
        # No transaction is open while the issuer is asked.
        self.keys.verify(issuer, token)
        until = token.check(issuer.audience, now)
        with self.database.begin(request_id) as uow:
            matching = _matching(uow, token)
            identity = Identity.of(issuer, token.claims, [found.rule for found in matching])
            # The rules first: a token that no rule matches is good again when one is added.
            if not uow.trusted.spend(token.fingerprint, until):
                raise NotMinted("The token was used before: ask for a new one", Reason.REUSED)
            uow.trusted.use([found.id for found in matching])
            issued = issue_token(uow, _grant(identity, matching, now + LIFE), self.peppers())
            projects = tuple(sorted({found.project_id for found in matching}))
            _record(uow, identity, issued, projects)
            uow.commit()
        return Minted(issued.secret, now + LIFE, identity, projects)

    def burn(self, secret: str, request_id: str | None) -> bool:
        """Revoke an upload token whose client is done; False for anything else."""
        with self.database.snapshot() as uow:
            token = find_token(uow, secret, self.peppers())
        if token is None or token.kind is not TokenKind.TRUSTED:
            return False
        with self.database.begin(request_id) as uow:
            uow.token_admin.revoke(token.id)
            uow.access_changed()
            uow.commit()
        return True


def identity_of(token: TokenRecord) -> Identity | None:
    """Return whom an upload token was minted for; None for any other token."""
    kept = token.pipeline.get("identity") if token.pipeline else None
    return Identity.read(kept) if isinstance(kept, dict) else None


def _matching(uow: UnitOfWork, token: IdToken) -> Sequence[TrustedPublisherRule]:
    """Return the rules that match, at least one. Raises NotMinted."""
    candidates = uow.trusted.anchored(token.issuer, anchors_of(token.claims))
    matching = [found for found in candidates if found.rule.matches(token.claims)]
    if not matching:
        raise NotMinted(
            "The token is valid, but no project has a trusted publisher that matches its claims",
            Reason.INVALID_PUBLISHER,
        )
    return matching


def _grant(
    identity: Identity, matching: Collection[TrustedPublisherRule], expires_at: datetime
) -> Grant:
    return Grant(
        TokenKind.TRUSTED,
        identity.name,
        frozenset({Scope.WRITE_REGISTRY}),
        username=identity.name,
        expires_at=expires_at,
        pipeline={"identity": identity.document(), "rules": [found.id for found in matching]},
    )


def _record(
    uow: UnitOfWork, identity: Identity, issued: IssuedToken, projects: Collection[int]
) -> None:
    agent = Agent(AgentKind.TRUSTED_PUBLISHER, identity.name, None, issued.id)
    for project_id in projects:
        uow.audit.record(
            AuditEvent(
                Action.TOKEN_MINTED, agent, project_id=project_id, details=identity.document()
            )
        )
