"""Whose signature an attestation bears, asked of a library that is loaded when it is needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelyard_core.domain.attestations import Attestation, Signer
from wheelyard_core.ports import TrustRootUnavailable

if TYPE_CHECKING:
    from wheelyard_core.adapters.attesting.library import TrustRoot


@dataclass(slots=True)
class SigstoreSignatures:
    """Verifies by a trust root: a file, or without one what Sigstore's library comes with."""

    trusted_root: Path | None
    _loaded: "tuple[object, TrustRoot] | None" = None

    def verify(self, attestation: Attestation, signer: Signer) -> None:
        """Return if *signer* signed the attestation, without asking anybody elsewhere.

        Raises InvalidAttestations if not, TrustRootUnavailable if that cannot be told.
        """
        self._root().verify(attestation, signer)

    def check(self) -> None:
        """Raise TrustRootUnavailable unless the trust root can be read."""
        self._root()

    def _root(self) -> "TrustRoot":
        """Return the trust root, read anew when its file was changed."""
        # Two seconds and 33 MiB, which only processes pay that meet an attested file.
        from wheelyard_core.adapters.attesting.library import TrustRoot  # noqa: PLC0415

        state = self._state()
        if self._loaded is None or self._loaded[0] != state:
            self._loaded = state, TrustRoot.read(self.trusted_root)
        return self._loaded[1]

    def _state(self) -> object:
        if self.trusted_root is None:
            return None
        try:
            found = self.trusted_root.stat()
        except OSError as error:
            raise TrustRootUnavailable(
                f"The trust root {self.trusted_root} cannot be read: {error.strerror}"
            ) from error
        return found.st_mtime_ns, found.st_size, found.st_ino
