"""From an actor and a project to permission."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from wheelyard_core.domain.access import Actor, Permission, Role, require, user_of
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.ports import UnitOfWork

# Returns the actor of an act if it may still do it, asked in the act's transaction; else raises.
Confirm: TypeAlias = Callable[[UnitOfWork], Actor]


def authorised_project(
    uow: UnitOfWork, actor: Actor, reference: str, permission: Permission, now: datetime
) -> Project:
    """Return the project if *actor* may; raise the ladder's refusal if not.

    Raises AuthenticationRequired, NotFound or NotAllowed.
    """
    return authorised(uow, actor, reference, permission, now)[0]


def authorised(
    uow: UnitOfWork, actor: Actor, reference: str, permission: Permission, now: datetime
) -> tuple[Project, Role]:
    """Return the same, and the role of the actor's account in the project."""
    project = uow.projects.find(reference)
    policy = None if project is None else project.policy
    user_id = user_of(actor)
    role = Role.NONE
    if policy is not None and user_id is not None:
        role = uow.projects.role_in(user_id, policy, now)
    require(actor, policy, role, permission)
    if project is None:
        raise NotFound("Project not found")
    return project, role
