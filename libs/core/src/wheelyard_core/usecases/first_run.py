"""The first run of a new registry: an administrator, a group, a project and a token to publish.

The secrets are kept first and made true after that: a process that dies in between leaves a file
that the next start replaces, and never a registry whose secrets nobody has.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.domain.audit import SYSTEM, Action, AuditEvent
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.ports import Database, UnitOfWork
from wheelyard_core.usecases.administer_tokens import issue_as
from wheelyard_core.usecases.administer_users import record_account
from wheelyard_core.usecases.crash_points import CrashPoint
from wheelyard_core.usecases.issue_token import Grant


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the credentials file holds."""

    project_id: int
    admin_token: str = field(repr=False)
    token: str = field(repr=False)

    def as_file(self, url: str) -> str:
        """Return the credentials file: shell assignments, one a line."""
        return (
            f"WHEELYARD_URL={url}\n"
            f"WHEELYARD_ADMIN_TOKEN={self.admin_token}\n"
            f"WHEELYARD_PROJECT_ID={self.project_id}\n"
            f"WHEELYARD_TOKEN={self.token}\n"
        )


Keep: TypeAlias = Callable[[FirstRun], None]


def first_run(database: Database, peppers: Peppers, keep: Keep, reach: CrashPoint) -> bool:
    """Create `demo/first` and who may publish to it; False where the registry is not new.

    *keep* has stored the secrets for good when it returns. It is called in the transaction, when
    this process alone can be the one that creates: nobody else's secrets are overwritten.
    """
    with database.begin() as uow:
        if uow.projects.find("demo/first") is not None:
            return False
        keep(_create(uow, peppers))
        reach("credentials-kept")
        uow.commit()
    reach("first-run-committed")
    return True


def _create(uow: UnitOfWork, peppers: Peppers) -> FirstRun:
    admin = uow.accounts.add_user("admin", "Administrator", is_admin=True)
    publisher = uow.accounts.add_user("demo-publisher", "Publisher of demo/first")
    group = uow.accounts.add_group("demo", "demo")
    project = uow.accounts.add_project("first", "first", group)
    uow.accounts.add_member(admin, Role.OWNER, group_id=group)
    uow.accounts.add_member(publisher, Role.DEVELOPER, project_id=project)

    for user_id, is_admin in ((admin, True), (publisher, False)):
        user = uow.users.get(user_id)
        if user is not None:
            record_account(uow, SYSTEM, Action.USER_CREATED, user, is_admin=is_admin)
    uow.audit.record(AuditEvent(Action.GROUP_CREATED, SYSTEM, group_id=group))
    uow.audit.record(AuditEvent(Action.PROJECT_CREATED, SYSTEM, project_id=project))

    def token(user_id: int) -> str:
        grant = Grant(TokenKind.PERSONAL, "first run", frozenset({Scope.API}), user_id=user_id)
        return issue_as(uow, SYSTEM, grant, peppers).secret

    return FirstRun(project, token(admin), token(publisher))
