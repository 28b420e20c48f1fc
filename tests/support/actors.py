"""Everybody who may knock at a registry, each as the headers of a request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.forms import basic
from tests.support.seed import Seed, SeededGroup, SeededProject

from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.domain.tokens import TokenKind, new_secret

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A project in a group in a group, and another project that has nothing to do with it."""

    seed: Seed
    outer: SeededGroup
    project: SeededProject
    elsewhere: SeededProject

    def person(self, role: Role | None, *scopes: Scope) -> Headers:
        """Return a person with a role in the project, or with none."""
        user = self.user(role)
        return token(self.seed.personal_token(user, *scopes))

    def user(self, role: Role | None) -> int:
        return self.seed.user() if role is None else self.seed.member(role, project=self.project)

    def heir(self, role: Role, group: SeededGroup, *scopes: Scope) -> Headers:
        """Return a person with a role in a group above the project."""
        return token(self.seed.personal_token(self.seed.member(role, group=group), *scopes))

    def bot(self, role: Role, *scopes: Scope) -> Headers:
        return token(self.seed.project_token(self.project, role, *scopes))

    def deploy(self, *scopes: Scope) -> str:
        return self.seed.deploy_token(*scopes, project=self.project)

    def job(self, role: Role | None) -> str:
        return self.seed.job_token(self.project, self.user(role))

    def highest(self) -> Headers:
        """Return a person with a low role in the project and a higher one above it."""
        user = self.seed.member(Role.GUEST, project=self.project)
        self.seed.member(Role.DEVELOPER, group=self.outer, user=user)
        return token(self.seed.personal_token(user))

    def blocked(self) -> Headers:
        user = self.seed.member(Role.OWNER, project=self.project)
        headers = token(self.seed.personal_token(user))
        self.seed.block(user)
        return headers

    def job_from_elsewhere(self) -> Headers:
        """Return a job of another project, started by a maintainer of this one."""
        user = self.seed.member(Role.MAINTAINER, project=self.project)
        self.seed.member(Role.DEVELOPER, project=self.elsewhere, user=user)
        return job(self.seed.job_token(self.elsewhere, user))


def token(secret: str) -> Headers:
    return basic("__token__", secret)


def job(secret: str) -> Headers:
    return basic("gitlab-ci-token", secret)


def bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


_UNKNOWN = new_secret(TokenKind.PERSONAL)
_READ, _WRITE = Scope.READ_REGISTRY, Scope.WRITE_REGISTRY
G, R, D, M, O = Role.GUEST, Role.REPORTER, Role.DEVELOPER, Role.MAINTAINER, Role.OWNER  # noqa: E741  as the roles begin

