"""The ladder of the administration: who gets what of projects, groups and accounts.

The figures are the contract's, read by a person; no code of ours computes them. Who merely reads
and writes packages is in test_ladder.py.

A new address is a `Route` in the column of what one must be allowed to do for it; a new kind of
permission is a column in a table and an entry, of the same name, in the table's routes. An answer
that tells "allowed" and changes nothing is best: a malformed body, whose 400 comes after the
question of who may. What a success destroys is a throwaway: name it in `uses_up`, and make it in
FACTS (tests/support/world.py).
"""

# ruff: noqa: E501 -- one row a line: it is read as a table

from collections.abc import Iterator

import pytest
from tests.support.actors import ACTORS
from tests.support.ladder import (
    ACTOR,
    OUTSIDERS,
    PLACE,
    VISIBILITIES,
    Ladder,
    Route,
)
from tests.support.wheelyard import Wheelyard
from tests.support.world import World, a_world

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

# Three figures a column: of a private, internal, public project in a group of the same kind.
OF_PROJECTS = """
                                                | members     | read sett.  | write sett. | access tok. | job token   | own token   | destroy
anonymous                                       | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
refused, refused job                            | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
stranger, stranger read_api                     | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403 | 404 404 404 | 404 403 403
guest, guest of the group, reporter             | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404 | 403 403 403
reporter read_api, developer read_api           | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404 | 403 403 403
developers                                      | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok  | 404 404 404 | 403 403 403
maintainer, maintainer of the group             | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 404 404 404 | 403 403 403
maintainer read_api                             | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404 | 403 403 403
maintainer of the group read_api                | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404 | 403 403 403
owner of the group read_api, admin read_api     | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404 | 403 403 403
owner, owners of the group                      | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 404 404 404 | ok  ok  ok
admin                                           | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 404 404 404 | ok  ok  ok
bot reporter                                    | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok  | 403 403 403
bot developer                                   | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok  | ok  ok  ok  | 403 403 403
bot developer read_api                          | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
bot maintainer                                  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | ok  ok  ok  | ok  ok  ok  | 403 403 403
bot of elsewhere                                | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 404 | 404 404 403
deploy read write, deploy read, deploy write    | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
deploys of the group                            | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
trusted publishers                              | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
jobs, job of a guest                            | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
other deploys, job from elsewhere               | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
trusted elsewhere                               | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
"""
PROJECT = "/api/v4/projects/{id}"
ROUTES_OF_PROJECTS = {
    "members": [
        Route("GET", f"{PROJECT}/members", 200),
        Route("GET", f"{PROJECT}/members/all", 200),
        Route("GET", f"{PROJECT}/members/{{member}}", 200),
        Route("GET", f"{PROJECT}/members/all/{{member}}", 200),
    ],
    "read sett.": [
        Route("GET", f"{PROJECT}/deploy_tokens", 200),
        Route("GET", f"{PROJECT}/deploy_tokens/{{deploy_token}}", 200),
        Route("GET", f"{PROJECT}/access_tokens", 200),
        Route("GET", f"{PROJECT}/access_tokens/{{access_token}}", 200),
        Route("GET", f"{PROJECT}/trusted_publishers", 200),
        Route("GET", f"{PROJECT}/trusted_publishers/0", 404),
        Route("GET", f"{PROJECT}/audit_events", 200),
        Route("GET", f"{PROJECT}/audit_events/{{event}}", 200),
        Route("GET", f"{PROJECT}/packages/pypi/status/{{name}}", 200),
        Route("GET", f"{PROJECT}/packages/protection/rules", 200),
    ],
    "write sett.": [
        Route("PUT", PROJECT, 200, {}),
        Route("PUT", f"{PROJECT}/packages/pypi/status/{{name}}", 400, {}),
        Route("POST", f"{PROJECT}/packages/protection/rules", 400, {}),
        Route("PATCH", f"{PROJECT}/packages/protection/rules/0", 404, {}),
        Route("DELETE", f"{PROJECT}/packages/protection/rules/0", 404),
        Route("POST", f"{PROJECT}/members", 400, {}),
        Route("PUT", f"{PROJECT}/members/{{member}}", 200, {"access_level": "20"}),
        Route("DELETE", f"{PROJECT}/members/{{member}}", 204, uses_up="member"),
        Route("POST", f"{PROJECT}/trusted_publishers", 400, {}),
        Route("DELETE", f"{PROJECT}/trusted_publishers/0", 404),
        Route("POST", f"{PROJECT}/deploy_tokens", 400, {}),
        Route("DELETE", f"{PROJECT}/deploy_tokens/{{deploy_token}}", 204, uses_up="deploy_token"),
        Route(
            "POST", f"{PROJECT}/access_tokens/{{access_token}}/rotate", 200, uses_up="access_token"
        ),
        Route("DELETE", f"{PROJECT}/access_tokens/{{access_token}}", 204, uses_up="access_token"),
    ],
    # As in GitLab a project access token makes no others.
    "access tok.": [Route("POST", f"{PROJECT}/access_tokens", 400, {})],
    "job token": [Route("POST", f"{PROJECT}/job_tokens", 201, {})],
    "own token": [Route("POST", f"{PROJECT}/access_tokens/self/rotate", 200, uses_up=ACTOR)],
    "destroy": [Route("DELETE", PROJECT, 202, uses_up=PLACE)],
}

