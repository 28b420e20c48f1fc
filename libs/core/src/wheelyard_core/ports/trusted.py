"""What trusted publishing asks of the world: an issuer's keys, and rules that projects have."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.administration import Listed, Stretch
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Issuer
from wheelyard_core.domain.trusted import Rule, TrustedPublisherRule


class IssuerUnavailable(Exception):
    """An issuer could not be asked for its keys, or answered nonsense; later it may do better."""


class IssuerKeys(Protocol):
    """The keys that issuers sign with."""

    def verify(self, issuer: Issuer, token: IdToken) -> None:
        """Return if one of the issuer's keys signed the token, within seconds.

        Raises NotMinted if none did, IssuerUnavailable if that cannot be told.
        """
        ...


class TrustedPublishers(Protocol):
    """The rules of a transaction's projects, and the ID tokens that were used up."""

    def add(self, project_id: int, rule: Rule) -> TrustedPublisherRule:
        """Add a rule. Raises Duplicate when the project has it."""
        ...

    def get(self, project_id: int, rule_id: int) -> TrustedPublisherRule | None:
        """Return a rule of the project."""
        ...

    def listed(self, project_id: int, stretch: Stretch) -> Listed[TrustedPublisherRule]:
        """Return a part of the project's rules."""
        ...

    def delete(self, rule_id: int) -> None:
        """Remove a rule; upload tokens that were minted by it reach the project no more."""
        ...

    def anchored(self, issuer: str, anchors: Collection[str]) -> Sequence[TrustedPublisherRule]:
        """Return the rules of all projects about an issuer that name one of *anchors*, or none."""
        ...

    def use(self, rule_ids: Collection[int]) -> None:
        """Record that tokens were minted by these rules."""
        ...

    def spend(self, fingerprint: str, until: datetime) -> bool:
        """Use up an ID token that is good *until*; False if it was used: then only roll back."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drop up to *limit* of each: upload tokens that ended before then, and what was spent."""
        ...
