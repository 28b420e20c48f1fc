"""The ladder as one table: who gets what, at which visibility, from which address.

The figures are the contract's §2 and §9, read by a person; no code of ours computes them. Settings,
members, groups and accounts have tables of their own (test_administration_ladder.py).

A new address is a `Route` in the column of what one must be allowed to do for it; a new kind of
permission is a column in the table and an entry of the same name in ROUTES. Every actor asks every
route, so that an answer that changes nothing is best; what a success uses up is named with the
route, and made anew (FACTS in tests/support/world.py).
"""

# ruff: noqa: E501 -- one row a line: it is read as a table

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from tests.support.actors import ACTORS, Place, token
from tests.support.distributions import ADistribution
from tests.support.ladder import (
    FORM,
    OUTSIDERS,
    PRIVATE,
    VISIBILITIES,
    Ladder,
    Route,
)
from tests.support.seed import unique
from tests.support.wheelyard import Wheelyard
from tests.support.world import Spot, World, a_world

from wheelyard_core.adapters.db.models import UploadRow
from wheelyard_core.domain.access import RegistryAccess, Role, Scope, Visibility

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

# Three figures a column: private, internal, public. `ok` is the success of the route, `-` what the
# contract leaves open.
TABLE = """
actor                            | see         | read        | push        | delete file | delete pkg  | status
anonymous                        | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
refused                          | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
stranger                         | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 404 404
stranger read_api                | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 404 404
guest                            | ok  ok  ok  | 403 ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
reporter                         | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
reporter read_api                | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
developers                       | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | ok  ok  ok
developer read_api               | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
maintainer                       | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
maintainer read_api              | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
owner                            | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
guest of the group               | ok  ok  ok  | 403 ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
maintainer of the group          | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
maintainer of the group read_api | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
owners of the group              | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
owner of the group read_api      | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
admin                            | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
admin read_api                   | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
bot reporter                     | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
bot developer                    | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | ok  ok  ok
bot developer read_api           | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok
bot maintainer                   | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
bot of elsewhere                 | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 404
deploy read                      | -   -   -   | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
deploy write                     | -   -   -   | 403 403 ok  | ok  ok  ok  | -   -   -   | 403 403 403 | ok  ok  ok
deploy read write                | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | ok  ok  ok
deploys of the group             | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | ok  ok  ok
other deploys                    | -   -   -   | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 404
jobs                             | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | ok  ok  ok
job of a guest                   | -   -   -   | 403 -   ok  | 403 403 403 | 403 403 403 | 403 403 403 | 404 404 404
job from elsewhere               | -   -   -   | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 404
trusted publishers               | ok  ok  ok  | 403 403 ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | ok  ok  ok
trusted elsewhere                | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 404
refused job                      | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
"""
PROJECT, ALIAS = "/api/v4/projects/{id}", "/{path}"
PYPI, PACKAGES = f"{PROJECT}/packages/pypi", f"{PROJECT}/packages"
RELEASES = f"{PYPI}/releases"
FILE = f"{PYPI}/files/{{sha256}}/{{filename}}"
PROVENANCE = "integrity/demo/1.0/{filename}/provenance"
ROUTES = {
    "see": [Route("GET", PROJECT, 200)],
    "read": [
        Route("GET", f"{PYPI}/simple/", 200),
        Route("GET", f"{PYPI}/simple/demo/", 200),
        Route("GET", f"{PYPI}/simple/Demo", 301),
        Route("GET", f"{ALIAS}/simple", 200),
        Route("GET", f"{ALIAS}/simple/demo/", 200),
        Route("GET", FILE, 200),
        Route("GET", f"{FILE}.metadata", 200),
        Route("GET", f"{ALIAS}/files/{{sha256}}/{{filename}}", 200),
        # Nobody attested it: whoever may read is told so.
        Route("GET", f"{PYPI}/{PROVENANCE}", 404),
        Route("GET", f"{ALIAS}/{PROVENANCE}/", 404),
        Route("GET", PACKAGES, 200),
        Route("GET", f"{PACKAGES}/{{package}}", 200),
        Route("GET", f"{PACKAGES}/{{package}}/package_files", 200),
        Route("GET", ALIAS, 200),
        Route("GET", f"{ALIAS}/packages/demo", 200),
        Route("GET", f"{ALIAS}/packages/Demo/1.0", 200),
        Route("GET", f"{ALIAS}/-/packages/{{package}}", 303),
    ],
    "push": [
        Route("POST", PYPI, 400, FORM),
        Route("POST", f"{PYPI}/", 400, FORM),
        Route("POST", f"{ALIAS}/legacy/", 400, FORM),
    ],
    # What is not there: whoever may is told so, and what is there stays for the next.
    "delete file": [
        Route("DELETE", f"{PACKAGES}/{{package}}/package_files/0", 404),
        Route("DELETE", f"{RELEASES}/demo/9.9/demo-9.9.tar.gz", 404),
    ],
    "delete pkg": [
        Route("DELETE", f"{PACKAGES}/0", 404),
        Route("DELETE", f"{RELEASES}/demo/9.9", 404),
        Route("PUT", f"{PYPI}/yank/demo/9.9", 404, {}),
        Route("PUT", f"{PYPI}/yank/demo/9.9/demo-9.9.tar.gz", 404, {}),
        Route("DELETE", f"{PYPI}/yank/demo/9.9", 404),
        Route("DELETE", f"{PYPI}/yank/demo/9.9/demo-9.9.tar.gz", 404),
    ],
    "status": [
        Route("GET", f"{PYPI}/uploads/{{upload}}", 200),
        Route("GET", f"{ALIAS}/-/uploads", 200),
    ],
}
LADDER = Ladder.read(TABLE, ROUTES)


