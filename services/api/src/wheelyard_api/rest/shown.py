"""How accounts, groups, projects, members and tokens are shown: GitLab's fields."""

from datetime import UTC, datetime, time

from wheelyard_core.domain.access import RegistryAccess, Role
from wheelyard_core.domain.administration import (
    Group,
    Membership,
    ProjectDetails,
    TokenDetails,
    User,
)
from wheelyard_core.domain.moments import format_moment
from wheelyard_web.identity import registry

Shown = dict[str, object]


def moment(value: datetime | None) -> str | None:
    """Return a time, where there is one, as GitLab writes it."""
    return None if value is None else format_moment(value)


def day(value: datetime | None) -> str | None:
    """Return an end as GitLab writes it, a date, unless it is in the middle of a day."""
    if value is None:
        return None
    value = value.astimezone(UTC)
    return value.date().isoformat() if value.time() == time() else moment(value)


def user(account: User) -> Shown:
    """Return an account as anybody with a right to it sees it."""
    return {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "state": "blocked" if account.is_blocked else "active",
        "locked": False,
        "is_admin": account.is_admin,
        "bot": account.is_bot,
        "web_url": _page(account.username),
        "created_at": moment(account.created_at),
    }


def group(found: Group) -> Shown:
    """Return a group."""
    return {
        "id": found.id,
        "name": found.name,
        "path": found.path,
        "full_name": " / ".join([*found.full_path.split("/")[:-1], found.name]),
        "full_path": found.full_path,
        "parent_id": found.parent_id,
        "description": found.description,
        "visibility": found.visibility.value,
        "burn_filenames": found.burn_filenames,
        "package_overlap": found.package_overlap.value,
        "web_url": _page(found.full_path),
        "created_at": moment(found.created_at),
    }


def project(found: ProjectDetails) -> Shown:
    """Return a project."""
    namespace = found.namespace
    return {
        "id": found.id,
        "name": found.name,
        "name_with_namespace": f"{' / '.join(namespace.full_path.split('/'))} / {found.name}",
        "path": found.path,
        "path_with_namespace": found.full_path,
        "namespace": {
            "id": namespace.id,
            "name": namespace.name,
            "path": namespace.path,
            "kind": "group" if namespace.owner_id is None else "user",
            "full_path": namespace.full_path,
            "parent_id": namespace.parent_id,
        },
        "description": found.description,
        "visibility": found.visibility.value,
        "package_registry_access_level": found.registry_access.value,
        "packages_enabled": found.registry_access is not RegistryAccess.DISABLED,
        "burn_filenames": found.burn_filenames,
        "release_open_hours": found.release_open_hours,
        "attestation_policy": found.attestation_policy.value,
        "archived": False,
        "creator_id": found.creator_id,
        "web_url": _page(found.full_path),
        "created_at": moment(found.created_at),
    }


def member(membership: Membership) -> Shown:
    """Return a member: the account's public fields, and the role."""
    account = user(membership.user)
    public = ("id", "username", "name", "state", "locked", "web_url")
    return {name: account[name] for name in public} | {
        "access_level": membership.role.value,
        "expires_at": day(membership.expires_at),
        "created_at": moment(membership.created_at),
    }


def personal_token(token: TokenDetails, now: datetime) -> Shown:
    """Return a personal token, or what a project access token has in common with it."""
    return {
        "id": token.id,
        "name": token.name,
        "description": None,
        "revoked": token.revoked_at is not None,
        "active": token.is_active(now),
        "scopes": [scope.value for scope in token.scopes],
        "user_id": token.user_id,
        "created_at": moment(token.created_at),
        "last_used_at": moment(token.last_used_at),
        "expires_at": day(token.expires_at),
    }


def project_token(token: TokenDetails, role: Role, now: datetime) -> Shown:
    """Return a project access token."""
    return personal_token(token, now) | {
        "access_level": role.value or None,
        "resource_type": "project",
        "resource_id": token.project_id,
    }


def deploy_token(token: TokenDetails, now: datetime) -> Shown:
    """Return a deploy token."""
    return {
        "id": token.id,
        "name": token.name,
        "username": token.username,
        "expires_at": moment(token.expires_at),
        "revoked": token.revoked_at is not None,
        "expired": token.expires_at is not None and token.expires_at <= now,
        "scopes": [scope.value for scope in token.scopes],
    }


def job_token(token: TokenDetails) -> Shown:
    """Return a job token."""
    return {
        "id": token.id,
        "project_id": token.project_id,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "pipeline": dict(token.job) if token.job else None,
    }


def _page(path: str) -> str:
    return f"{registry().settings.http.public_url}/{path}"
