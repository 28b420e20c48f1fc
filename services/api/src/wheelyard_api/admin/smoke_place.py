"""Where `wheelyard-admin smoke` publishes: private projects and an account of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from wheelyard_core.bootstrap import Registry
from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.domain.audit import ADMIN_COMMAND, Action
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.administer_projects import remove_project
from wheelyard_core.usecases.administer_tokens import issue_as, record_token
from wheelyard_core.usecases.issue_token import Grant

GROUP: Final = "wheelyard-smoke"
_BOT: Final = "wheelyard-smoke-bot"
_LIFE: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=1)


@contextmanager
def smoke_token(registry: Registry, name: str) -> Iterator[tuple[int, str]]:
    """Give the number of the project *name*, and a token of the account that may publish there."""
    with registry.database.begin() as uow:
        project, bot = _place(uow, name)
        grant = Grant(
            TokenKind.PERSONAL,
            "smoke",
            frozenset({Scope.API}),
            user_id=bot,
            expires_at=registry.now() + _LIFE,
        )
        issued = issue_as(uow, ADMIN_COMMAND, grant, registry.peppers())
        uow.commit()
    try:
        yield project, issued.secret
    finally:
        with registry.database.begin() as uow:
            uow.token_admin.revoke(issued.token.id)
            record_token(uow, Action.TOKEN_REVOKED, ADMIN_COMMAND, issued.token)
            uow.access_changed()
            uow.commit()


def drop_old_place(registry: Registry, name: str, now: datetime) -> None:
    """Drop a project that is a day old, and the account's old tokens.

    Whoever publishes every few minutes would otherwise leave a hundred thousand rows a year.
    """
    with registry.database.begin() as uow:
        project, bot = uow.projects.find(f"{GROUP}/{name}"), uow.users.named(_BOT)
        if project is None or bot is None:
            return
        if now - uow.directory.details(project.id).created_at < _KEPT:
            return
        remove_project(uow, project.id)
        uow.token_admin.forget_revoked(bot.id)
        uow.access_changed()
        uow.commit()


def _place(uow: UnitOfWork, name: str) -> tuple[int, int]:
    """Return a project and the account of the smoke test; the first run makes them."""
    group, bot = uow.groups.find(GROUP), uow.users.named(_BOT)
    group_id = uow.accounts.add_group(GROUP, "Smoke test") if group is None else group.id
    bot_id = uow.accounts.add_user(_BOT, "Smoke test", is_bot=True) if bot is None else bot.id
    project = uow.projects.find(f"{GROUP}/{name}")
    if project is not None:
        return project.id, bot_id
    made = uow.accounts.add_project(name, name, group_id)
    uow.accounts.add_member(bot_id, Role.MAINTAINER, project_id=made)
    return made, bot_id