@pytest.fixture(scope="module")
def world(embedded: Wheelyard) -> Iterator[World]:
    with a_world(embedded) as made:
        for visibility in VISIBILITIES:
            assert made.spot(visibility)["package"], "the package that ROUTES name"
        yield made


def test_the_table_names_every_actor() -> None:
    assert set(LADDER.rows) == set(ACTORS)


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says(actor: str, world: World) -> None:
    assert list(world.disagreements(LADDER, actor)) == []


@pytest.mark.parametrize("actor", ["anonymous", "guest", "deploy write"])
def test_a_head_is_refused_as_its_get_is(actor: str, world: World) -> None:
    assert list(world.disagreements(LADDER.by_head(), actor)) == []


@pytest.mark.parametrize("actor", OUTSIDERS)
def test_what_is_hidden_is_like_what_does_not_exist(actor: str, world: World) -> None:
    assert list(world.betrayals(LADDER, actor)) == []


@pytest.mark.parametrize("actor", ACTORS)
def test_what_does_not_exist_is_not_found_or_asks_who_one_is(actor: str, world: World) -> None:
    spot = world.spot(PRIVATE)
    headers = spot.headers(actor)
    expected = 401 if LADDER.figure(actor, "push", PRIVATE) == "401" else 404

    statuses = {
        column: world.ask(routes[0], spot.unknown(), headers).status
        for column, routes in ROUTES.items()
    }

    assert statuses == dict.fromkeys(ROUTES, expected)


@pytest.mark.parametrize(
    ("actor", "word"),
    [("expired", "expired"), ("revoked", "revoked"), ("deploy expired", "expired"),
     ("deploy revoked", "revoked"), ("job expired", "expired"), ("job revoked", "revoked"),
     ("job under another name", "gitlab-ci-token")],
)  # fmt: skip
def test_a_refused_token_is_told_why(actor: str, word: str, world: World) -> None:
    spot = world.spot(PRIVATE)
    headers = spot.headers(actor)

    for column in ("read", "push"):
        reply = world.ask(ROUTES[column][0], spot, headers)

        assert reply.status == 401
        assert word in json.loads(reply.body)["message"]


