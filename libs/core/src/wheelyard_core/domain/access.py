"""Who may do what: actors, roles and the ladder of refusals.

The rules are GitLab's, except that existence never leaks: whoever may not see a project gets the
same answer as for one that does not exist.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

from wheelyard_core.domain.errors import AuthenticationRequired, NotAllowed, NotFound


class Role(IntEnum):
    """GitLab's access levels."""

    NONE = 0
    GUEST = 10
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


class Visibility(StrEnum):
    """Who sees that a project exists."""

    PRIVATE = "private"
    INTERNAL = "internal"
    PUBLIC = "public"


class RegistryAccess(StrEnum):
    """GitLab's `package_registry_access_level`: who may pull, whoever sees the project."""

    DISABLED = "disabled"
    PRIVATE = "private"
    ENABLED = "enabled"
    PUBLIC = "public"


class Scope(StrEnum):
    """What a token may be used for."""

    API = "api"
    READ_API = "read_api"
    READ_REGISTRY = "read_package_registry"
    WRITE_REGISTRY = "write_package_registry"


class Permission(StrEnum):
    """What an actor asks to do with a project."""

    SEE = "see"
    PULL = "pull"
    PUSH = "push"
    SEE_UPLOADS = "see uploads"
    DELETE_FILE = "delete a file"
    DELETE_PACKAGE = "delete a package"
    YANK = "yank"
    SET_STATUS = "set a status"
    ADMINISTER = "administer"
    DESTROY = "destroy"

    @property
    def role(self) -> Role:
        """The least role that may."""
        return _ROLE_FOR[self]

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self not in {Permission.SEE, Permission.PULL, Permission.SEE_UPLOADS}


