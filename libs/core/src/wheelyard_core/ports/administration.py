"""What administration needs of a transaction. Lists come in parts; `change` raises AlreadyTaken."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.access import Role
from wheelyard_core.domain.administration import (
    Group,
    GroupChanges,
    GroupFilter,
    Listed,
    Membership,
    PepperUse,
    Place,
    ProjectChanges,
    ProjectDetails,
    ProjectFilter,
    Reach,
    Stretch,
    TokenDetails,
    TokenFilter,
    User,
    UserChanges,
    UserFilter,
)
from wheelyard_core.domain.work import SetAside


class Users(Protocol):
    """The accounts of a transaction."""

    def get(self, user_id: int) -> User | None:
        """Return an account."""
        ...

    def named(self, username: str) -> User | None:
        """Return the account of a name, in any case."""
        ...

    def listed(self, wanted: UserFilter, stretch: Stretch) -> Listed[User]:
        """Return a part of the list of accounts."""
        ...

    def change(self, user_id: int, changes: UserChanges) -> User:
        """Change an account; its personal namespace follows its name.

        Raises AlreadyTaken for the name, Duplicate for the address.
        """
        ...

    def sole_owner_of(self, user_id: int) -> Sequence[int]:
        """Return the groups that would have no owner without the account."""
        ...

    def delete(self, user_id: int) -> None:
        """Delete an account whose personal namespace is gone; its tokens stay, revoked."""
        ...


class Groups(Protocol):
    """The groups of a transaction, and the personal namespaces beside them."""

    def find(self, reference: str) -> Group | None:
        """Return the group of a number or a full path, in any case; no personal namespace."""
        ...

    def namespace(self, namespace_id: int) -> Group | None:
        """Return a group or a personal namespace by its number."""
        ...

    def personal(self, user_id: int, *, make: bool) -> Group | None:
        """Return an account's personal namespace, made now if need be and *make*."""
        ...

    def listed(
        self, reach: Reach, wanted: GroupFilter, stretch: Stretch, now: datetime
    ) -> Listed[Group]:
        """Return a part of the list of groups that somebody of this *reach* sees."""
        ...

    def role_in(self, user_id: int, group: Group, now: datetime) -> Role:
        """Return the highest role that the account has in the group or one above it."""
        ...

    def is_member_below(self, user_id: int, group_id: int, now: datetime) -> bool:
        """Tell whether the account has a role in something below the group."""
        ...

    def change(self, group_id: int, changes: GroupChanges) -> Group:
        """Change a group; what is below follows its path."""
        ...

    def delete(self, namespace_id: int) -> None:
        """Delete a namespace without projects, and those below it; their tokens stay, revoked."""
        ...


class ProjectDirectory(Protocol):
    """The projects of a transaction, with their settings."""

    def details(self, project_id: int) -> ProjectDetails:
        """Return a project that is there."""
        ...

    def listed(
        self, reach: Reach, wanted: ProjectFilter, stretch: Stretch, now: datetime
    ) -> Listed[ProjectDetails]:
        """Return a part of the list of projects that somebody of this *reach* sees."""
        ...

    def below(self, namespace_id: int) -> Sequence[int]:
        """Return every project in a namespace and in those below it."""
        ...

    def change(self, project_id: int, changes: ProjectChanges) -> None:
        """Change a project."""
        ...

    def delete(self, project_id: int) -> Sequence[str]:
        """Delete a project with all it has; return the keys of the blobs nobody has any more."""
        ...


class Members(Protocol):
    """The members of a transaction's groups and projects."""

    def get(
        self, place: Place, user_id: int, now: datetime, *, inherited: bool = False
    ) -> Membership | None:
        """Return an account's role in the place itself, or (*inherited*) the highest there."""
        ...

    def roles(self, place: Place, user_ids: Collection[int], now: datetime) -> Mapping[int, Role]:
        """Return the roles in the place itself of those of these accounts that have one."""
        ...

    def listed(
        self,
        place: Place,
        stretch: Stretch,
        now: datetime,
        *,
        search: str | None = None,
        inherited: bool = False,
    ) -> Listed[Membership]:
        """Return a part of the list of members, each account once with its highest role."""
        ...

    def change(self, place: Place, user_id: int, role: Role, expires_at: datetime | None) -> None:
        """Give a direct member another role and end."""
        ...

    def remove(self, place: Place, user_id: int, *, below: bool = False) -> None:
        """Remove a direct member, and (*below*) from everything below the group."""
        ...

    def has_other_owner(self, place: Place, user_id: int, now: datetime) -> bool:
        """Tell whether anybody else owns the place, or a group above it."""
        ...


class TokenAdmin(Protocol):
    """The tokens of a transaction, without their secrets."""

    def get(self, token_id: int, *, lock: bool = False) -> TokenDetails | None:
        """Return a token; *lock* lets this transaction alone decide about it."""
        ...

    def listed(self, wanted: TokenFilter, stretch: Stretch, now: datetime) -> Listed[TokenDetails]:
        """Return a part of the list of tokens."""
        ...

    def by_pepper(self, now: datetime) -> Sequence[PepperUse]:
        """Return how many tokens that work at *now* need each pepper."""
        ...

    def revoke(self, token_id: int) -> None:
        """Have the token work no more; one that was revoked keeps its time."""
        ...

    def retire(self, token_id: int) -> None:
        """Revoke the token because another one takes its place."""
        ...

    def revoke_family(self, family: str) -> Sequence[int]:
        """Revoke every token that came from one by rotation; return those that still worked."""
        ...

    def forget_revoked(self, user_id: int) -> None:
        """Drop the tokens of an account that were revoked."""
        ...

    def set_username(self, token_id: int, username: str) -> None:
        """Give a deploy token its user name."""
        ...

    def set_job(self, token_id: int, job: dict[str, object]) -> None:
        """Give a job token what uploads record of it."""
        ...


class OutboxAdmin(Protocol):
    """Promised work, as a person looks at it."""

    def count_waiting(self) -> int:
        """Return how much is promised and not done, without what was set aside."""
        ...

    def list_set_aside(self) -> Sequence[SetAside]:
        """Return the poison rows, oldest first."""
        ...

    def replay(self, message_id: int) -> bool:
        """Offer a poison row again with its attempts forgotten; False when there is none."""
        ...
