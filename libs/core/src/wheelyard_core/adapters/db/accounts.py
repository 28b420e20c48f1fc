"""Accounts, groups, projects, members and tokens: what administration creates."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db import paths
from wheelyard_core.adapters.db.models import Base, Member, Namespace, ProjectRow, Token, User
from wheelyard_core.adapters.db.time import database_time
from wheelyard_core.domain.access import RegistryAccess, Role, Visibility
from wheelyard_core.domain.errors import AlreadyTaken
from wheelyard_core.domain.tokens import NewToken

T = TypeVar("T", bound=Base)


class SqlAccounts:
    """What administration creates, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_user(
        self, username: str, name: str, *, is_admin: bool = False, is_bot: bool = False
    ) -> int:
        """Add an account; return its id. Raises AlreadyTaken."""
        # Its name will be the path of its personal namespace.
        paths.require_free(self._session, username)
        row = User(
            username=username,
            username_key=username.lower(),
            name=name,
            email=None,
            is_admin=is_admin,
            is_bot=is_bot,
            created_at=database_time(self._session),
        )
        return self._added(row, f"username {username} has already been taken").id

    def add_group(
        self,
        path: str,
        name: str,
        parent_id: int | None = None,
        visibility: Visibility = Visibility.PRIVATE,
    ) -> int:
        """Add a group below *parent_id*; return its id. Raises AlreadyTaken."""
        parent = None if parent_id is None else self._session.get_one(Namespace, parent_id)
        full_path = path if parent is None else f"{parent.full_path}/{path}"
        paths.require_free(self._session, full_path)
        if parent is None:
            paths.require_no_user(self._session, full_path)
        row = Namespace(
            parent_id=parent_id,
            name=name,
            path=path,
            full_path=full_path,
            path_key=full_path.lower(),
            lineage="/",
            visibility=visibility,
            created_at=database_time(self._session),
        )
        self._added(row, f"path {full_path} has already been taken")
        row.lineage = f"{parent.lineage if parent else '/'}{row.id}/"
        self._session.flush()
        return row.id

    def add_project(
        self,
        path: str,
        name: str,
        namespace_id: int,
        visibility: Visibility = Visibility.PRIVATE,
        registry_access: RegistryAccess = RegistryAccess.ENABLED,
    ) -> int:
        """Add a project to a group; return its id. Raises AlreadyTaken."""
        namespace = self._session.get_one(Namespace, namespace_id)
        full_path = f"{namespace.full_path}/{path}"
        paths.require_free(self._session, full_path)
        row = ProjectRow(
            namespace_id=namespace_id,
            name=name,
            path=path,
            full_path=full_path,
            path_key=full_path.lower(),
            visibility=visibility,
            registry_access=registry_access,
            created_at=database_time(self._session),
        )
        return self._added(row, f"path {full_path} has already been taken").id

    def add_member(
        self,
        user_id: int,
        role: Role,
        *,
        group_id: int | None = None,
        project_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Give an account a role in a group or a project. Raises AlreadyTaken."""
        row = Member(
            user_id=user_id,
            namespace_id=group_id,
            project_id=project_id,
            access_level=int(role),
            expires_at=expires_at,
            created_at=database_time(self._session),
        )
        self._added(row, "Member already exists")

    def add_token(self, new: NewToken) -> int:
        """Add a token; return its id."""
        row = Token(
            kind=new.kind,
            lookup=new.lookup,
            digest=new.stored.digest,
            pepper=new.stored.pepper,
            name=new.name,
            username=new.username,
            scopes=sorted(scope.value for scope in new.scopes),
            user_id=new.user_id,
            project_id=new.project_id,
            namespace_id=new.group_id,
            family=new.family,
            parent_id=new.parent_id,
            job=None if new.pipeline is None else dict(new.pipeline),
            expires_at=new.expires_at,
            created_at=database_time(self._session),
        )
        return self._added(row, "token has already been taken").id

    def _added(self, row: T, taken: str) -> T:
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise AlreadyTaken(taken) from error
        return row
