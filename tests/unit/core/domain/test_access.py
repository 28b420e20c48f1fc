"""The ladder: one table of who may do what with which project."""

import pytest

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Permission,
    Person,
    ProjectPolicy,
    RegistryAccess,
    Role,
    Scope,
    TrustedPublisher,
    Visibility,
    require,
    user_of,
)
from wheelyard_core.domain.errors import AuthenticationRequired, NotAllowed, NotFound, RegistryError
from wheelyard_core.domain.group_access import GroupProjects, readable_below

API = frozenset({Scope.API})
READ, WRITE = Scope.READ_REGISTRY, Scope.WRITE_REGISTRY
PERSON = Person(1, "ada", 1, API)
READER = Person(1, "ada", 1, frozenset({Scope.READ_API}))
BOT = Person(2, "bot", 2, API, is_bot=True)
ADMIN = Person(3, "root", 3, API, is_admin=True)
JOB = JobToken(4, 1, "ada", 10)
JOB_ELSEWHERE = JobToken(5, 1, "ada", 99)
TRUSTED = TrustedPublisher(7, "github:acme/tools", frozenset({10, 11}))
TRUSTED_ELSEWHERE = TrustedPublisher(8, "github:acme/tools", frozenset({99}))
NOBODY, INSISTED = Anonymous(), Anonymous("The token was revoked", insisted=True)


def deploy(*scopes: Scope, project: int | None = 10, group: int | None = None) -> DeployToken:
    return DeployToken(6, "deploy", frozenset(scopes), project, group)


def policy(visibility: str = "private", access: str = "enabled") -> ProjectPolicy:
    return ProjectPolicy(10, Visibility(visibility), RegistryAccess(access), (1, 7))


def asked(actor: Actor, of: ProjectPolicy | None, role: Role, permission: Permission) -> int:
    """Return the status that the refusal means."""
    try:
        require(actor, of, role, permission)
    except RegistryError as refusal:
        statuses: dict[type[RegistryError], int] = {
            AuthenticationRequired: 401,
            NotAllowed: 403,
            NotFound: 404,
        }
        return statuses[type(refusal)]
    return 200


N, G, R, D, M, O = Role  # noqa: E741  the roles' initials
PULL, PUSH, SEE_UPLOADS = Permission.PULL, Permission.PUSH, Permission.SEE_UPLOADS


@pytest.mark.parametrize(
    ("actor", "visibility", "access", "role", "permission", "status"),
    [
        (NOBODY, "private", "enabled", N, PULL, 401),
        (NOBODY, "internal", "enabled", N, PULL, 401),
        (NOBODY, "public", "enabled", N, PULL, 200),
        (NOBODY, "public", "enabled", N, PUSH, 401),
        (NOBODY, "public", "disabled", N, PULL, 404),
        (NOBODY, "public", "private", N, PULL, 401),
        (NOBODY, "public", "enabled", N, Permission.SEE, 200),
        (NOBODY, "private", "public", N, PULL, 200),
        (INSISTED, "public", "enabled", N, PULL, 401),
        (PERSON, "private", "enabled", N, PULL, 404),
        (PERSON, "private", "enabled", G, PULL, 403),
        (PERSON, "private", "enabled", R, PULL, 200),
        (PERSON, "private", "enabled", R, PUSH, 403),
        (PERSON, "private", "enabled", D, PUSH, 200),
        (PERSON, "private", "enabled", D, Permission.DELETE_PACKAGE, 403),
        (PERSON, "private", "enabled", M, Permission.DELETE_PACKAGE, 200),
        (PERSON, "private", "enabled", D, Permission.YANK, 403),
        (PERSON, "private", "enabled", M, Permission.YANK, 200),
        (PERSON, "private", "disabled", M, Permission.YANK, 404),
        (PERSON, "private", "enabled", D, Permission.SET_STATUS, 403),
        (PERSON, "private", "enabled", M, Permission.SET_STATUS, 200),
        (PERSON, "private", "enabled", M, Permission.DESTROY, 403),
        (PERSON, "private", "enabled", O, Permission.DESTROY, 200),
        (PERSON, "internal", "enabled", N, PULL, 200),
        (PERSON, "internal", "enabled", N, PUSH, 403),
        (PERSON, "public", "private", N, PULL, 403),
        (PERSON, "public", "private", R, PULL, 200),
        (PERSON, "private", "disabled", O, PULL, 404),
        (PERSON, "private", "disabled", M, Permission.ADMINISTER, 200),
        (READER, "private", "enabled", D, PULL, 200),
        (READER, "private", "enabled", D, PUSH, 403),
        (BOT, "internal", "enabled", N, PULL, 404),
        (BOT, "private", "enabled", D, PUSH, 200),
        (ADMIN, "private", "enabled", N, Permission.DESTROY, 200),
        (deploy(READ), "private", "enabled", N, PULL, 200),
        (deploy(READ), "private", "enabled", N, PUSH, 403),
        (deploy(WRITE), "private", "enabled", N, PUSH, 200),
        (deploy(WRITE), "private", "enabled", N, PULL, 403),
        (deploy(WRITE), "private", "enabled", N, Permission.DELETE_FILE, 403),
        (deploy(READ, project=None, group=7), "private", "enabled", N, PULL, 200),
        (deploy(READ, project=99), "private", "enabled", N, PULL, 404),
        (deploy(WRITE, project=99), "public", "enabled", N, PULL, 200),
        (deploy(WRITE, project=99), "public", "enabled", N, PUSH, 403),
        (JOB, "private", "enabled", D, PUSH, 200),
        (NOBODY, "public", "enabled", N, SEE_UPLOADS, 401),
        (READER, "private", "enabled", D, SEE_UPLOADS, 200),
        (READER, "public", "enabled", R, SEE_UPLOADS, 403),
        (READER, "private", "disabled", D, SEE_UPLOADS, 404),
        (deploy(READ), "private", "enabled", N, SEE_UPLOADS, 403),
        (deploy(WRITE), "private", "enabled", N, SEE_UPLOADS, 200),
        (JOB, "private", "enabled", D, SEE_UPLOADS, 200),
        (JOB, "private", "enabled", O, Permission.DELETE_PACKAGE, 403),
        (JOB, "private", "enabled", N, PULL, 404),
        (JOB_ELSEWHERE, "private", "enabled", O, PULL, 404),
        (JOB_ELSEWHERE, "public", "enabled", O, PUSH, 403),
        (TRUSTED, "private", "enabled", N, PUSH, 200),
        (TRUSTED, "private", "enabled", N, Permission.SEE, 200),
        (TRUSTED, "private", "enabled", N, PULL, 403),
        (TRUSTED, "private", "enabled", N, Permission.DELETE_FILE, 403),
        (TRUSTED, "private", "enabled", N, Permission.ADMINISTER, 403),
        (TRUSTED, "private", "disabled", N, PUSH, 404),
        (TRUSTED, "public", "enabled", N, PULL, 200),
        (TRUSTED_ELSEWHERE, "private", "enabled", O, PUSH, 404),
        (TRUSTED_ELSEWHERE, "internal", "enabled", O, Permission.SEE, 404),
        (TRUSTED_ELSEWHERE, "public", "enabled", O, PUSH, 403),
    ],
)
def test_the_ladder(
    actor: Actor, visibility: str, access: str, role: Role, permission: Permission, status: int
) -> None:
    assert asked(actor, policy(visibility, access), role, permission) == status


