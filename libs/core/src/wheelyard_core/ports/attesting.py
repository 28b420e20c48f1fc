"""What attestations ask of the world: who signed one, and what is kept of them."""

from collections.abc import Collection
from typing import Protocol

from wheelyard_core.domain.attestations import Attestation, Attested, Signer
from wheelyard_core.domain.releases import ReleaseName


class TrustRootUnavailable(Exception):
    """What signatures are verified against cannot be read; later it may be there again."""


class Signatures(Protocol):
    """What tells whose signature an attestation bears."""

    def verify(self, attestation: Attestation, signer: Signer) -> None:
        """Return if *signer* signed the attestation, without asking anybody elsewhere.

        Raises InvalidAttestations if not, TrustRootUnavailable if that cannot be told.
        """
        ...

    def check(self) -> None:
        """Raise TrustRootUnavailable unless what it verifies by can be read."""
        ...


class Attestations(Protocol):
    """The attestations of a transaction."""

    def of(self, file_id: int) -> str | None:
        """Return what came with a file, as it was kept."""
        ...

    def to_serve(
        self, project_ids: Collection[int], name: ReleaseName, filename: str
    ) -> Attested | None:
        """Return those of the file that these projects' page lists; None where it has none."""
        ...
