"""What authentication asks of a transaction, and what makes its accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from wheelyard_core.domain.access import RegistryAccess, Role, Visibility
from wheelyard_core.domain.peppers import Stored
from wheelyard_core.domain.tokens import NewToken, TokenRecord


class Tokens(Protocol):
    """The tokens of a transaction, as authentication needs them."""

    def candidates(self, lookup: str) -> Sequence[TokenRecord]:
        """Return the tokens whose secrets begin so: one, but for a coincidence."""
        ...

    def get(self, token_id: int) -> TokenRecord | None:
        """Return a token by its number, whether it still works or not."""
        ...

    def touch(self, token_id: int, used_at: datetime) -> None:
        """Record the last use."""
        ...

    def renew(self, token: TokenRecord, stored: Stored) -> None:
        """Store this of the token's secret, unless another request did."""
        ...

    def end_session(self, session: str, until: datetime) -> None:
        """Have a session that a token began, and that is good *until*, count no more."""
        ...

    def has_ended(self, session: str) -> bool:
        """Tell whether a session was ended."""
        ...


class Accounts(Protocol):
    """What administration creates. Every `add_` raises AlreadyTaken and returns an id."""

    def add_user(
        self, username: str, name: str, *, is_admin: bool = False, is_bot: bool = False
    ) -> int:
        """Add an account."""
        ...

    def add_group(
        self,
        path: str,
        name: str,
        parent_id: int | None = None,
        visibility: Visibility = Visibility.PRIVATE,
    ) -> int:
        """Add a group below *parent_id*."""
        ...

    def add_project(
        self,
        path: str,
        name: str,
        namespace_id: int,
        visibility: Visibility = Visibility.PRIVATE,
        registry_access: RegistryAccess = RegistryAccess.ENABLED,
    ) -> int:
        """Add a project to a group."""
        ...

    def add_member(
        self,
        user_id: int,
        role: Role,
        *,
        group_id: int | None = None,
        project_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Give an account a role in a group or a project."""
        ...

    def add_token(self, new: NewToken) -> int:
        """Add a token."""
        ...
