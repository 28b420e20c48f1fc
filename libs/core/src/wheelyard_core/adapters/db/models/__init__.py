"""The tables. Constraints keep the wrong state unwritable where the database can."""

from wheelyard_core.adapters.db.models.accounts import Token, User
from wheelyard_core.adapters.db.models.audit import AuditEventRow
from wheelyard_core.adapters.db.models.base import Base, Document
from wheelyard_core.adapters.db.models.catalogue import (
    File,
    FileAttestations,
    FileMetadata,
    Package,
    Release,
)
from wheelyard_core.adapters.db.models.operating import (
    BackupRow,
    BlobFinding,
    OperationRow,
    ScheduledJobRow,
    SchemaCompatibility,
)
from wheelyard_core.adapters.db.models.places import Member, Namespace, ProjectRow
from wheelyard_core.adapters.db.models.protection import ProtectionRuleRow
from wheelyard_core.adapters.db.models.trusted import Spent, TrustedPublisherRow
from wheelyard_core.adapters.db.models.uploads import UploadRow
from wheelyard_core.adapters.db.models.work import OutboxMessage

__all__ = [
    "AuditEventRow",
    "BackupRow",
    "Base",
    "BlobFinding",
    "Document",
    "File",
    "FileAttestations",
    "FileMetadata",
    "Member",
    "Namespace",
    "OperationRow",
    "OutboxMessage",
    "Package",
    "ProjectRow",
    "ProtectionRuleRow",
    "Release",
    "ScheduledJobRow",
    "SchemaCompatibility",
    "Spent",
    "Token",
    "TrustedPublisherRow",
    "UploadRow",
    "User",
]
