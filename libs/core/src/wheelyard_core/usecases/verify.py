"""Verify a received file: re-read its bytes, check everything, publish or reject."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Final

from wheelyard_core.domain.audit import Action, AuditEvent
from wheelyard_core.domain.blob_keys import metadata_key
from wheelyard_core.domain.catalogue import FileStatus, StoredFile, UploadStatus
from wheelyard_core.domain.digests import Digester
from wheelyard_core.domain.errors import InvalidDistribution, NameBelongsElsewhere
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.group_index import Overlap
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.domain.work import WAITED, Claim, Task
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import Verified, verify
from wheelyard_core.ports import BlobStore, Database, MetadataFile, UnitOfWork, Verdicts
from wheelyard_core.usecases.attest import AttestationCheck
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.receive import name_refused
from wheelyard_core.usecases.spool import Spool

_PIECE: Final = 1 << 20
# Most wheels are small: below this no disk is touched.
_IN_MEMORY: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Verifier:
    """Does the `verify` task."""

    database: Database
    blobs: BlobStore
    verdicts: Verdicts
    limits: ArchiveLimits
    spool: Path | None
    reach: CrashPoint
    attestations: AttestationCheck
    # Told of a name that a second project of a group began to use.
    overlapped: Callable[[Overlap], None]

    def __call__(self, claim: Claim) -> None:
        """Decide about a file and write the verdict; safe to run twice and late."""
        began = perf_counter()
        self.reach("verify-leased")
        file = self._awaiting(claim)
        if file is None:
            self._forget(claim)
            return
        self.reach("verify-claimed")
        try:
            verified = self._examine(file)
        except InvalidDistribution as refused:
            self._reject(claim, file, refused.problems)
        else:
            stored = self._store_metadata(file, verified)
            self.reach("metadata-stored")
            aged = replace(claim, age=claim.age + perf_counter() - began)
            self._publish(aged, file, verified, stored)

    def give_up(self, claim: Claim, _error: str) -> None:
        """Tell the uploader that this file cannot be decided about without a person."""
        file = self._awaiting(claim)
        if file is None:
            return
        with self.database.begin(claim.request_id) as uow:
            uow.uploads.settle(
                file.upload_id,
                UploadStatus.FAILED,
                ["The file could not be verified; the operators have been told."],
            )
            uow.commit()
        self.verdicts.announce(file.upload_id)

    def _awaiting(self, claim: Claim) -> StoredFile | None:
        with self.database.snapshot() as uow:
            file = uow.files.get(int(claim.arguments["file_id"]))
        return file if file is not None and file.status is FileStatus.RECEIVED else None

    def _examine(self, file: StoredFile) -> Verified:
        with Spool(self.spool, _IN_MEMORY) as copy:
            self._fetch(file, copy)
            content = copy.rewound()
            filename = DistributionFilename.parse_for(
                file.filename, PackageName.parse(file.package), ReleaseVersion.parse(file.version)
            )
            # All problems come in one verdict.
            problems = self.attestations.problems(file)
            try:
                verified = verify(content, filename, self.limits)
            except InvalidDistribution as refused:
                raise InvalidDistribution(*refused.problems, *problems) from refused
        if problems:
            raise InvalidDistribution(*problems)
        return verified

    def _fetch(self, file: StoredFile, copy: Spool) -> None:
        """Copy the blob, and see that it is what was received."""
        digester = Digester()
        with self.blobs.open(file.blob_key) as content:
            while piece := content.read(_PIECE):
                digester.update(piece)
                copy.write(piece)
        if digester.size != file.size or digester.digests() != file.digests:
            raise InvalidDistribution(
                f"{file.filename}: the stored bytes are not those received; upload it again."
            )

    def _store_metadata(self, file: StoredFile, verified: Verified) -> MetadataFile | None:
        if not verified.metadata_available:
            return None
        content = verified.metadata_bytes
        self.blobs.put(file.metadata_key, BytesIO(content), len(content))
        return MetadataFile(sha256(content).hexdigest(), len(content))

    def _publish(
        self, claim: Claim, file: StoredFile, verified: Verified, stored: MetadataFile | None
    ) -> None:
        with self.database.begin(claim.request_id) as uow:
            uow.files.lock(file.project_id, file.package)
            now = uow.files.get(file.id)
            overlap = refused = None
            if now is not None and now.status is FileStatus.RECEIVED:
                overlap, refused = _begin_with_name(uow, file)
                if refused is not None:
                    settle_refused(uow, file, (str(refused),))
                else:
                    uow.files.publish(file.id, verified.metadata, stored)
                    _settle_published(uow, claim, file, overlap)
            elif now is None and uow.projects.find(str(file.project_id)) is None:
                # The project was deleted with its blobs, perhaps before the metadata was stored.
                uow.outbox.promise(Task.DISCARD, blob_key=file.blob_key)
            uow.outbox.done(claim.message_id)
            self.reach("publishing")
            uow.commit()
        if refused is not None:
            self.verdicts.announce(file.upload_id)
        elif overlap is not None:
            self.overlapped(overlap)
        self.reach("published")

    def _reject(self, claim: Claim, file: StoredFile, problems: tuple[str, ...]) -> None:
        with self.database.begin(claim.request_id) as uow:
            uow.files.lock(file.project_id, file.package)
            now = uow.files.get(file.id)
            if now is not None and now.status is FileStatus.RECEIVED:
                settle_refused(uow, file, problems)
            uow.outbox.done(claim.message_id)
            uow.commit()
        self.reach("rejected")
        self.verdicts.announce(file.upload_id)

    def _forget(self, claim: Claim) -> None:
        with self.database.begin() as uow:
            uow.outbox.done(claim.message_id)
            uow.commit()


def _begin_with_name(
    uow: UnitOfWork, file: StoredFile
) -> tuple[Overlap | None, NameBelongsElsewhere | None]:
    """Return which other projects of a group have a name that is new here, and whether it may be.

    It was asked when the file was received, too; since then another project may have begun with it.
    """
    if uow.packages.get(file.project_id, file.package) is not None:
        return None, None
    uow.group_pages.claim(file.project_id, file.package)
    overlaps = uow.group_pages.overlaps(file.project_id, file.package)
    return next(iter(overlaps), None), name_refused(overlaps)


def settle_refused(uow: UnitOfWork, file: StoredFile, problems: tuple[str, ...]) -> None:
    """Drop a refused file's row, write its verdict and promise that its blob goes."""
    uow.files.remove_refused(file.id)
    uow.uploads.settle(file.upload_id, UploadStatus.REJECTED, problems)
    uow.outbox.promise(Task.DISCARD, blob_key=file.blob_key)


