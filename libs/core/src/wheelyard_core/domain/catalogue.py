"""What a registry holds, as values: projects, packages, releases, files, uploads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from wheelyard_core.domain.access import ProjectPolicy
from wheelyard_core.domain.attestations import AttestationPolicy
from wheelyard_core.domain.audit import Agent, AgentKind
from wheelyard_core.domain.blob_keys import metadata_key
from wheelyard_core.domain.digests import Digests
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.standing import Standing
from wheelyard_core.domain.trusted import Identity


class FileStatus(StrEnum):
    """Where a file is on its way; a refused one has no row."""

    RECEIVED = "received"
    PUBLISHED = "published"


class UploadStatus(StrEnum):
    """Where an upload is on its way, as its status address shows it."""

    RECEIVING = "receiving"
    RECEIVED = "received"
    VERIFYING = "verifying"
    PUBLISHED = "published"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Yanked:
    """A file is yanked (PEP 592); an empty reason means that none was given."""

    reason: str


Pipeline: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who sent a file, kept with it: the account or token, and the job when there was one."""

    user_id: int | None
    token_id: int | None
    name: str
    pipeline: Pipeline | None = None
    kind: AgentKind = AgentKind.PERSON
    # Of a trusted publisher: what its issuer said of it.
    identity: Identity | None = None

    @property
    def agent(self) -> Agent:
        """The publisher as audit events name it."""
        return Agent(self.kind, self.name, self.user_id, self.token_id)


@dataclass(frozen=True, slots=True)
class Project:
    """The tenant that owns an index."""

    id: int
    name: str
    path: str
    full_path: str
    policy: ProjectPolicy
    burn_filenames: bool
    # How long a release takes new files after its first one; 0 is for ever.
    release_open_hours: int = 0
    attestation_policy: AttestationPolicy = AttestationPolicy.OFF


@dataclass(frozen=True, slots=True)
class Package:
    """A named thing in a project, with its name as first published."""

    name: str
    normalized: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes are in the object store."""

    id: int
    project_id: int
    upload_id: str
    filename: str
    package: str
    version: str
    size: int
    digests: Digests
    blob_key: str
    status: FileStatus
    publisher: Publisher
    metadata_sha256: str | None = None
    metadata_size: int | None = None
    # Came with attestations, which are verified with it.
    attested: bool = False

    @property
    def metadata_key(self) -> str:
        """The blob of the metadata file."""
        return metadata_key(self.blob_key)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes have just been stored and wait for their verification."""

    project_id: int
    upload_id: str
    filename: DistributionFilename
    size: int
    digests: Digests
    blob_key: str
    publisher: Publisher
    # As `attestations.text_of` gives them.
    attestations: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One attempt to publish a file, from its first byte to its verdict."""

    id: str
    project_id: int
    filename: str
    blob_key: str
    status: UploadStatus
    publisher: Publisher
    created_at: datetime
    updated_at: datetime
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as a simple page shows it."""

    filename: str
    version: str
    sha256: str
    size: int
    published_at: datetime
    requires_python: str | None
    metadata_sha256: str | None
    yanked: Yanked | None
    attested: bool = False


@dataclass(frozen=True, slots=True)
class PackageListing:
    """What a package's simple page is made of: published files, neither deleted nor quarantined.

    `files` are in the order in which they were published.
    """

    normalized: str
    serial: int
    files: tuple[ListedFile, ...]
    standing: Standing = field(default_factory=Standing)


@dataclass(frozen=True, slots=True)
class RootListing:
    """What a simple root is made of: names as first published that have something installable."""

    serial: int
    names: tuple[str, ...]
