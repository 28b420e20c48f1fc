"""PyPI's and Sigstore's libraries: the one module that imports them.

They are asked for what needs no network: the trust root is a file, and a proof is in its bundle.
`Attestation.verify` of PyPI's library takes Sigstore's public trust root alone, so its steps are
taken here one by one.
"""

import struct
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension, ExtensionNotFound
from pypi_attestations import Attestation as PyPIAttestation
from sigstore.errors import Error as SigstoreError
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier, policy

from wheelyard_core.domain.attestations import Attestation, Signer, Statement
from wheelyard_core.domain.errors import InvalidAttestations
from wheelyard_core.domain.wording import printable
from wheelyard_core.ports import TrustRootUnavailable

# Where Sigstore's library keeps the public trust root of the day on which it was released.
_SHIPPED: Final = "_store/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"
_LONGEST_REASON: Final = 300
# What the libraries raise over a certificate, an entry or a signature that somebody made up. Most
# of it is a ValueError: pydantic's, that of DER, of base64, of text that is no UTF-8.
_REFUSALS: Final = (
    SigstoreError, InvalidSignature, UnsupportedAlgorithm, ExtensionNotFound, DuplicateExtension,
    ValueError, TypeError, AttributeError, LookupError, ArithmeticError, NotImplementedError,
    RecursionError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """Authorities and logs that are believed."""

    verifier: Verifier

    @classmethod
    def read(cls, path: Path | None) -> "TrustRoot":
        """Read a `trusted_root.json`. Raises TrustRootUnavailable."""
        try:
            with resources.as_file(resources.files("sigstore") / _SHIPPED) as shipped:
                root = TrustedRoot.from_file(str(path or shipped))
            return cls(Verifier(trusted_root=root))
        except (OSError, *_REFUSALS) as error:
            name = path or "of Sigstore's library"
            raise TrustRootUnavailable(
                f"The trust root {name} cannot be read: {type(error).__name__}: {error}"
            ) from error

    def verify(self, attestation: Attestation, signer: Signer) -> None:
        """Return if *signer* signed the attestation. Raises InvalidAttestations."""
        demands = policy.AllOf(
            [
                policy.OIDCIssuerV2(signer.issuer),
                policy.OIDCSourceRepositoryURI(signer.repository),
                policy.OIDCBuildConfigURI(signer.workflow),
            ]
        )
        try:
            bundle = PyPIAttestation.model_validate(attestation.document).to_bundle()
            _, signed = self.verifier.verify_dsse(bundle, demands)
        except _REFUSALS as error:
            reason = printable(" ".join(str(error).split()), _LONGEST_REASON)
            raise InvalidAttestations(
                f"an attestation is not by {signer.workflow}: {reason or type(error).__name__}"
            ) from error
        # What was read of it before is what was signed.
        if Statement.parse(signed) != attestation.statement:
            raise InvalidAttestations("an attestation says something else than what was signed")
