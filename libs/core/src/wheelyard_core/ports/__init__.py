"""What the use cases need from the world, as small protocols, and how it fails.

An adapter translates every error of its driver into the errors named here. Keys, sizes and
digests are plain values: no adapter is visible through a port.
"""

from wheelyard_core.ports.accounts import Accounts, Tokens
from wheelyard_core.ports.attempts import Attempts
from wheelyard_core.ports.attesting import Attestations, Signatures, TrustRootUnavailable
from wheelyard_core.ports.blobs import (
    BinaryReader,
    BlobNotFound,
    BlobReader,
    BlobStore,
    OpenFile,
    StorageUnavailable,
)
from wheelyard_core.ports.catalogue import Files, MetadataFile, Packages, Projects, Releases
from wheelyard_core.ports.database import (
    Conflict,
    Database,
    DatabaseRefused,
    DatabaseUnavailable,
    SchemaTooLate,
    UnitOfWork,
)
from wheelyard_core.ports.pages import CacheUnavailable, PageCache, Pages
from wheelyard_core.ports.tracing import UNTRACED, Attributes, Span, Tracing
from wheelyard_core.ports.trusted import IssuerKeys, IssuerUnavailable, TrustedPublishers
from wheelyard_core.ports.uploads import Uploads
from wheelyard_core.ports.work import Outbox, Queue, Verdicts

__all__ = [
    "UNTRACED",
    "Accounts",
    "Attempts",
    "Attestations",
    "Attributes",
    "BinaryReader",
    "BlobNotFound",
    "BlobReader",
    "BlobStore",
    "CacheUnavailable",
    "Conflict",
    "Database",
    "DatabaseRefused",
    "DatabaseUnavailable",
    "Files",
    "IssuerKeys",
    "IssuerUnavailable",
    "MetadataFile",
    "OpenFile",
    "Outbox",
    "Packages",
    "PageCache",
    "Pages",
    "Projects",
    "Queue",
    "Releases",
    "SchemaTooLate",
    "Signatures",
    "Span",
    "StorageUnavailable",
    "Tokens",
    "Tracing",
    "TrustRootUnavailable",
    "TrustedPublishers",
    "UnitOfWork",
    "Uploads",
    "Verdicts",
]
