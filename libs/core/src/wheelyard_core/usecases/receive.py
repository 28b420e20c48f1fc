"""Receive a file: decide from what is declared, store its bytes, write its row, wait for a verdict.

The order is blob, row, page. A crash in between leaves an intent in `uploads`, by which the sweep
finds the bytes; a page never links to bytes that are not there. No transaction is open while bytes
move.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Final

from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.blob_keys import blob_key
from wheelyard_core.domain.catalogue import (
    NewFile,
    Project,
    Publisher,
    StoredFile,
    Upload,
    UploadStatus,
)
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.errors import FileAlreadyExists, NameBelongsElsewhere
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.group_index import Overlap, PackageOverlap
from wheelyard_core.domain.protection import Act
from wheelyard_core.domain.releases import ReleaseName
from wheelyard_core.domain.work import Task
from wheelyard_core.ports import BlobStore, Conflict, Database, UnitOfWork, Verdicts
from wheelyard_core.usecases.attest import require_attestable, require_attested
from wheelyard_core.usecases.authorise import Confirm
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.protect import require_unprotected

# The database is the truth about a verdict; this is how often it is asked when nobody wakes us.
_LOOK_AGAIN: Final = 1.0
_SETTLED: Final = (UploadStatus.REJECTED, UploadStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that somebody wants to publish, as far as its form tells."""

    project: Project
    filename: DistributionFilename
    publisher: Publisher
    actor: Actor
    # As `attestations.text_of` gives them.
    attestations: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which upload decides about the file. `repeated`: its bytes had been received before."""

    upload_id: str
    repeated: bool


def require_welcome(uow: UnitOfWork, candidate: Candidate, now: datetime) -> None:
    """Raise NotAllowed where the package is protected from the actor, or takes no files."""
    project, name = candidate.project, candidate.filename.name.normalized
    require_unprotected(uow, candidate.actor, project.policy, name, Act.PUSH, now)
    package = uow.packages.get(project.id, name)
    if package is not None:
        package.standing.require_open(package.name)
        return
    refused = name_refused(uow.group_pages.overlaps(project.id, name))
    if refused is not None:
        raise refused


def name_refused(overlaps: Iterable[Overlap]) -> NameBelongsElsewhere | None:
    """Return the refusal of a name where a group lets no second project begin with it."""
    for overlap in overlaps:
        if overlap.policy is PackageOverlap.REFUSE:
            return NameBelongsElsewhere(overlap.package, overlap.group)
    return None


def require_release_open(uow: UnitOfWork, candidate: Candidate, now: datetime) -> None:
    """Raise ReleaseClosed where the project closes releases, and this one's time is over."""
    project, filename = candidate.project, candidate.filename
    if project.release_open_hours:
        name = ReleaseName(filename.name.normalized, filename.version.key)
        release = uow.releases.named(project.id, name)
        if release is not None:
            release.require_open(project.release_open_hours, now)


def find_duplicate(
    uow: UnitOfWork, candidate: Candidate, sha256: str, *, burn: bool
) -> StoredFile | None:
    """Return the file that is there with these bytes already, or None for a new one.

    Raises FileAlreadyExists where the name belongs to other bytes.
    """
    project, filename = candidate.project, candidate.filename.text
    existing = uow.files.named(project.id, filename)
    if existing is not None:
        if existing.digests.sha256 != sha256:
            raise FileAlreadyExists(filename)
        return existing
    if (burn or project.burn_filenames) and (
        set(uow.files.once_had(project.id, filename)) - {sha256}
    ):
        raise FileAlreadyExists(filename, "names of deleted files stay taken in this project")
    return None


def begin_upload(uow: UnitOfWork, candidate: Candidate, sha256: str, now: datetime) -> Upload:
    """Record the intent to store the candidate's bytes; the caller commits."""
    upload_id = str(uuid.uuid4())
    upload = Upload(
        id=upload_id,
        project_id=candidate.project.id,
        filename=candidate.filename.text,
        blob_key=blob_key(sha256, upload_id),
        status=UploadStatus.RECEIVING,
        publisher=candidate.publisher,
        created_at=now,
        updated_at=now,
    )
    uow.uploads.add(upload)
    return upload


