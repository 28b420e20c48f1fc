"""Somebody who administers, in the transaction in which everything about it is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    Permission,
    Person,
    Role,
    authentication_required,
)
from wheelyard_core.domain.administering import (
    GroupPermission,
    require_admin,
    require_in_group,
    require_person,
)
from wheelyard_core.domain.administration import Group, Place
from wheelyard_core.domain.audit import Action, Agent, AuditEvent, agent_of
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import NotAllowed
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.authorise import authorised

# PostgreSQL numbers rows in 64 bits, and refuses what is longer.
LAST_ID = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Acting:
    """An actor in a transaction. Every method raises the ladder's refusals."""

    uow: UnitOfWork
    actor: Actor
    now: datetime

    @property
    def agent(self) -> Agent:
        """The actor as audit events name them."""
        return agent_of(self.actor)

    def record(
        self,
        action: Action,
        details: Mapping[str, object],
        *,
        project_id: int | None = None,
        group_id: int | None = None,
    ) -> None:
        """Record what the actor does, for those who read a project's events or a group's."""
        self.uow.audit.record(
            AuditEvent(
                action, self.agent, project_id=project_id, group_id=group_id, details=details
            )
        )

    def person(self, *, writes: bool) -> Person:
        """Return the account that acts."""
        return require_person(self.actor, writes=writes)

    def human(self) -> Person:
        """Return the person who acts and changes something; a project access token is none."""
        person = self.person(writes=True)
        if person.is_bot:
            raise NotAllowed("A project access token may not do that: use a personal one")
        return person

    def admin(self, *, writes: bool) -> Person:
        """Return the administrator who acts."""
        return require_admin(self.actor, writes=writes)

    def project(self, reference: str, permission: Permission) -> tuple[Project, Role]:
        """Return a project, and the actor's role in it, if the actor may do this with it."""
        project, role = authorised(self.uow, self.actor, reference, permission, self.now)
        # A job token acts for an account, but never with its rights over settings.
        if not isinstance(self.actor, Person):
            return project, Role.NONE
        return project, Role.OWNER if self.actor.is_admin else role

    def project_settings(self, reference: str, *, writes: bool) -> tuple[Project, Role]:
        """Return a project whose settings the actor may read or (*writes*) change."""
        permission = Permission.ADMINISTER if writes else Permission.SEE
        project, role = self.project(reference, permission)
        if role < Permission.ADMINISTER.role:
            self.known()
            raise NotAllowed("This needs the role maintainer or higher in the project")
        return project, role

    def group(self, reference: str, permission: GroupPermission) -> tuple[Group, Role]:
        """Return a group, and the actor's role in it, if the actor may do this with it."""
        return self.in_group(self.uow.groups.find(reference), permission)

    def in_group(self, group: Group | None, permission: GroupPermission) -> tuple[Group, Role]:
        """Return the same for a group that was looked up, if it was found."""
        role, below = Role.NONE, False
        if group is not None and isinstance(self.actor, Person):
            user_id = self.actor.user_id
            role = self.uow.groups.role_in(user_id, group, self.now)
            role = Role.OWNER if self.actor.is_admin else role
            below = role is Role.NONE and self.uow.groups.is_member_below(
                user_id, group.id, self.now
            )
        found = require_in_group(self.actor, group, role, permission, member_below=below)
        return found, role

    def known(self) -> None:
        """Raise AuthenticationRequired for nobody in particular, even where all may look."""
        if isinstance(self.actor, Anonymous):
            raise authentication_required(self.actor)


def place_of_group(group: Group) -> Place:
    """Return where the members of a group are."""
    return Place(group.id, None, group.group_ids)


def place_of_project(project: Project) -> Place:
    """Return where the members of a project are."""
    return Place(None, project.id, project.policy.group_ids)
