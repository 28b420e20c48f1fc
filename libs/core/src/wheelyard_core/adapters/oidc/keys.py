"""The keys of all issuers."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from wheelyard_core.adapters.oidc.fetching import IssuerClient
from wheelyard_core.adapters.oidc.keyring import Keyring, Patience
from wheelyard_core.adapters.oidc.signatures import check_signature
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Issuer


class HttpIssuerKeys:
    """Asks issuers for their keys when they are first needed, and now and then."""

    def __init__(
        self,
        issuers: Sequence[Issuer],
        ca_file: Path | None,
        patience: Patience | None = None,
        proxy: str = "",
    ) -> None:
        client = IssuerClient(ca_file, proxy)
        self._keyrings = {
            issuer: Keyring(partial(client.jwks, issuer), patience or Patience())
            for issuer in issuers
        }

    def verify(self, issuer: Issuer, token: IdToken) -> None:
        """Return if one of the issuer's keys signed the token, within seconds.

        Raises NotMinted if none did, IssuerUnavailable if that cannot be told.
        """
        check_signature(token, self._keyrings[issuer].find(token.key_id))

    def check(self) -> None:
        """Raise IssuerUnavailable, saying why, unless every issuer tells its keys."""
        for keyring in self._keyrings.values():
            keyring.find(None)
