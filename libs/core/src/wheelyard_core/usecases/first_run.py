"""The first run of a new registry: an administrator, a group, a project and a token to publish."""

from dataclasses import dataclass, field

from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.ports import Database
from wheelyard_core.usecases.issue_token import Grant, issue_token


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


def first_run(database: Database, pepper: bytes) -> FirstRun | None:
    """Create `demo/first` and who may publish to it; None where the registry is not new."""
    with database.begin() as uow:
        if uow.projects.find("demo/first") is not None:
            return None
        admin = uow.accounts.add_user("admin", "Administrator", is_admin=True)
        publisher = uow.accounts.add_user("demo-publisher", "Publisher of demo/first")
        group = uow.accounts.add_group("demo", "demo")
        project = uow.accounts.add_project("first", "first", group)
        uow.accounts.add_member(admin, Role.OWNER, group_id=group)
        uow.accounts.add_member(publisher, Role.DEVELOPER, project_id=project)
        scopes = frozenset({Scope.API})
        admin_token = issue_token(
            uow, Grant(TokenKind.PERSONAL, "first run", scopes, user_id=admin), pepper
        )
        token = issue_token(
            uow, Grant(TokenKind.PERSONAL, "first run", scopes, user_id=publisher), pepper
        )
        uow.commit()
    return FirstRun(project, admin_token.secret, token.secret)
