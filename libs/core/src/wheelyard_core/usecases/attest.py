"""Attestations: refuse what no verification could save, verify what came with a file."""

from collections.abc import Callable
from dataclasses import dataclass

from wheelyard_core.domain.attestations import AttestationPolicy, Signer, kept_attestations
from wheelyard_core.domain.catalogue import Publisher, StoredFile
from wheelyard_core.domain.errors import InvalidAttestations
from wheelyard_core.ports import Database, Signatures


def require_attestable(policy: AttestationPolicy, publisher: Publisher, *, attested: bool) -> None:
    """Raise InvalidAttestations for who can have none, and has some or needs some."""
    required = policy is AttestationPolicy.REQUIRE
    if policy is AttestationPolicy.OFF or not (required or attested):
        return
    if publisher.identity is not None:
        Signer.of(publisher.identity)
    elif required:
        raise InvalidAttestations(
            "This project takes only files with attestations: publish from a pipeline that it "
            "trusts, which makes them"
        )
    else:
        raise InvalidAttestations(
            "attestations count only from a pipeline that the project trusts, and this token is "
            "not one's: publish from there, or without attestations"
        )


def require_attested(policy: AttestationPolicy, publisher: Publisher, *, attested: bool) -> None:
    """Raise InvalidAttestations for a file without any where some are required.

    Some forms have them behind the file.
    """
    require_attestable(policy, publisher, attested=attested)
    if policy is AttestationPolicy.REQUIRE and not attested:
        raise InvalidAttestations(
            "This project takes only files with attestations, and this one came without: have the "
            "pipeline make them"
        )


@dataclass(frozen=True, slots=True)
class AttestationCheck:
    """Verifies what came with a received file."""

    database: Database
    signatures: Signatures
    # Told of every file that has been looked at, and what was wrong.
    told: Callable[[StoredFile, tuple[str, ...]], None]

    def problems(self, file: StoredFile) -> tuple[str, ...]:
        """Return what is wrong with its attestations. Raises TrustRootUnavailable."""
        if not file.attested:
            return ()
        with self.database.snapshot() as uow:
            text = uow.attestations.of(file.id)
        problems: tuple[str, ...] = ()
        try:
            self._verify(file, text)
        except InvalidAttestations as refused:
            problems = (f"{file.filename}: {refused}.",)
        self.told(file, problems)
        return problems

    def _verify(self, file: StoredFile, text: str | None) -> None:
        if text is None or file.publisher.identity is None:
            raise InvalidAttestations("its attestations are gone; upload it again")
        signer = Signer.of(file.publisher.identity)
        for attestation in kept_attestations(text):
            attestation.statement.require_about(file.filename, file.digests.sha256)
            self.signatures.verify(attestation, signer)