@pytest.mark.parametrize("permission", list(Permission))
def test_an_unknown_project_looks_like_an_invisible_one(permission: Permission) -> None:
    elsewhere = (deploy(READ, project=99), JOB_ELSEWHERE, TRUSTED_ELSEWHERE)
    for actor in (NOBODY, PERSON, BOT, *elsewhere):
        unknown = asked(actor, None, Role.NONE, permission)
        assert unknown == asked(actor, policy(), Role.NONE, permission)


def test_every_permission_is_one_of_its_own() -> None:
    assert len({permission.value for permission in Permission}) == len(Permission) == 10


def test_only_accounts_have_memberships() -> None:
    assert [user_of(actor) for actor in (PERSON, JOB, deploy(READ), TRUSTED)] == [1, 1, None, None]


def group(
    *projects: tuple[str, Role], role: Role = N, visibility: str = "private"
) -> GroupProjects:
    policies = tuple(
        (ProjectPolicy(number, Visibility(name), RegistryAccess.ENABLED, (1, 7)), own)
        for number, (name, own) in enumerate(projects, start=1)
    )
    return GroupProjects(7, (1, 7), Visibility(visibility), role, policies)


def test_anonymous_readers_of_a_group_get_all_or_nothing() -> None:
    assert readable_below(NOBODY, group(("public", N), ("public", N))) == (1, 2)
    for closed in (None, group(), group(("public", N), ("private", N))):
        with pytest.raises(AuthenticationRequired):
            readable_below(NOBODY, closed)


def test_a_group_shows_what_the_actor_may_read() -> None:
    mixed = group(("public", N), ("private", R), ("private", G), ("private", N))

    assert readable_below(PERSON, mixed) == (1, 2)
    assert readable_below(deploy(READ, project=None, group=1), mixed) == (1, 2, 3, 4)
    assert readable_below(ADMIN, group()) == ()
    assert readable_below(PERSON, group(role=G)) == ()
    assert readable_below(PERSON, group(visibility="internal")) == ()
    assert readable_below(deploy(READ, project=None, group=7), group()) == ()
    assert readable_below(JOB_ELSEWHERE, group(visibility="public")) == ()


@pytest.mark.parametrize("actor", [PERSON, BOT, deploy(READ), JOB_ELSEWHERE])
def test_a_group_that_shows_nothing_does_not_exist(actor: Actor) -> None:
    for hidden in (None, group(("private", N))):
        with pytest.raises(NotFound):
            readable_below(actor, hidden)