# The group is the project's own: who is in the project, and not in the group, sees the way there.
OF_GROUPS = """
                                                | see         | below       | members     | read tokens | audit       | add project | add group   | administer
anonymous                                       | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
refused                                         | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
refused job                                     | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
stranger                                        | 404 ok  ok  | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403
stranger read_api                               | 404 ok  ok  | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 403 403 403 | 403 403 403 | 404 403 403
guest, reporter, developers                     | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
owner, maintainer, guest of the group           | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
maintainer read_api, developer read_api         | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
reporter read_api                               | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
maintainer of the group                         | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | ok  ok  ok  | ok  ok  ok  | 403 403 403
maintainer of the group read_api                | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
owner of the group read_api, admin read_api     | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
owners of the group                             | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
admin                                           | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
bot reporter, bot developer                     | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
bot maintainer, bot developer read_api          | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
bot of elsewhere                                | 404 404 ok  | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 403 403 403 | 404 404 403
deploys of the group                            | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
deploy read write, deploy read, deploy write    | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 403 403 403 | 403 403 403 | 404 404 403
other deploys                                   | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 403 403 403 | 403 403 403 | 404 404 403
trusted publishers, trusted elsewhere           | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 403 403 403 | 403 403 403 | 404 404 403
jobs, job of a guest, job from elsewhere        | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 403 403 403 | 403 403 403 | 404 404 403
"""
GROUP = "/api/v4/groups/{group}"
ROUTES_OF_GROUPS = {
    "see": [Route("GET", GROUP, 200)],
    # As all lists: who says who they are must be known.
    "below": [
        Route("GET", "/{group_path}", 200),
        Route("GET", f"{GROUP}/subgroups", 200),
        Route("GET", f"{GROUP}/descendant_groups", 200),
        Route("GET", f"{GROUP}/projects", 200),
    ],
    "members": [
        Route("GET", f"{GROUP}/members", 200),
        Route("GET", f"{GROUP}/members/all", 200),
        Route("GET", f"{GROUP}/members/{{group_member}}", 200),
        Route("GET", f"{GROUP}/members/all/{{group_member}}", 200),
    ],
    "read tokens": [
        Route("GET", f"{GROUP}/deploy_tokens", 200),
        Route("GET", f"{GROUP}/deploy_tokens/{{group_token}}", 200),
    ],
    "audit": [
        Route("GET", f"{GROUP}/audit_events", 200),
        Route("GET", f"{GROUP}/audit_events/{{group_event}}", 200),
    ],
    # The group is named in the body: who may add nothing anywhere is not told of it.
    "add project": [
        Route("POST", "/api/v4/projects", 201, {"name": "{new}", "namespace_id": "{group}"}, "new")
    ],
    "add group": [
        Route("POST", "/api/v4/groups", 201, {"name": "{new}", "parent_id": "{group}"}, "new")
    ],
    "administer": [
        Route("PUT", GROUP, 200, {}),
        Route("POST", f"{GROUP}/members", 400, {}),
        Route("PUT", f"{GROUP}/members/{{group_member}}", 200, {"access_level": "20"}),
        Route("DELETE", f"{GROUP}/members/{{group_member}}", 204, uses_up="group_member"),
        Route("POST", f"{GROUP}/deploy_tokens", 400, {}),
        Route("DELETE", f"{GROUP}/deploy_tokens/{{group_token}}", 204, uses_up="group_token"),
        Route("DELETE", GROUP, 202, uses_up=PLACE),
    ],
}

