"""Project access tokens, each of which acts as a bot that is a member, and job tokens."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wheelyard_core.domain.access import Permission, Person, Role
from wheelyard_core.domain.administering import require_grantable
from wheelyard_core.domain.administration import TokenDetails
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import NotAllowed, NotFound
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.usecases.acting import LAST_ID, Acting, place_of_project
from wheelyard_core.usecases.administer_tokens import (
    Issued,
    NewTokenRequest,
    issue,
    own_token,
    rotate,
)
from wheelyard_core.usecases.issue_token import Grant


def create_project_token(
    acting: Acting, reference: str, new: NewTokenRequest, role: Role, peppers: Peppers
) -> Issued:
    """Create a project access token, with a bot of this role."""
    project, own = acting.project(reference, Permission.ADMINISTER)
    acting.human()
    require_grantable(own, role)
    username = f"project_{project.id}_bot_{secrets.token_hex(16)}"
    bot = acting.uow.accounts.add_user(username, new.name, is_bot=True)
    acting.uow.accounts.add_member(bot, role, project_id=project.id)
    grant = Grant(
        TokenKind.PROJECT,
        new.name,
        new.scopes,
        user_id=bot,
        project_id=project.id,
        expires_at=new.expires_at,
    )
    issued = issue(acting, grant, peppers)
    acting.uow.commit()
    return issued


def project_token(
    acting: Acting, project: Project, token_id: int, *, lock: bool = False
) -> TokenDetails:
    """Return a project access token of the project, or raise NotFound."""
    token = acting.uow.token_admin.get(token_id, lock=lock) if token_id <= LAST_ID else None
    if token is None or token.kind is not TokenKind.PROJECT or token.project_id != project.id:
        raise NotFound("Project access token not found")
    return token


def roles_of(
    acting: Acting, project: Project, tokens: Sequence[TokenDetails]
) -> Mapping[int, Role]:
    """Return the role that each of these project access tokens acts with; none once revoked."""
    bots = {token.user_id for token in tokens if token.user_id is not None}
    roles = acting.uow.members.roles(place_of_project(project), bots, acting.now)
    return {token.id: roles.get(token.user_id or 0, Role.NONE) for token in tokens}


def rotate_project_token(
    acting: Acting, reference: str, token_id: int, expires_at: datetime | None, peppers: Peppers
) -> tuple[Project, Issued]:
    """Rotate a project access token, which must not act above who asks for its new secret."""
    project, own = acting.project_settings(reference, writes=True)
    token = project_token(acting, project, token_id, lock=True)
    require_grantable(own, roles_of(acting, project, [token])[token.id])
    return project, rotate(acting, token, expires_at, peppers)


@dataclass(frozen=True, slots=True)
class Job:
    """The job that a token is for: how long it lasts, and what its uploads record of it."""

    lifetime: timedelta
    ref: str | None = None
    sha: str | None = None
    pipeline_url: str | None = None


def create_job_token(acting: Acting, reference: str, job: Job, peppers: Peppers) -> Issued:
    """Create a job token, which acts for whoever asks, at most as developer.

    It works no longer than the token that asks for it.
    """
    project, _ = acting.project(reference, Permission.PUSH)
    if not isinstance(acting.actor, Person):
        raise NotAllowed("This needs a personal or project access token with the scope api")
    person = acting.actor
    parent = own_token(acting)
    ends = acting.now + job.lifetime
    grant = Grant(
        TokenKind.JOB,
        "job token",
        frozenset(),
        user_id=person.user_id,
        project_id=project.id,
        expires_at=ends if parent.expires_at is None else min(ends, parent.expires_at),
        parent_id=parent.id,
    )
    issued = issue(acting, grant, peppers)
    acting.uow.token_admin.set_job(issued.token.id, _document(issued.token.id, job, person))
    acting.uow.commit()
    return issued


def _document(token_id: int, job: Job, person: Person) -> dict[str, object]:
    return {
        "id": token_id,
        "ref": job.ref,
        "sha": job.sha,
        "web_url": job.pipeline_url,
        "user": {"id": person.user_id, "username": person.username},
    }