# Who reads at each `package_registry_access_level`.
LEVELS = """
level    | project  | anonymous | stranger | reporter | developer pushes | stranger pushes
disabled | private  | 401       | 404      | 404      | 404              | 404
disabled | internal | 401       | 404      | 404      | 404              | 404
disabled | public   | 404       | 404      | 404      | 404              | 404
private  | private  | 401       | 404      | 200      | 400              | 404
private  | internal | 401       | 403      | 200      | 400              | 403
private  | public   | 401       | 403      | 200      | 400              | 403
enabled  | private  | 401       | 404      | 200      | 400              | 404
enabled  | internal | 401       | 200      | 200      | 400              | 403
enabled  | public   | 200       | 200      | 200      | 400              | 403
public   | private  | 200       | 200      | 200      | 400              | 404
public   | internal | 200       | 200      | 200      | 400              | 403
public   | public   | 200       | 200      | 200      | 400              | 403
"""


@pytest.mark.parametrize("line", LEVELS.strip().splitlines()[1:], ids=lambda x: x[:18])
def test_the_access_level_decides_who_pulls(line: str, world: World) -> None:
    level, visibility, *figures = (cell.strip() for cell in line.split("|"))
    project = world.seed.project(visibility=Visibility(visibility), access=RegistryAccess(level))
    place = Place(world.seed, project.group, project, project)
    asked = [(ROUTES["read"][0], who) for who in ("anonymous", "stranger", "reporter")]
    asked += [(ROUTES["push"][0], who) for who in ("developer", "stranger")]

    replies = [world.ask(route, {"id": project.id}, ACTORS[who](place)) for route, who in asked]

    assert [reply.status for reply in replies] == [int(figure) for figure in figures]


@pytest.mark.parametrize(
    ("actor", "path"),
    [("developer", f"{PACKAGES}/{{package}}/package_files/{{file}}"),
     ("maintainer", f"{PACKAGES}/{{package}}")],
)  # fmt: skip
def test_who_may_delete_does(actor: str, path: str, world: World) -> None:
    spot = Spot(world, PRIVATE)
    route = Route("DELETE", path, 204)

    assert world.ask(route, spot, spot.headers("reporter")).status == 403
    assert world.ask(route, spot, spot.headers(actor)).status == 204
    assert world.ask(route, spot, spot.headers(actor)).status == 404


@pytest.mark.parametrize("actor", [*OUTSIDERS, "guest", "reporter", "deploy read"])
def test_an_upload_of_others_is_like_none(actor: str, world: World) -> None:
    for visibility in VISIBILITIES:
        spot, status = world.spot(visibility), ROUTES["status"][0]

        others, none = (
            world.ask(status, facts, spot.headers(actor))
            for facts in (spot, {**spot, "upload": "7f"})
        )

        assert (others.status, others.body) == (none.status, none.body)


def test_an_upload_is_shown_to_whoever_sent_it(world: World) -> None:
    spot = world.spot(PRIVATE)
    sender, wheel = spot.place.user(Role.DEVELOPER), ADistribution().named(unique("mine")).wheel()
    own, reader = (
        token(world.seed.personal_token(sender, scope)) for scope in (Scope.API, Scope.READ_API)
    )
    world.publish(spot, wheel, own)
    with world.behind.session() as session:
        named = select(UploadRow.id).where(UploadRow.filename == wheel.filename)
        facts = {"id": spot["id"], "member": sender, "upload": session.scalars(named).one()}
    demoted = Route("PUT", f"{PROJECT}/members/{{member}}", 200, {"access_level": "10"})
    assert world.ask(demoted, facts, world.admin).status == 200

    statuses = [
        world.ask(ROUTES["status"][0], facts, who).status
        for who in (own, reader, spot.place.person(Role.GUEST))
    ]

    assert statuses == [200, 200, 404]