ACTORS: Mapping[str, Callable[[Place], Headers]] = {
    "anonymous": lambda _: {},
    "unknown token": lambda _: token(_UNKNOWN),
    "nonsense": lambda _: token("hunter2"),
    "no base64": lambda _: {"Authorization": "Basic ="},
    "expired": lambda p: token(p.seed.expired(p.seed.personal_token(p.user(O)))),
    "revoked": lambda p: token(p.seed.revoked(p.seed.personal_token(p.user(O)))),
    "blocked": lambda p: p.blocked(),
    "stranger": lambda p: p.person(None),
    "stranger read_api": lambda p: p.person(None, Scope.READ_API),
    "guest": lambda p: p.person(G),
    "reporter": lambda p: p.person(R),
    "reporter read_api": lambda p: p.person(R, Scope.READ_API),
    "developer": lambda p: p.person(D),
    "developer read_api": lambda p: p.person(D, Scope.READ_API),
    "developer by the group": lambda p: p.heir(D, p.project.group),
    "developer from above": lambda p: p.heir(D, p.outer),
    "guest and developer": lambda p: p.highest(),
    "developer PRIVATE-TOKEN": lambda p: {"PRIVATE-TOKEN": p.seed.personal_token(p.user(D))},
    "developer bearer": lambda p: bearer(p.seed.personal_token(p.user(D))),
    "maintainer": lambda p: p.person(M),
    "maintainer read_api": lambda p: p.person(M, Scope.READ_API),
    "owner": lambda p: p.person(O),
    "guest of the group": lambda p: p.heir(G, p.project.group),
    "maintainer of the group": lambda p: p.heir(M, p.project.group),
    "maintainer of the group read_api": lambda p: p.heir(M, p.project.group, Scope.READ_API),
    "owner of the group": lambda p: p.heir(O, p.project.group),
    "owner of the group read_api": lambda p: p.heir(O, p.project.group, Scope.READ_API),
    "owner from above": lambda p: p.heir(O, p.outer),
    "admin": lambda p: token(p.seed.personal_token(p.seed.user(admin=True))),
    "admin read_api": lambda p: token(
        p.seed.personal_token(p.seed.user(admin=True), Scope.READ_API)
    ),
    "bot reporter": lambda p: p.bot(R),
    "bot developer": lambda p: p.bot(D),
    "bot developer read_api": lambda p: p.bot(D, Scope.READ_API),
    "bot maintainer": lambda p: p.bot(M),
    "bot of elsewhere": lambda p: token(p.seed.project_token(p.elsewhere, M)),
    "deploy read": lambda p: token(p.deploy(_READ)),
    "deploy write": lambda p: token(p.deploy(_WRITE)),
    "deploy read write": lambda p: basic("any name", p.deploy(_READ, _WRITE)),
    "deploy DEPLOY-TOKEN": lambda p: {"DEPLOY-TOKEN": p.deploy(_READ, _WRITE)},
    "deploy of the group": lambda p: token(p.seed.deploy_token(group=p.project.group)),
    "deploy from above": lambda p: token(p.seed.deploy_token(group=p.outer)),
    "deploy of elsewhere": lambda p: token(p.seed.deploy_token(project=p.elsewhere)),
    "deploy group elsewhere": lambda p: token(p.seed.deploy_token(group=p.elsewhere.group)),
    "deploy expired": lambda p: token(p.seed.expired(p.deploy(_READ, _WRITE))),
    "deploy revoked": lambda p: token(p.seed.revoked(p.deploy(_READ, _WRITE))),
    "job": lambda p: job(p.job(D)),
    "job JOB-TOKEN": lambda p: {"JOB-TOKEN": p.job(D)},
    "job bearer": lambda p: bearer(p.job(D)),
    "job of an owner": lambda p: job(p.job(O)),
    "job of a guest": lambda p: job(p.job(G)),
    "job from elsewhere": lambda p: p.job_from_elsewhere(),
    "job under another name": lambda p: token(p.job(D)),
    "job expired": lambda p: job(p.seed.expired(p.job(D))),
    "job revoked": lambda p: job(p.seed.revoked(p.job(D))),
    "trusted": lambda p: token(p.seed.trusted_token(p.project)),
    "trusted bearer": lambda p: bearer(p.seed.trusted_token(p.project)),
    "trusted elsewhere": lambda p: token(p.seed.trusted_token(p.elsewhere)),
    "trusted expired": lambda p: token(p.seed.expired(p.seed.trusted_token(p.project))),
    "trusted revoked": lambda p: token(p.seed.revoked(p.seed.trusted_token(p.project))),
    "trusted PRIVATE-TOKEN": lambda p: {"PRIVATE-TOKEN": p.seed.trusted_token(p.project)},
    "job name trusted token": lambda p: job(p.seed.trusted_token(p.project)),
    "job name unknown token": lambda _: job(_UNKNOWN),
    "job name personal token": lambda p: job(p.seed.personal_token(p.user(O))),
    "job name deploy token": lambda p: job(p.deploy(_READ, _WRITE)),
}

# Actors that have everything in common but how they came to it: ladders have one row for them.
STANDINGS: Mapping[str, Sequence[str]] = {
    "refused": [
        *("expired", "revoked", "unknown token", "nonsense", "no base64", "blocked"),
        *("deploy expired", "deploy revoked", "job under another name"),
        *("trusted expired", "trusted revoked", "trusted PRIVATE-TOKEN"),
    ],
    "refused job": [
        *("job expired", "job revoked", "job name unknown token"),
        *("job name personal token", "job name deploy token", "job name trusted token"),
    ],
    "developers": [
        *("developer", "developer PRIVATE-TOKEN", "developer bearer"),
        *("developer by the group", "developer from above", "guest and developer"),
    ],
    "owners of the group": ["owner of the group", "owner from above"],
    "deploy read write": ["deploy read write", "deploy DEPLOY-TOKEN"],
    "deploys of the group": ["deploy of the group", "deploy from above"],
    "other deploys": ["deploy of elsewhere", "deploy group elsewhere"],
    "trusted publishers": ["trusted", "trusted bearer"],
    "jobs": ["job", "job JOB-TOKEN", "job bearer", "job of an owner"],
}
