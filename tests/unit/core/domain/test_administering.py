"""Who may do what with a group, and what lists show to whom."""

from datetime import UTC, datetime

import pytest

from wheelyard_core.domain.access import (
    Actor,
    Anonymous,
    DeployToken,
    JobToken,
    Person,
    Role,
    Scope,
    Visibility,
)
from wheelyard_core.domain.administering import (
    GroupPermission,
    parse_role,
    parse_scopes,
    reach_of,
    require_admin,
    require_grantable,
    require_in_group,
    require_person,
)
from wheelyard_core.domain.administration import Group, Reach
from wheelyard_core.domain.errors import (
    AuthenticationRequired,
    InvalidInput,
    NotAllowed,
    NotFound,
    RegistryError,
)
from wheelyard_core.domain.group_index import PackageOverlap

API = frozenset({Scope.API})
READ = frozenset({Scope.READ_API})
PERSON = Person(1, "ada", 1, API)
READER = Person(1, "ada", 1, READ)
OTHER = Person(1, "ada", 1, frozenset({Scope.READ_REGISTRY}))
BOT = Person(2, "bot", 2, API, is_bot=True)
ABOVE = DeployToken(3, "d", frozenset({Scope.READ_REGISTRY}), None, 6)
BESIDE = DeployToken(3, "d", frozenset({Scope.READ_REGISTRY}), None, 99)
OF_PROJECT = DeployToken(3, "d", frozenset({Scope.READ_REGISTRY}), 8, None)
JOB = JobToken(4, 1, "ada", 8)
NOBODY, INSISTED = Anonymous(), Anonymous("The token was revoked", insisted=True)

PRIVATE, INTERNAL, PUBLIC = Visibility
SEE, ADD, READ_TOKENS, READ_AUDIT, ADMINISTER = GroupPermission


def group(visibility: Visibility) -> Group:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Group(
        id=7,
        name="g",
        path="g",
        full_path="top/g",
        parent_id=6,
        owner_id=None,
        visibility=visibility,
        description="",
        burn_filenames=False,
        package_overlap=PackageOverlap.MERGE,
        created_at=now,
        group_ids=(6, 7),
    )


@pytest.mark.parametrize(
    ("actor", "visibility", "role", "permission", "refusal"),
    [
        (NOBODY, PUBLIC, Role.NONE, SEE, None),
        (NOBODY, INTERNAL, Role.NONE, SEE, AuthenticationRequired),
        (NOBODY, PUBLIC, Role.NONE, ADD, AuthenticationRequired),
        (INSISTED, PUBLIC, Role.NONE, SEE, AuthenticationRequired),
        (PERSON, PRIVATE, Role.NONE, SEE, NotFound),
        (PERSON, INTERNAL, Role.NONE, SEE, None),
        (BOT, INTERNAL, Role.NONE, SEE, NotFound),
        (PERSON, PRIVATE, Role.GUEST, SEE, None),
        (OTHER, PRIVATE, Role.OWNER, SEE, NotAllowed),
        (PERSON, PRIVATE, Role.DEVELOPER, ADD, NotAllowed),
        (PERSON, PRIVATE, Role.MAINTAINER, ADD, None),
        (READER, PRIVATE, Role.MAINTAINER, ADD, NotAllowed),
        (READER, PRIVATE, Role.MAINTAINER, READ_TOKENS, None),
        (PERSON, PRIVATE, Role.DEVELOPER, READ_TOKENS, NotAllowed),
        (PERSON, PRIVATE, Role.MAINTAINER, ADMINISTER, NotAllowed),
        (PERSON, PRIVATE, Role.MAINTAINER, READ_AUDIT, NotAllowed),
        (READER, PRIVATE, Role.OWNER, READ_AUDIT, None),
        (PERSON, PRIVATE, Role.OWNER, ADMINISTER, None),
        (READER, PRIVATE, Role.OWNER, ADMINISTER, NotAllowed),
        (PERSON, PRIVATE, Role.NONE, ADMINISTER, NotFound),
        (ABOVE, PRIVATE, Role.NONE, SEE, None),
        (ABOVE, PRIVATE, Role.NONE, ADD, NotAllowed),
        (BESIDE, PRIVATE, Role.NONE, SEE, NotFound),
        (OF_PROJECT, PRIVATE, Role.NONE, SEE, NotFound),
        (JOB, INTERNAL, Role.OWNER, SEE, NotFound),
        (JOB, PUBLIC, Role.OWNER, ADMINISTER, NotAllowed),
    ],
)
def test_the_ladder_of_a_group(
    actor: Actor,
    visibility: Visibility,
    role: Role,
    permission: GroupPermission,
    refusal: type[RegistryError] | None,
) -> None:
    if refusal is None:
        assert require_in_group(actor, group(visibility), role, permission).id == 7
    else:
        with pytest.raises(refusal):
            require_in_group(actor, group(visibility), role, permission)