_ROLE_FOR: Final = {
    Permission.SEE: Role.GUEST,
    Permission.PULL: Role.REPORTER,
    Permission.PUSH: Role.DEVELOPER,
    Permission.SEE_UPLOADS: Role.DEVELOPER,
    Permission.DELETE_FILE: Role.DEVELOPER,
    Permission.DELETE_PACKAGE: Role.MAINTAINER,
    Permission.YANK: Role.MAINTAINER,
    Permission.SET_STATUS: Role.MAINTAINER,
    Permission.ADMINISTER: Role.MAINTAINER,
    Permission.DESTROY: Role.OWNER,
}
# What a token may that is there to publish.
_OF_PUBLISHERS: Final = frozenset({Permission.SEE, Permission.PUSH, Permission.SEE_UPLOADS})
_DISABLED: Final = "The package registry of this project is disabled"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody in particular.

    `refused` says why credentials that were sent do not count; `insisted` that they were sent as a
    job token's, which is an error even where anybody may read.
    """

    refused: str | None = None
    insisted: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """An account that acts through a personal token; a project access token acts as a bot."""

    user_id: int
    username: str
    token_id: int
    scopes: frozenset[Scope]
    is_admin: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class DeployToken:
    """A token that reaches one project or everything below one group."""

    token_id: int
    username: str
    scopes: frozenset[Scope]
    project_id: int | None
    group_id: int | None


@dataclass(frozen=True, slots=True)
class JobToken:
    """A short-lived token of one project that acts for a person, at most as developer."""

    token_id: int
    user_id: int
    username: str
    project_id: int
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class TrustedPublisher:
    """A short-lived token of a pipeline that projects trust to publish, and to do nothing more.

    `project_ids` are those whose rules minted the token and are still there.
    """

    token_id: int
    username: str
    project_ids: frozenset[int]


Actor: TypeAlias = Anonymous | Person | DeployToken | JobToken | TrustedPublisher


def authentication_required(actor: Anonymous) -> AuthenticationRequired:
    """Return the refusal of nobody in particular, which says why credentials do not count."""
    return AuthenticationRequired(actor.refused or "Authentication is required: give a token")


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """What of a project decides who may do what. `group_ids` are its group and all above it."""

    project_id: int
    visibility: Visibility
    registry_access: RegistryAccess
    group_ids: tuple[int, ...]

    @property
    def anybody_may_pull(self) -> bool:
        """Whether reading needs no credentials at all."""
        if self.registry_access is RegistryAccess.ENABLED:
            return self.visibility is Visibility.PUBLIC
        return self.registry_access is RegistryAccess.PUBLIC


def user_of(actor: Actor) -> int | None:
    """Return the account whose memberships count for *actor*, if any."""
    return actor.user_id if isinstance(actor, Person | JobToken) else None


def require(
    actor: Actor, policy: ProjectPolicy | None, member_as: Role, permission: Permission
) -> None:
    """Return if *actor* may; else raise the refusal that the ladder prescribes.

    *policy* is None for an unknown project; *member_as* is the role of the actor's account in the
    project, inherited from groups too.

    Raises AuthenticationRequired (401), NotFound (404) or NotAllowed (403).
    """
    if isinstance(actor, Anonymous):
        _require_of_anybody(actor, policy, permission)
        return
    if policy is None:
        raise NotFound("Project not found")
    role = _effective_role(actor, policy, member_as)
    if permission is Permission.PULL and policy.anybody_may_pull:
        return
    # Before all that only an existing project can be refused for.
    if not _sees(actor, policy, role):
        raise NotFound("Project not found")
    registry = permission not in {Permission.SEE, Permission.ADMINISTER, Permission.DESTROY}
    if registry and policy.registry_access is RegistryAccess.DISABLED:
        raise NotFound(_DISABLED)
    if not _may(actor, policy, role, permission):
        raise NotAllowed(_lacking(actor, permission))


def _require_of_anybody(
    actor: Anonymous, policy: ProjectPolicy | None, permission: Permission
) -> None:
    if policy is not None and not permission.writes and not actor.insisted:
        if permission is Permission.PULL and policy.anybody_may_pull:
            return
        if policy.visibility is Visibility.PUBLIC:
            if permission is Permission.SEE:
                return
            if policy.registry_access is RegistryAccess.DISABLED:
                raise NotFound(_DISABLED)
    raise authentication_required(actor)


def _effective_role(actor: Actor, policy: ProjectPolicy, member_as: Role) -> Role:
    match actor:
        case Person():
            return Role.OWNER if actor.is_admin else member_as
        case JobToken():
            if actor.project_id != policy.project_id:
                return Role.NONE
            return min(Role.OWNER if actor.is_admin else member_as, Role.DEVELOPER)
        case DeployToken() if _reaches(actor, policy):
            return Role.DEVELOPER
        case TrustedPublisher() if policy.project_id in actor.project_ids:
            return Role.DEVELOPER
        case _:
            return Role.NONE


def _reaches(actor: DeployToken, policy: ProjectPolicy) -> bool:
    return actor.project_id == policy.project_id or actor.group_id in policy.group_ids


def _sees(actor: Actor, policy: ProjectPolicy, role: Role) -> bool:
    if role > Role.NONE or policy.visibility is Visibility.PUBLIC:
        return True
    # Deploy, job and project access tokens are no persons.
    person = isinstance(actor, Person) and not actor.is_bot
    return person and policy.visibility is Visibility.INTERNAL


def _may(actor: Actor, policy: ProjectPolicy, role: Role, permission: Permission) -> bool:
    if not _has_scope(actor, permission):
        return False
    if permission is Permission.SEE:
        return True
    if permission is Permission.PULL and policy.registry_access is RegistryAccess.ENABLED:
        # Visibility lets in those who see the project; a guest of a private one reads nothing.
        return role >= permission.role or policy.visibility is not Visibility.PRIVATE
    return role >= permission.role


def _has_scope(actor: Actor, permission: Permission) -> bool:
    match actor:
        case Person():
            enough = {Scope.API} if permission.writes else {Scope.API, Scope.READ_API}
            return bool(actor.scopes & enough)
        case DeployToken():
            needed = {
                Permission.PULL: Scope.READ_REGISTRY,
                Permission.PUSH: Scope.WRITE_REGISTRY,
                Permission.SEE_UPLOADS: Scope.WRITE_REGISTRY,
            }.get(permission)
            return permission is Permission.SEE or needed in actor.scopes
        case JobToken():
            return permission is Permission.PULL or permission in _OF_PUBLISHERS
        case TrustedPublisher():
            return permission in _OF_PUBLISHERS
        case _:
            return False


def _lacking(actor: Actor, permission: Permission) -> str:
    if isinstance(actor, TrustedPublisher):
        return "The token of a trusted publisher may only publish, where a project trusts it"
    if not _has_scope(actor, permission):
        needed = {
            Permission.PULL: "read_package_registry"
            if isinstance(actor, DeployToken)
            else "read_api or api",
            Permission.PUSH: "write_package_registry" if isinstance(actor, DeployToken) else "api",
        }.get(permission, "api")
        return f"This token may not do that: it needs the scope {needed}"
    if isinstance(actor, DeployToken):
        return "This deploy token does not reach this project"
    return f"This needs the role {permission.role.name.lower()} or higher in the project"