def _settle_published(
    uow: UnitOfWork, claim: Claim, file: StoredFile, overlap: Overlap | None
) -> None:
    uow.uploads.settle(file.upload_id, UploadStatus.PUBLISHED)
    uow.audit.record(_published(file))
    if overlap is not None:
        uow.audit.record(_overlapped(file, overlap))
    uow.outbox.promise(
        Task.INDEX,
        project_id=file.project_id,
        package=file.package,
        upload_id=file.upload_id,
        **{WAITED: round(1000 * claim.age)},
    )


def _overlapped(file: StoredFile, overlap: Overlap) -> AuditEvent:
    """Return the event that tells the nearest group above of the name's other projects."""
    return AuditEvent(
        Action.PACKAGE_OVERLAP,
        file.publisher.agent,
        group_id=overlap.group_id,
        package=overlap.package,
        version=file.version,
        filename=file.filename,
        details={
            "project": overlap.project,
            "others": list(overlap.others),
            "package_overlap": overlap.policy.value,
        },
    )


def _published(file: StoredFile) -> AuditEvent:
    pipeline = file.publisher.pipeline
    return AuditEvent(
        Action.FILE_PUBLISHED,
        file.publisher.agent,
        project_id=file.project_id,
        package=file.package,
        version=file.version,
        filename=file.filename,
        details={"sha256": file.digests.sha256, "size": file.size}
        | ({"pipeline": dict(pipeline)} if pipeline else {})
        | ({"attested_by": file.publisher.name} if file.attested else {}),
    )


@dataclass(frozen=True, slots=True)
class Discarder:
    """Does the `discard` task: the blob of a refused file or of a broken upload goes."""

    database: Database
    blobs: BlobStore
    reach: CrashPoint

    def __call__(self, claim: Claim) -> None:
        """Delete the blob, then the promise."""
        key = str(claim.arguments["blob_key"])
        self.blobs.delete(key)
        self.reach("blob-discarded")
        self.blobs.delete(metadata_key(key))
        with self.database.begin() as uow:
            uow.outbox.done(claim.message_id)
            uow.commit()