def test_an_unknown_group_is_refused_as_a_hidden_one() -> None:
    for found in (None, group(PRIVATE)):
        with pytest.raises(NotFound, match="Group not found"):
            require_in_group(PERSON, found, Role.NONE, ADMINISTER)
        with pytest.raises(AuthenticationRequired, match="give a token"):
            require_in_group(NOBODY, found, Role.NONE, SEE)


def test_a_member_of_something_below_sees_the_way_and_no_more() -> None:
    found = require_in_group(PERSON, group(PRIVATE), Role.NONE, SEE, member_below=True)

    assert found.id == 7
    with pytest.raises(NotAllowed):
        require_in_group(PERSON, group(PRIVATE), Role.NONE, READ_TOKENS, member_below=True)


def test_accounts_act_by_personal_tokens_of_enough_scope() -> None:
    assert require_person(READER, writes=False) is READER
    with pytest.raises(NotAllowed, match="scope api"):
        require_person(READER, writes=True)
    with pytest.raises(NotAllowed, match="personal access token"):
        require_person(JOB, writes=False)
    with pytest.raises(AuthenticationRequired, match="expired"):
        require_person(Anonymous("The token has expired"), writes=False)
    with pytest.raises(NotAllowed, match="administrator"):
        require_admin(PERSON, writes=False)


def test_lists_reach_as_far_as_the_actor() -> None:
    admin = Person(9, "root", 9, API, is_admin=True)

    assert reach_of(NOBODY) == Reach()
    assert reach_of(READER) == Reach(internal=True, user_id=1)
    assert reach_of(BOT) == Reach(user_id=2)
    assert reach_of(admin) == Reach(everything=True, internal=True, user_id=9)
    assert reach_of(ABOVE) == Reach(group_id=6)
    assert reach_of(JOB) == Reach(project_id=8)
    with pytest.raises(AuthenticationRequired, match="revoked"):
        reach_of(Anonymous("The token was revoked"))
    with pytest.raises(NotAllowed, match="read_api or api"):
        reach_of(OTHER)


def test_roles_and_scopes_are_gitlabs() -> None:
    assert [parse_role(level) for level in (10, 20, 30, 40, 50)] == [r for r in Role if r]
    for level in (0, 5, 60, -10):
        with pytest.raises(InvalidInput, match="access_level"):
            parse_role(level)
    assert parse_scopes(("api",), (Scope.API, Scope.READ_API)) == API
    for words in ((), ("api", "sudo"), ("read_package_registry",)):
        with pytest.raises(InvalidInput, match="api and read_api"):
            parse_scopes(words, (Scope.API, Scope.READ_API))


def test_nobody_grants_above_their_own_role() -> None:
    require_grantable(Role.MAINTAINER, Role.MAINTAINER)
    with pytest.raises(NotAllowed):
        require_grantable(Role.MAINTAINER, Role.OWNER)
