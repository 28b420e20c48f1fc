"""Deploy tokens of projects and groups: create, find, revoke."""

from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.administering import GroupPermission
from wheelyard_core.domain.administration import TokenDetails, TokenFilter
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.peppers import Peppers
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.usecases.acting import LAST_ID, Acting
from wheelyard_core.usecases.administer_tokens import Issued, NewTokenRequest, issue, revoke
from wheelyard_core.usecases.issue_token import Grant

DEPLOY_SCOPES: Final = (Scope.READ_REGISTRY, Scope.WRITE_REGISTRY)
# GitLab's has a "+", which breaks URLs that people write by hand.
_USERNAME: Final = "wheelyard-deploy-token-{}"


@dataclass(frozen=True, slots=True)
class Holder:
    """The project or the group that deploy tokens belong to."""

    project_id: int | None = None
    group_id: int | None = None

    def filter(self, *, is_active: bool | None = None) -> TokenFilter:
        """Return what finds its deploy tokens; a revoked one is gone, as in GitLab."""
        return TokenFilter(
            (TokenKind.DEPLOY,),
            project_id=self.project_id,
            group_id=self.group_id,
            is_revoked=False,
            is_active=is_active,
        )


def holder_of(acting: Acting, reference: str, *, is_group: bool, writes: bool) -> Holder:
    """Return the holder if the actor may read or (*writes*) change its deploy tokens."""
    if is_group:
        permission = GroupPermission.ADMINISTER if writes else GroupPermission.READ_TOKENS
        group, _ = acting.group(reference, permission)
        return Holder(group_id=group.id)
    project, _ = acting.project_settings(reference, writes=writes)
    return Holder(project_id=project.id)


def create_deploy_token(
    acting: Acting, holder: Holder, new: NewTokenRequest, username: str | None, peppers: Peppers
) -> Issued:
    """Create a deploy token; its user name tells people which one it is, and nothing else."""
    grant = Grant(
        TokenKind.DEPLOY,
        new.name,
        new.scopes,
        username=username,
        project_id=holder.project_id,
        group_id=holder.group_id,
        expires_at=new.expires_at,
    )
    issued = issue(acting, grant, peppers)
    token = issued.token
    if username is None:
        acting.uow.token_admin.set_username(token.id, _USERNAME.format(token.id))
        token = deploy_token(acting, holder, token.id)
    acting.uow.commit()
    return Issued(token, issued.secret)


def deploy_token(acting: Acting, holder: Holder, token_id: int) -> TokenDetails:
    """Return a deploy token of the holder, or raise NotFound."""
    token = acting.uow.token_admin.get(token_id) if token_id <= LAST_ID else None
    if token is None or token.kind is not TokenKind.DEPLOY or token.revoked_at is not None:
        raise NotFound("Deploy token not found")
    if (token.project_id, token.group_id) != (holder.project_id, holder.group_id):
        raise NotFound("Deploy token not found")
    return token


def delete_deploy_token(acting: Acting, holder: Holder, token_id: int) -> None:
    """Revoke a deploy token."""
    revoke(acting, deploy_token(acting, holder, token_id))
