"""Projects, as administration lists, changes and deletes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import paths, reaching
from wheelyard_core.adapters.db.groups import group_of
from wheelyard_core.adapters.db.listing import contains, part_of
from wheelyard_core.adapters.db.models import (
    File,
    FileAttestations,
    FileMetadata,
    Member,
    Namespace,
    Package,
    ProjectRow,
    ProtectionRuleRow,
    Release,
    Token,
    TrustedPublisherRow,
    UploadRow,
    User,
)
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.adapters.db.users import forget_accounts
from wheelyard_core.domain.administration import (
    Listed,
    ProjectChanges,
    ProjectDetails,
    ProjectFilter,
    Reach,
    Stretch,
)
from wheelyard_core.domain.catalogue import UploadStatus

_ORDERS: Final = {
    "id": ProjectRow.id,
    "name": ProjectRow.name,
    "path": ProjectRow.path,
    "full_path": ProjectRow.path_key,
    "created_at": ProjectRow.created_at,
}


class SqlProjectDirectory:
    """The projects of one transaction, with their settings."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def details(self, project_id: int) -> ProjectDetails:
        """Return a project that is there."""
        query = reaching.with_namespace().where(ProjectRow.id == project_id)
        return _details(*self._session.execute(query).one())

    def listed(
        self, reach: Reach, wanted: ProjectFilter, stretch: Stretch, now: datetime
    ) -> Listed[ProjectDetails]:
        """Return a part of the list of projects that somebody of this *reach* sees."""
        query = reaching.with_namespace().where(reaching.sees_project(reach, now))
        if wanted.search is not None:
            query = query.where(contains(wanted.search, ProjectRow.name, ProjectRow.full_path))
        if wanted.visibility is not None:
            query = query.where(ProjectRow.visibility == wanted.visibility)
        if wanted.least_role is not None and reach.user_id is not None:
            query = query.where(reaching.has_role_in_project(reach.user_id, wanted.least_role, now))
        if wanted.in_group is not None:
            query = query.where(ProjectRow.namespace_id == wanted.in_group)
        if wanted.below_group is not None:
            query = query.where(reaching.below(wanted.below_group))
        return part_of(self._session, query, stretch, _ORDERS, _details)

    def below(self, namespace_id: int) -> Sequence[int]:
        """Return every project in a namespace and in those below it."""
        query = reaching.with_namespace().where(reaching.below(namespace_id))
        return self._session.scalars(query.with_only_columns(ProjectRow.id)).all()

    def change(self, project_id: int, changes: ProjectChanges) -> None:
        """Change a project. Raises AlreadyTaken."""
        row = self._session.get_one(ProjectRow, project_id)
        if changes.path is not None and changes.path != row.path:
            full_path = f"{row.full_path.rpartition('/')[0]}/{changes.path}"
            if full_path.lower() != row.path_key:
                paths.require_free(self._session, full_path)
            row.path, row.full_path, row.path_key = changes.path, full_path, full_path.lower()
        for name in (
            "name",
            "description",
            "visibility",
            "registry_access",
            "burn_filenames",
            "release_open_hours",
            "attestation_policy",
            "creator_id",
        ):
            value = getattr(changes, name)
            if value is not None:
                setattr(row, name, value)
        self._session.flush()

    def delete(self, project_id: int) -> Sequence[str]:
        """Delete a project with all it has; return the keys of the blobs nobody has any more.

        Its tokens stay, revoked. So do uploads whose bytes are on their way: they end as those of
        a project that is not found, or by the sweep.
        """
        # Whoever adds a file or a package now waits for this lock, and then finds no project.
        self._session.execute(
            select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update()
        )
        keys = self._session.scalars(
            select(File.blob_key).where(File.project_id == project_id)
        ).all()
        files = select(File.id).where(File.project_id == project_id).scalar_subquery()
        for beside in (FileMetadata, FileAttestations):
            self._session.execute(delete(beside).where(beside.file_id.in_(files)))
        for model in (File, Release, Package):
            self._session.execute(delete(model).where(model.project_id == project_id))
        self._session.execute(
            delete(UploadRow).where(
                UploadRow.project_id == project_id, UploadRow.status != UploadStatus.RECEIVING
            )
        )
        self._forget_access(project_id)
        self._session.execute(delete(ProjectRow).where(ProjectRow.id == project_id))
        return keys

    def _forget_access(self, project_id: int) -> None:
        bots = self._session.scalars(
            select(User.id)
            .join(Token, Token.user_id == User.id)
            .where(User.is_bot, Token.project_id == project_id)
            .distinct()
        ).all()
        now = database_time(self._session)
        self._session.execute(
            update(Token)
            .where(Token.project_id == project_id)
            .values(project_id=None, revoked_at=func.coalesce(Token.revoked_at, now))
        )
        for model in (Member, ProtectionRuleRow, TrustedPublisherRow):
            self._session.execute(delete(model).where(model.project_id == project_id))
        forget_accounts(self._session, bots)


def _details(project: ProjectRow, namespace: Namespace) -> ProjectDetails:
    return ProjectDetails(
        id=project.id,
        name=project.name,
        path=project.path,
        full_path=project.full_path,
        description=project.description,
        visibility=project.visibility,
        registry_access=project.registry_access,
        burn_filenames=project.burn_filenames,
        release_open_hours=project.release_open_hours,
        attestation_policy=project.attestation_policy,
        creator_id=project.creator_id,
        created_at=project.created_at,
        namespace=group_of(namespace),
    )