@dataclass(frozen=True, slots=True)
class Receiver:
    """Turns stored bytes into a received file, exactly once a name."""

    database: Database
    blobs: BlobStore
    burn: bool
    reach: CrashPoint
    now: Callable[[], datetime]

    def check(self, candidate: Candidate) -> None:
        """Raise NotAllowed for a candidate that will not be admitted, whatever its bytes are."""
        with self.database.snapshot() as uow:
            require_welcome(uow, candidate, self.now())

    def admit(self, candidate: Candidate, sha256: str, request_id: str | None) -> Upload | Receipt:
        """Return a new upload to store the bytes for, or the receipt of the one that has them."""
        now = self.now()
        with self.database.begin(request_id) as uow:
            require_welcome(uow, candidate, now)
            duplicate = find_duplicate(uow, candidate, sha256, burn=self.burn)
            if duplicate is not None:
                return Receipt(duplicate.upload_id, repeated=True)
            require_attestable(
                candidate.project.attestation_policy,
                candidate.publisher,
                attested=candidate.attestations is not None,
            )
            # Decided once: what begins in time may end.
            require_release_open(uow, candidate, now)
            upload = begin_upload(uow, candidate, sha256, now)
            uow.commit()
        self.reach("upload-begun")
        return upload

    def record(
        self,
        candidate: Candidate,
        upload: Upload,
        received: tuple[int, Digests],
        confirm: Confirm,
        request_id: str | None,
    ) -> Receipt:
        """Write the row of a file whose bytes are stored, and promise its verification.

        *confirm* raises when the actor may no longer publish: much can happen in a long upload.
        """
        self.reach("blob-stored")
        try:
            receipt = self._record(candidate, upload, received, confirm, request_id)
        except Conflict:
            # Losing a race is not a verdict: look again at what is true now.
            receipt = self._record(candidate, upload, received, confirm, request_id)
        if receipt.repeated:
            self.abandon(upload)
        self.reach("row-written")
        return receipt

    def abandon(self, upload: Upload) -> None:
        """Undo an upload that comes to nothing: blob first, so that the intent outlives it."""
        self.blobs.delete(upload.blob_key)
        with self.database.begin() as uow:
            uow.uploads.forget(upload.id)
            uow.commit()

    def _record(
        self,
        candidate: Candidate,
        upload: Upload,
        received: tuple[int, Digests],
        confirm: Confirm,
        request_id: str | None,
    ) -> Receipt:
        size, digests = received
        with self.database.begin(request_id) as uow:
            uow.files.lock(candidate.project.id, candidate.filename.name.normalized)
            require_welcome(uow, replace(candidate, actor=confirm(uow)), self.now())
            duplicate = find_duplicate(uow, candidate, digests.sha256, burn=self.burn)
            if duplicate is not None:
                return Receipt(duplicate.upload_id, repeated=True)
            require_attested(
                candidate.project.attestation_policy,
                candidate.publisher,
                attested=candidate.attestations is not None,
            )
            file_id = uow.files.add(
                NewFile(
                    project_id=candidate.project.id,
                    upload_id=upload.id,
                    filename=candidate.filename,
                    size=size,
                    digests=digests,
                    blob_key=upload.blob_key,
                    publisher=candidate.publisher,
                    attestations=candidate.attestations,
                )
            )
            message_id = uow.outbox.promise(Task.VERIFY, file_id=file_id)
            uow.uploads.received(upload.id, message_id)
            uow.commit()
        return Receipt(upload.id, repeated=False)


def await_verdict(
    database: Database, verdicts: Verdicts, upload_id: str, deadline: float
) -> UploadStatus:
    """Return the upload's status once it is decided and visible, or as it is at the *deadline*.

    PUBLISHED is returned only when the package's page shows the file. The deadline is a time of the
    monotonic clock; it is looked once even after it.
    """
    while True:
        with database.snapshot() as uow:
            upload = uow.uploads.get(upload_id)
            visible = uow.uploads.is_visible(upload_id)
        if visible:
            return UploadStatus.PUBLISHED
        if upload is None or upload.status in _SETTLED:
            return UploadStatus.FAILED if upload is None else upload.status
        left = deadline - monotonic()
        if left <= 0:
            # Published, but its page is not there yet: the file is safe, the answer is "later".
            return UploadStatus.VERIFYING
        verdicts.wait(upload_id, min(left, _LOOK_AGAIN))
