"""What administration shows and changes, as values: accounts, groups, members, tokens.

In a set of changes None means "as it is".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from wheelyard_core.domain.access import RegistryAccess, Role, Scope, Visibility
from wheelyard_core.domain.attestations import AttestationPolicy
from wheelyard_core.domain.group_index import PackageOverlap
from wheelyard_core.domain.tokens import TokenKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a list that is asked for: by *offset*, or (keyset) what follows the id *after*.

    *order_by* names what the list can be ordered by; ties are ordered by id.
    """

    limit: int
    offset: int = 0
    order_by: str = "id"
    descending: bool = False
    keyset: bool = False
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """Part of a list. `more`: something follows it."""

    items: tuple[T, ...]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: int
    username: str
    name: str
    email: str | None
    is_admin: bool
    is_bot: bool
    is_blocked: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What shall be different about an account."""

    username: str | None = None
    name: str | None = None
    email: str | None = None
    is_admin: bool | None = None
    is_blocked: bool | None = None


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts a list shows."""

    username: str | None = None
    search: str | None = None
    is_blocked: bool | None = None
    is_admin: bool | None = None
    is_bot: bool | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group, or with an *owner_id* the personal namespace of an account.

    `group_ids` are its own id and those of all groups above it, from the root.
    """

    id: int
    name: str
    path: str
    full_path: str
    parent_id: int | None
    owner_id: int | None
    visibility: Visibility
    description: str
    burn_filenames: bool
    package_overlap: PackageOverlap
    created_at: datetime
    group_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What shall be different about a group."""

    name: str | None = None
    path: str | None = None
    description: str | None = None
    visibility: Visibility | None = None
    burn_filenames: bool | None = None
    package_overlap: PackageOverlap | None = None


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups a list shows. *parent_id* asks for its children, *below_id* for all below."""

    search: str | None = None
    parent_id: int | None = None
    below_id: int | None = None
    top_level: bool = False
    visibility: Visibility | None = None
    least_role: Role | None = None


@dataclass(frozen=True, slots=True)
class ProjectDetails:
    """A project as its settings show it."""

    id: int
    name: str
    path: str
    full_path: str
    description: str
    visibility: Visibility
    registry_access: RegistryAccess
    burn_filenames: bool
    release_open_hours: int
    attestation_policy: AttestationPolicy
    creator_id: int | None
    created_at: datetime
    namespace: Group


@dataclass(frozen=True, slots=True)
class ProjectChanges:
    """What shall be different about a project."""

    name: str | None = None
    path: str | None = None
    description: str | None = None
    visibility: Visibility | None = None
    registry_access: RegistryAccess | None = None
    burn_filenames: bool | None = None
    release_open_hours: int | None = None
    attestation_policy: AttestationPolicy | None = None
    creator_id: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects a list shows. *in_group* asks for a group's own, *below_group* for all."""

    search: str | None = None
    visibility: Visibility | None = None
    least_role: Role | None = None
    in_group: int | None = None
    below_group: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is a member: one group or one project, and the groups above it."""

    group_id: int | None
    project_id: int | None
    above: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """An account's role in a place."""

    user: User
    role: Role
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenDetails:
    """A token as its owner sees it: everything but its secret, which nobody has."""

    id: int
    kind: TokenKind
    name: str
    username: str | None
    scopes: tuple[Scope, ...]
    user_id: int | None
    project_id: int | None
    group_id: int | None
    family: str
    # The name of the pepper that keys its digest; None where nobody noted it.
    pepper: str | None
    job: Mapping[str, object] | None
    rotated_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime

    def is_active(self, now: datetime) -> bool:
        """Tell whether the token works at *now*, as far as it depends on the token."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired


@dataclass(frozen=True, slots=True)
class PepperUse:
    """How many tokens that work need a pepper, and when one of them was last used."""

    pepper: str | None
    tokens: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenFilter:
    """Which tokens a list shows. *active_at* goes with *is_active*."""

    kinds: tuple[TokenKind, ...]
    user_id: int | None = None
    project_id: int | None = None
    group_id: int | None = None
    is_revoked: bool | None = None
    is_active: bool | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which groups and projects lists show to somebody: *everything*, or what is public and more.

    *internal* adds what every person sees, *user_id* what the account is a member of, the others
    one project or everything below one group.
    """

    everything: bool = False
    internal: bool = False
    user_id: int | None = None
    project_id: int | None = None
    group_id: int | None = None
