"""The way of an upload through the api: check the claims, take the bytes, write the row.

With a declared sha256 the bytes go straight to the object store while they are hashed, and a
mismatch at their end aborts the store's write. Without one they are spooled first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from wheelyard_api.uploads.fields import (
    Declared,
    check_action,
    is_complete,
    read_attestations,
    read_declared,
)
from wheelyard_api.uploads.form import FilePart, FileTooLarge, UploadForm
from wheelyard_api.uploads.measuring import UploadWatch
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import Actor
from wheelyard_core.domain.attestations import AttestationPolicy, text_of
from wheelyard_core.domain.catalogue import Project, Publisher, Upload
from wheelyard_core.domain.digests import Digester, Digests
from wheelyard_core.domain.errors import InvalidInput, RegistryError
from wheelyard_core.ports import DatabaseUnavailable, StorageUnavailable
from wheelyard_core.usecases.authorise import Confirm
from wheelyard_core.usecases.receive import Candidate, Receipt, Receiver
from wheelyard_core.usecases.spool import Spool

_IN_MEMORY: Final = 1 << 20


class CheckedReader:
    """The file's bytes on their way to the store: counted, hashed, and checked at their end.

    A refusal raised here aborts the store's write, so nothing of the file stays.
    """

    def __init__(
        self, form: UploadForm, limit: int, declared: Declared | None, watch: UploadWatch
    ) -> None:
        self._form = form
        self._watch = watch
        self._limit = limit
        self._declared = declared
        self._digester = Digester()

    def read(self, n: int = -1, /) -> bytes:
        """Return the next bytes; at the end raise InvalidDigest unless they are those declared."""
        with self._watch.stage("receive"):
            piece = self._form.read(n)
        if piece:
            with self._watch.stage("hash"):
                self._digester.update(piece)
            if self._digester.size > self._limit:
                raise FileTooLarge(self._limit)
        elif self._digester.size == 0:
            raise InvalidInput("The file is empty: send a wheel or an sdist")
        elif self._declared is not None:
            self._declared.digests.check(self._digester.digests())
        return piece

    @property
    def received(self) -> tuple[int, Digests]:
        """The size and the digests of what has been read."""
        return self._digester.size, self._digester.digests()


@dataclass(frozen=True, slots=True)
class Submission:
    """One upload into one project by one publisher."""

    registry: Registry
    project: Project
    publisher: Publisher
    actor: Actor
    confirm: Confirm
    request_id: str | None
    watch: UploadWatch

    def receive(self, form: UploadForm, query: Mapping[str, str]) -> Receipt:
        """Take the form's file. Raises the refusals of the domain, outages and Broken."""
        part = form.to_file()
        check_action(form.fields, query)
        if part is None:
            raise InvalidInput("The form has no file: it needs a part named content")
        if is_complete(form.fields):
            declared = read_declared(form.fields)
            candidate = self._candidate(form, declared, part)
            sha256 = declared.digests.sha256
            if sha256 is not None:
                return self._stream(form, query, part, candidate, sha256)
            # The file is read before its digest is known; what needs none is refused now.
            self.registry.receiver().check(candidate)
        return self._spool(form, part, query)

    def _stream(
        self,
        form: UploadForm,
        query: Mapping[str, str],
        part: FilePart,
        candidate: Candidate,
        sha256: str,
    ) -> Receipt:
        receiver = self.registry.receiver()
        admitted = receiver.admit(candidate, sha256, self.request_id)
        reader = CheckedReader(form, self._limit, read_declared(form.fields), self.watch)
        if isinstance(admitted, Receipt):
            # The server closes a connection on which much was left unread, and twine sends the
            # next file over the same one.
            while reader.read():
                pass
            form.finish()
            self._same_claims(form, query, part, candidate, reader.received[1])
            return admitted
        with _undone_if_refused(receiver, admitted):
            with self.watch.stage("store"):
                self.registry.blobs.put(admitted.blob_key, reader, None)
            form.finish()
            size, digests = reader.received
            candidate = self._same_claims(form, query, part, candidate, digests)
            return self._record(receiver, candidate, admitted, (size, digests))

    def _spool(self, form: UploadForm, part: FilePart, query: Mapping[str, str]) -> Receipt:
        receiver, spool = self.registry.receiver(), self.registry.settings.limits.spool
        reader = CheckedReader(form, self._limit, None, self.watch)
        with Spool(spool, _IN_MEMORY) as copy:
            while piece := reader.read():
                copy.write(piece)
            form.finish()
            check_action(form.fields, query)
            declared = read_declared(form.fields)
            candidate = self._candidate(form, declared, part)
            size, digests = reader.received
            declared.digests.check(digests)
            admitted = receiver.admit(candidate, digests.sha256, self.request_id)
            if isinstance(admitted, Receipt):
                return admitted
            content = copy.rewound()
            with _undone_if_refused(receiver, admitted):
                with self.watch.stage("store"):
                    self.registry.blobs.put(admitted.blob_key, content, size)
                return self._record(receiver, candidate, admitted, reader.received)

    def _record(
        self,
        receiver: Receiver,
        candidate: Candidate,
        upload: Upload,
        received: tuple[int, Digests],
    ) -> Receipt:
        with self.watch.stage("commit"):
            receipt = receiver.record(candidate, upload, received, self.confirm, self.request_id)
        self.watch.received(received[0])
        return receipt

    def _candidate(self, form: UploadForm, declared: Declared, part: FilePart) -> Candidate:
        filename = declared.filename(part.filename)
        self.watch.named(filename)
        self.registry.tracing.annotate(
            project_id=self.project.id,
            package=filename.name.normalized,
            filename=filename.text,
        )
        attestations = None
        if self.project.attestation_policy is not AttestationPolicy.OFF:
            attestations = text_of(read_attestations(form.fields))
        return Candidate(self.project, filename, self.publisher, self.actor, attestations)

    def _same_claims(
        self,
        form: UploadForm,
        query: Mapping[str, str],
        part: FilePart,
        candidate: Candidate,
        digests: Digests,
    ) -> Candidate:
        """Refuse fields behind the file that say otherwise than those before it, or its bytes.

        Return the candidate with the attestations that may have come behind the file.
        """
        check_action(form.fields, query)
        declared = read_declared(form.fields)
        declared.digests.check(digests)
        whole = self._candidate(form, declared, part)
        if replace(candidate, attestations=whole.attestations) != whole:
            raise InvalidInput(
                "The fields behind the file contradict those before it: send each once"
            )
        return whole

    @property
    def _limit(self) -> int:
        return self.registry.settings.limits.file_size


@contextmanager
def _undone_if_refused(receiver: Receiver, upload: Upload) -> Iterator[None]:
    """Abandon the upload when it is refused; what cannot be undone now, the sweep undoes.

    After an outage of the object store nothing is undone, for it would be waited for once more, as
    long as the first time. An outage of the database while the row is written may come after its
    commit: then nothing is undone, for the row may be there.
    """
    try:
        yield
    except RegistryError:
        with suppress(StorageUnavailable, DatabaseUnavailable):
            receiver.abandon(upload)
        raise