# One figure a column: accounts and their tokens are in no project.
OF_ACCOUNTS = """
                                                | lists | oneself | make own | rotate own | end own | see other | end other | accounts | administer
anonymous                                       | ok    | 401     | 401      | 401        | 401     | 401       | 401       | 401      | 401
refused, refused job                            | 401   | 401     | 401      | 401        | 401     | 401       | 401       | 401      | 401
stranger, guest, reporter, developers           | ok    | ok      | ok       | ok         | ok      | 404       | 404       | 403      | 403
owner, maintainer, guest of the group           | ok    | ok      | ok       | ok         | ok      | 404       | 404       | 403      | 403
owners of the group, maintainer of the group    | ok    | ok      | ok       | ok         | ok      | 404       | 404       | 403      | 403
stranger read_api, reporter read_api            | ok    | ok      | 403      | 403        | ok      | 404       | 403       | 403      | 403
maintainer read_api, developer read_api         | ok    | ok      | 403      | 403        | ok      | 404       | 403       | 403      | 403
owner of the group read_api                     | ok    | ok      | 403      | 403        | ok      | 404       | 403       | 403      | 403
maintainer of the group read_api                | ok    | ok      | 403      | 403        | ok      | 404       | 403       | 403      | 403
admin                                           | ok    | ok      | ok       | ok         | ok      | ok        | ok        | ok       | ok
admin read_api                                  | ok    | ok      | 403      | 403        | ok      | ok        | 403       | ok       | 403
bot maintainer, bot developer, bot reporter     | ok    | ok      | 403      | ok         | ok      | 404       | 404       | 403      | 403
bot of elsewhere                                | ok    | ok      | 403      | ok         | ok      | 404       | 404       | 403      | 403
bot developer read_api                          | ok    | ok      | 403      | 403        | ok      | 404       | 403       | 403      | 403
deploy read write, deploy read, deploy write    | ok    | 403     | 403      | 403        | 403     | 403       | 403       | 403      | 403
deploys of the group, other deploys             | ok    | 403     | 403      | 403        | 403     | 403       | 403       | 403      | 403
jobs, job of a guest, job from elsewhere        | ok    | 403     | 403      | 403        | 403     | 403       | 403       | 403      | 403
trusted publishers, trusted elsewhere           | ok    | 403     | 403      | 403        | 403     | 403       | 403       | 403      | 403
"""
OWN, TOKENS, USERS = "/api/v4/user", "/api/v4/personal_access_tokens", "/api/v4/users"
ROUTES_OF_ACCOUNTS = {
    "lists": [
        Route("GET", "/api/v4/projects", 200),
        Route("GET", "/api/v4/groups", 200),
        Route("GET", "/", 200),
    ],
    "oneself": [
        Route("GET", OWN, 200),
        Route("GET", TOKENS, 200),
        Route("GET", f"{TOKENS}/self", 200),
        Route("GET", f"{USERS}/{{user}}/projects", 200),
    ],
    "make own": [
        Route("POST", f"{OWN}/personal_access_tokens", 400, {}),
        Route("POST", "/api/v4/groups", 201, {"name": "{new}"}, "new"),
        Route("POST", "/api/v4/projects", 201, {"name": "{new}"}, "new"),
    ],
    "rotate own": [Route("POST", f"{TOKENS}/self/rotate", 200, uses_up=ACTOR)],
    "end own": [Route("DELETE", f"{TOKENS}/self", 204, uses_up=ACTOR)],
    "see other": [Route("GET", f"{TOKENS}/{{personal_token}}", 200)],
    "end other": [
        Route("POST", f"{TOKENS}/{{personal_token}}/rotate", 200, uses_up="personal_token"),
        Route("DELETE", f"{TOKENS}/{{personal_token}}", 204, uses_up="personal_token"),
    ],
    "accounts": [
        Route("GET", USERS, 200),
        Route("GET", f"{USERS}/{{user}}", 200),
        Route("GET", f"{TOKENS}?user_id={{user}}", 200),
        Route("GET", "/api/v4/deploy_tokens", 200),
        Route("GET", "/api/v4/maintenance", 200),
        Route("GET", "/api/v4/audit_events", 200),
        Route("GET", "/api/v4/audit_events/{event}", 200),
    ],
    "administer": [
        Route("POST", USERS, 400, {}),
        Route("PUT", "/api/v4/maintenance", 400, {}),
        Route("PUT", f"{USERS}/{{user}}", 200, {}),
        Route("PATCH", f"{USERS}/{{user}}", 200, {}),
        Route("POST", f"{USERS}/{{user}}/personal_access_tokens", 400, {}),
        Route("POST", f"{USERS}/{{user}}/block", 201),
        Route("POST", f"{USERS}/{{user}}/unblock", 201),
        Route("DELETE", f"{USERS}/{{user}}", 204, uses_up="user"),
    ],
}
LADDERS = {
    "projects": Ladder.read(OF_PROJECTS, ROUTES_OF_PROJECTS),
    "groups": Ladder.read(OF_GROUPS, ROUTES_OF_GROUPS),
    "accounts": Ladder.read(OF_ACCOUNTS, ROUTES_OF_ACCOUNTS),
}


