"""Accounts, groups, projects and tokens for tests, written behind the back of the REST API.

Faster than asking for them over HTTP, and able to make what HTTP refuses: tokens that expired.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, create_engine, update
from sqlalchemy.orm import Session

from wheelyard_core.adapters.db.models import Token, User
from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import RegistryAccess, Role, Scope, Visibility
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.domain.tokens import TokenKind, lookup_of
from wheelyard_core.domain.trusted import Identity, Rule
from wheelyard_core.usecases.issue_token import Grant, issue_token

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PIPELINE = {"id": 7, "ref": "main", "sha": "0" * 40, "web_url": "https://ci.example/7"}


@dataclass(frozen=True, slots=True)
class SeededGroup:
    """A group that a test made."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class SeededProject:
    """A project that a test made; `path` is with its groups."""

    id: int
    path: str
    group: SeededGroup


def unique(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def id_of(place: SeededGroup | SeededProject | None) -> int | None:
    """Return the id of a group or project, if there is one."""
    return None if place is None else place.id


class Seed:
    """Writes into the database of a running registry, with the registry's own settings."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._engine: Engine = create_engine(registry.settings.database.url)

    def close(self) -> None:
        self._engine.dispose()

    def user(self, *, admin: bool = False, bot: bool = False) -> int:
        name = unique("user")
        with self._registry.database.begin() as uow:
            user = uow.accounts.add_user(name, name, is_admin=admin, is_bot=bot)
            uow.commit()
        return user

    def group(
        self, parent: SeededGroup | None = None, visibility: Visibility = Visibility.PRIVATE
    ) -> SeededGroup:
        name = unique("group")
        with self._registry.database.begin() as uow:
            group = uow.accounts.add_group(name, name, id_of(parent), visibility)
            uow.commit()
        return SeededGroup(group, f"{parent.path}/{name}" if parent else name)

    def project(
        self,
        group: SeededGroup | None = None,
        visibility: Visibility = Visibility.PRIVATE,
        access: RegistryAccess = RegistryAccess.ENABLED,
    ) -> SeededProject:
        above = group or self.group(visibility=visibility)
        name = unique("project")
        with self._registry.database.begin() as uow:
            project = uow.accounts.add_project(name, name, above.id, visibility, access)
            uow.commit()
        return SeededProject(project, f"{above.path}/{name}", above)

    def member(
        self,
        role: Role,
        *,
        project: SeededProject | None = None,
        group: SeededGroup | None = None,
        user: int | None = None,
    ) -> int:
        """Give a user, a new one unless told, a role; return the user."""
        who = self.user() if user is None else user
        with self._registry.database.begin() as uow:
            uow.accounts.add_member(who, role, group_id=id_of(group), project_id=id_of(project))
            uow.commit()
        return who

    def personal_token(self, user: int, *scopes: Scope) -> str:
        chosen = frozenset(scopes or {Scope.API})
        return self._issue(Grant(TokenKind.PERSONAL, "test", chosen, user_id=user))

    def developer_token(self, project: SeededProject) -> str:
        """Return a personal token of a new developer of the project."""
        return self.personal_token(self.member(Role.DEVELOPER, project=project))

    def project_token(self, project: SeededProject, role: Role, *scopes: Scope) -> str:
        bot = self.member(role, project=project, user=self.user(bot=True))
        chosen = frozenset(scopes or {Scope.API})
        return self._issue(
            Grant(TokenKind.PROJECT, "test", chosen, user_id=bot, project_id=project.id)
        )

    def deploy_token(
        self,
        *scopes: Scope,
        project: SeededProject | None = None,
        group: SeededGroup | None = None,
        username: str = "deployer",
    ) -> str:
        chosen = frozenset(scopes or {Scope.READ_REGISTRY, Scope.WRITE_REGISTRY})
        return self._issue(
            Grant(
                TokenKind.DEPLOY,
                "test",
                chosen,
                username=username,
                project_id=id_of(project),
                group_id=id_of(group),
            )
        )

    def job_token(self, project: SeededProject, user: int | None = None) -> str:
        """Return a job token that acts for *user*, or for a new developer of the project."""
        who = self.member(Role.DEVELOPER, project=project) if user is None else user
        return self._issue(
            Grant(
                TokenKind.JOB,
                "test",
                frozenset(),
                user_id=who,
                project_id=project.id,
                expires_at=datetime.now(UTC) + timedelta(hours=1),
                pipeline=PIPELINE,
            )
        )

    def trusted_token(self, project: SeededProject) -> str:
        """Return the upload token of a pipeline that the project trusts."""
        issuer, repository = "https://forge.example", unique("acme/tools")
        identity = Identity(issuer, Preset.GITHUB, {"repository": repository})
        with self._registry.database.begin() as uow:
            rule = uow.trusted.add(project.id, Rule(issuer, identity.claims))
            uow.commit()
        return self._issue(
            Grant(
                TokenKind.TRUSTED,
                identity.name,
                frozenset({Scope.WRITE_REGISTRY}),
                username=identity.name,
                expires_at=datetime.now(UTC) + timedelta(minutes=15),
                pipeline={"identity": identity.document(), "rules": [rule.id]},
            )
        )

    def revoked(self, secret: str) -> str:
        """Revoke a token; return it."""
        return self._change(secret, revoked_at=LONG_AGO)

    def expired(self, secret: str, at: datetime = LONG_AGO) -> str:
        """Have a token expire, long ago unless told; return it."""
        return self._change(secret, expires_at=at)

    def block(self, user: int) -> None:
        with Session(self._engine) as session:
            session.execute(update(User).where(User.id == user).values(blocked_at=LONG_AGO))
            session.commit()
        self._tell_access()

    def _change(self, secret: str, **values: datetime) -> str:
        with Session(self._engine) as session:
            session.execute(update(Token).where(Token.lookup == lookup_of(secret)).values(values))
            session.commit()
        self._tell_access()
        return secret

    def _tell_access(self) -> None:
        """Have grants forgotten, as whoever takes something away does."""
        with self._registry.database.begin() as uow:
            uow.access_changed()
            uow.commit()

    def _issue(self, grant: Grant) -> str:
        with self._registry.database.begin() as uow:
            issued = issue_token(uow, grant, self._registry.peppers())
            uow.commit()
        return issued.secret
