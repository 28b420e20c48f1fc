"""Administer accounts: create, change, block, delete."""

from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.administration import User, UserChanges
from wheelyard_core.domain.audit import Action, Agent, AuditEvent, differences
from wheelyard_core.domain.errors import (
    AlreadyTaken,
    Duplicate,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import LAST_ID, Acting
from wheelyard_core.usecases.administer_groups import remove_namespace

_TAKEN: Final = "Username has already been taken"
# What an event of a changed account tells of it.
_SAID: Final = ("username", "name", "email", "is_admin")


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account about to be made; it needs no password, for people act by tokens."""

    username: str
    name: str
    email: str | None = None
    is_admin: bool = False


def create_user(acting: Acting, new: NewUser) -> User:
    """Create an account. Raises Duplicate where its name or address is in use."""
    acting.admin(writes=True)
    try:
        user_id = acting.uow.accounts.add_user(new.username, new.name, is_admin=new.is_admin)
    except AlreadyTaken as error:
        raise Duplicate(_TAKEN) from error
    user = acting.uow.users.change(user_id, UserChanges(email=new.email))
    record_account(acting.uow, acting.agent, Action.USER_CREATED, user, is_admin=new.is_admin)
    acting.uow.commit()
    return user


def get_user(acting: Acting, user_id: int) -> User:
    """Return an account, to an administrator or itself."""
    person = acting.person(writes=False)
    if person.user_id != user_id:
        acting.admin(writes=False)
    return find_user(acting, user_id)


def find_user(acting: Acting, user_id: int) -> User:
    """Return an account, or raise NotFound."""
    user = acting.uow.users.get(user_id) if user_id <= LAST_ID else None
    if user is None:
        raise NotFound("User not found")
    return user


def change_user(acting: Acting, user_id: int, changes: UserChanges) -> User:
    """Change an account. Raises Duplicate."""
    person = acting.admin(writes=True)
    user = find_user(acting, user_id)
    if person.user_id == user.id and changes.is_admin is False:
        raise InvalidInput("admin: an administrator cannot give up the right to administer")
    try:
        changed = apply_changes(acting.uow, acting.agent, user, changes)
    except AlreadyTaken as error:
        raise Duplicate(_TAKEN) from error
    acting.uow.access_changed()
    acting.uow.commit()
    return changed


def set_blocked(acting: Acting, user_id: int, *, blocked: bool) -> None:
    """Block an account, so that none of its tokens works, or unblock it."""
    person = acting.admin(writes=True)
    user = find_user(acting, user_id)
    if person.user_id == user.id:
        raise NotAllowed("Nobody blocks their own account")
    apply_changes(acting.uow, acting.agent, user, UserChanges(is_blocked=blocked))
    acting.uow.access_changed()
    acting.uow.commit()


def delete_user(acting: Acting, user_id: int, *, hard: bool) -> None:
    """Delete an account with its personal projects; *hard* with the groups only it owns, too.

    Raises Duplicate (GitLab's 409) for the only owner of a group.
    """
    person = acting.admin(writes=True)
    user = find_user(acting, user_id)
    if person.user_id == user.id:
        raise NotAllowed("Nobody deletes their own account")
    owned = acting.uow.users.sole_owner_of(user.id)
    if owned and not hard:
        raise Duplicate("User cannot be removed while the only owner of a group")
    record_account(acting.uow, acting.agent, Action.USER_DELETED, user, groups=list(owned))
    for group_id in owned:
        remove_namespace(acting.uow, group_id)
    personal = acting.uow.groups.personal(user.id, make=False)
    if personal is not None:
        remove_namespace(acting.uow, personal.id)
    acting.uow.users.delete(user.id)
    acting.uow.access_changed()
    acting.uow.commit()


def apply_changes(uow: UnitOfWork, agent: Agent, user: User, changes: UserChanges) -> User:
    """Change an account and record it, in the words for that; the caller commits.

    Raises AlreadyTaken.
    """
    changed = uow.users.change(user.id, changes)
    if user.is_blocked != changed.is_blocked:
        action = Action.USER_BLOCKED if changed.is_blocked else Action.USER_UNBLOCKED
        record_account(uow, agent, action, user)
    different = differences(user, changed, _SAID)
    if different:
        record_account(uow, agent, Action.USER_CHANGED, user, changes=different)
    return changed


def record_account(
    uow: UnitOfWork, agent: Agent, action: Action, user: User, **more: object
) -> None:
    """Record what was done to an account."""
    details = {"user_id": user.id, "username": user.username, **more}
    uow.audit.record(AuditEvent(action, agent, details=details))