@pytest.fixture(scope="module")
def world(embedded: Wheelyard) -> Iterator[World]:
    with a_world(embedded) as made:
        yield made


@pytest.mark.parametrize("of", LADDERS)
def test_each_table_names_every_actor(of: str) -> None:
    assert set(LADDERS[of].rows) == set(ACTORS)


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("of", LADDERS)
def test_everybody_gets_what_the_table_says(of: str, actor: str, world: World) -> None:
    assert list(world.disagreements(LADDERS[of], actor)) == []


@pytest.mark.parametrize("actor", ["anonymous", "guest", "deploy write"])
@pytest.mark.parametrize("of", LADDERS)
def test_a_head_is_refused_as_its_get_is(of: str, actor: str, world: World) -> None:
    assert list(world.disagreements(LADDERS[of].by_head(), actor)) == []


@pytest.mark.parametrize("actor", OUTSIDERS)
@pytest.mark.parametrize("of", ["projects", "groups"])
def test_what_is_hidden_is_like_what_does_not_exist(of: str, actor: str, world: World) -> None:
    assert list(world.betrayals(LADDERS[of], actor)) == []


@pytest.mark.parametrize("actor", [who for who in OUTSIDERS if "expired" not in who])
def test_lists_show_what_one_may_see(actor: str, world: World) -> None:
    for visibility in VISIBILITIES:
        spot = world.spot(visibility)
        headers = spot.headers(actor)
        project, group = str(spot["path"]).rsplit("/", 1)[1], spot.place.project.group.path

        projects = world.listed(f"/projects?search={project}", headers)
        groups = world.listed(f"/groups?search={group}", headers)

        sees = LADDERS["groups"].figure(actor, "see", visibility) == "ok"
        assert [one["id"] for one in projects] == [spot["id"]] * sees
        assert [one["id"] for one in groups] == [spot["group"]] * sees
