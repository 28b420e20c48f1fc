"""The ladder as one table: who gets what, at which visibility, from which address.

The figures are the contract's §2 and §9, read by a person; no code of ours computes them.
"""

# ruff: noqa: E501 -- one actor a line: it is read as a table

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from tests.support.actors import ACTORS, Headers, Place
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, form_headers, post
from tests.support.seed import Seed
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import RegistryAccess, Visibility

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

# Three figures a column: private, internal, public. `ok` is the success of the route, `-` what the
# contract leaves open. Settings: of a project, read and written.
TABLE = """
actor                    | see         | read        | push        | delete file | delete pkg  | read sett.  | write sett.
anonymous                | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
unknown token            | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
nonsense                 | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
no base64                | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
expired                  | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
revoked                  | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
blocked                  | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
stranger                 | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403
stranger read_api        | 404 ok  ok  | 404 ok  ok  | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403 | 404 403 403
guest                    | ok  ok  ok  | 403 ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
reporter                 | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
reporter read_api        | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
developer                | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
developer read_api       | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
developer by the group   | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
developer from above     | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
guest and developer      | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
developer PRIVATE-TOKEN  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
developer bearer         | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
maintainer               | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
maintainer read_api      | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok  | 403 403 403
owner                    | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
admin                    | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok
admin read_api           | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | ok  ok  ok  | 403 403 403
bot reporter             | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
bot developer            | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403
bot developer read_api   | ok  ok  ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
bot maintainer           | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | ok  ok  ok  | -   -   -
bot of elsewhere         | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
deploy read              | -   -   -   | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
deploy write             | -   -   -   | 403 403 ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
deploy read write        | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
deploy DEPLOY-TOKEN      | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
deploy of the group      | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
deploy from above        | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
deploy of elsewhere      | -   -   -   | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
deploy group elsewhere   | -   -   -   | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
deploy expired           | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
deploy revoked           | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job                      | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
job JOB-TOKEN            | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
job bearer               | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
job of an owner          | -   -   -   | ok  ok  ok  | ok  ok  ok  | -   -   -   | 403 403 403 | 403 403 403 | 403 403 403
job of a guest           | -   -   -   | 403 -   ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
job from elsewhere       | -   -   -   | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
job under another name   | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job expired              | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job revoked              | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
trusted                  | ok  ok  ok  | 403 403 ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
trusted bearer           | ok  ok  ok  | 403 403 ok  | ok  ok  ok  | 403 403 403 | 403 403 403 | 403 403 403 | 403 403 403
trusted elsewhere        | 404 404 ok  | 404 404 ok  | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403 | 404 404 403
trusted expired          | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
trusted revoked          | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
trusted PRIVATE-TOKEN    | 401 401 ok  | 401 401 ok  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job name trusted token   | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job name unknown token   | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job name personal token  | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
job name deploy token    | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401 | 401 401 401
"""
PROJECT, ALIAS = "/api/v4/projects/{id}", "/{path}"
PYPI, PACKAGES = f"{PROJECT}/packages/pypi", f"{PROJECT}/packages"
FILE = f"{PYPI}/files/{{sha256}}/{{filename}}"
# What is right about the actor is asked with a request that is wrong: its refusal is `ok`.
ROUTES: dict[str, list[tuple[str, str, int]]] = {
    "see": [("GET", PROJECT, 200)],
    "read": [
        ("GET", f"{PYPI}/simple/", 200),
        ("GET", f"{PYPI}/simple/demo/", 200),
        ("GET", f"{PYPI}/simple/Demo", 301),
        ("HEAD", f"{PYPI}/simple/demo", 200),
        ("GET", f"{ALIAS}/simple/demo/", 200),
        ("GET", FILE, 200),
        ("HEAD", FILE, 200),
        ("GET", f"{FILE}.metadata", 200),
        ("GET", PACKAGES, 200),
        ("GET", f"{PACKAGES}/{{package}}", 200),
        ("GET", f"{PACKAGES}/{{package}}/package_files", 200),
        ("GET", ALIAS, 200),
        ("GET", f"{ALIAS}/packages/demo", 200),
        ("HEAD", f"{ALIAS}/packages/Demo/1.0", 200),
    ],
    "push": [("POST", PYPI, 400), ("POST", f"{PYPI}/", 400), ("POST", f"{ALIAS}/legacy/", 400)],
    "delete file": [
        ("DELETE", f"{PACKAGES}/{{victim}}/package_files/{{victim_file}}", 204),
        ("DELETE", f"{PYPI}/releases/{{victim_name}}/1.0/{{victim_filename}}", 204),
    ],
    "delete pkg": [
        ("DELETE", f"{PACKAGES}/{{victim}}", 204),
        ("DELETE", f"{PYPI}/releases/{{victim_name}}/1.0", 204),
        ("PUT", f"{PYPI}/yank/demo/1.0", 200),
        ("DELETE", f"{PYPI}/yank/demo/1.0/{{filename}}", 200),
        ("DELETE", f"{PYPI}/yank/demo/1.0", 200),
    ],
    "read sett.": [
        ("GET", f"{PROJECT}/deploy_tokens", 200),
        ("GET", f"{PROJECT}/trusted_publishers", 200),
        ("GET", f"{PROJECT}/audit_events", 200),
        ("GET", f"{PYPI}/status/demo", 200),
    ],
    "write sett.": [
        ("PUT", PROJECT, 200),
        ("PUT", f"{PYPI}/status/demo", 400),
        ("POST", f"{PROJECT}/deploy_tokens", 400),
        ("POST", f"{PROJECT}/access_tokens", 400),
        ("POST", f"{PROJECT}/trusted_publishers", 400),
        ("POST", f"{PROJECT}/members", 400),
    ],
}
# Nobody learns of a project that does not exist more than of one that is hidden.
UNKNOWN = {"see", "read", "push", "delete pkg", "write sett."}
VISIBILITIES = (Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC)


def rows() -> dict[str, dict[str, list[str]]]:
    """Return the table: actor, column, the three figures."""
    head, *lines = (line for line in TABLE.strip().splitlines())
    columns = [name.strip() for name in head.split("|")][1:]
    parsed = {}
    for line in lines:
        actor, *cells = (cell.strip() for cell in line.split("|"))
        parsed[actor] = dict(zip(columns, (cell.split() for cell in cells), strict=True))
    return parsed


ROWS = rows()


@dataclass
class Client:
    """One connection, kept."""

    host: str

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.host, timeout=20)

    def ask(
        self, method: str, path: str, headers: Headers, body: bytes | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.connection.request(method, path, body, {**headers})
        response = self.connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


@dataclass(frozen=True)
class World:
    """A place of each visibility, each with a published demo 1.0."""

    url: str
    client: Client
    places: Mapping[Visibility, Place]
    facts: Mapping[Visibility, dict[str, object]]

    def path(self, template: str, visibility: Visibility, **more: object) -> str:
        return template.format(**{**self.facts[visibility], **more})

    def victim(self, visibility: Visibility) -> dict[str, object]:
        """Publish a release to be deleted; return its id and its file's."""
        name = f"victim-{time.monotonic_ns()}"
        return publish(self, visibility, name, "victim")


@pytest.fixture(scope="module")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    return embedded


@pytest.fixture(scope="module")
def world(wheelyard: Wheelyard) -> Iterator[World]:
    with Backstage(wheelyard) as behind:
        made = World(wheelyard.url, Client(wheelyard.host), {}, {})
        for visibility in VISIBILITIES:
            made.places[visibility] = a_place(behind.seed, visibility)  # type: ignore[index]  # being made
            project = made.places[visibility].project
            made.facts[visibility] = {"id": project.id, "path": project.path}  # type: ignore[index]  # being made
            made.facts[visibility].update(publish(made, visibility, "demo", "package"))
            made.facts[visibility].update(made.victim(visibility))
        yield made
        made.client.connection.close()


def a_place(seed: Seed, visibility: Visibility) -> Place:
    outer = seed.group(visibility=visibility)
    inner = seed.group(outer, visibility)
    return Place(seed, outer, seed.project(inner, visibility), seed.project())


def publish(world: World, visibility: Visibility, name: str, word: str) -> dict[str, object]:
    """Publish a wheel of that name; return what addresses have of it."""
    place, wheel = world.places[visibility], ADistribution().named(name).wheel()
    developer = place.seed.personal_token(place.seed.user(admin=True))
    url = f"{world.url}/api/v4/projects/{place.project.id}/packages"
    assert post(f"{url}/pypi", AForm.of(wheel), developer).status == 201
    (package,) = listed(world, f"{url}?package_name={name}", developer)
    (file,) = listed(world, f"{url}/{package['id']}/package_files", developer)
    found = {word: package["id"], f"{word}_file": file["id"]}
    found |= {f"{word}_name": name, f"{word}_filename": wheel.filename}
    return found | ({"sha256": wheel.sha256, "filename": wheel.filename} if name == "demo" else {})


def listed(world: World, url: str, secret: str) -> list[dict[str, object]]:
    path = url.removeprefix(world.url)
    status, _, body = world.client.ask("GET", path, {"PRIVATE-TOKEN": secret})
    assert status == 200, body
    parsed = json.loads(body)
    assert isinstance(parsed, list)
    return parsed


def test_the_table_names_every_actor() -> None:
    assert set(ROWS) == set(ACTORS)
    assert {len(cell) for row in ROWS.values() for cell in row.values()} == {3}


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says(actor: str, world: World) -> None:
    wrong = []
    for number, visibility in enumerate(VISIBILITIES):
        headers = ACTORS[actor](world.places[visibility])
        for column, figures in ROWS[actor].items():
            if figures[number] == "-":
                continue
            for method, template, success in ROUTES[column]:
                expected = success if figures[number] == "ok" else int(figures[number])
                fresh = world.victim(visibility) if expected == 204 else {}
                path = world.path(template, visibility, **fresh)
                status, answered, _ = request(world, method, path, headers)
                if status != expected:
                    wrong.append(f"{visibility} {method} {template}: {status}, not {expected}")
                challenge = answered.get("WWW-Authenticate")
                if (challenge == 'Basic realm="Wheelyard"') != (status == 401):
                    wrong.append(f"{visibility} {method} {template}: {challenge} with {status}")

    assert wrong == []


@pytest.mark.parametrize("actor", ACTORS)
def test_what_does_not_exist_is_like_what_is_hidden(actor: str, world: World) -> None:
    place = world.places[Visibility.PRIVATE]
    headers = ACTORS[actor](place)
    expected = 401 if "401" in ROWS[actor]["push"] else 404

    answers = {
        (method, template): request(
            world,
            method,
            world.path(template, Visibility.PRIVATE, id=987_654_321, path="no/such"),
            headers,
        )
        for column in UNKNOWN
        for method, template, _ in ROUTES[column][:4]
    }

    assert {key: answer[0] for key, answer in answers.items() if answer[0] != expected} == {}
    if "404" in ROWS[actor]["read"]:
        hidden = {
            (method, template): request(
                world, method, world.path(template, Visibility.PRIVATE), headers
            )
            for column in ("read", "push")
            for method, template, _ in ROUTES[column][:4]
        }
        assert {key: (hidden[key][0], hidden[key][2]) for key in hidden} == {
            key: (answers[key][0], answers[key][2]) for key in hidden
        }


@pytest.mark.parametrize(
    ("actor", "word"),
    [("expired", "expired"), ("revoked", "revoked"), ("deploy expired", "expired"),
     ("deploy revoked", "revoked"), ("job expired", "expired"), ("job revoked", "revoked"),
     ("job under another name", "gitlab-ci-token")],
)  # fmt: skip
def test_a_refused_token_is_told_why(actor: str, word: str, world: World) -> None:
    headers = ACTORS[actor](world.places[Visibility.PRIVATE])

    for column in ("read", "push"):
        method, template, _ = ROUTES[column][0]
        status, _, body = request(world, method, world.path(template, Visibility.PRIVATE), headers)

        assert status == 401
        assert word in json.loads(body)["message"]


# Who reads at each `package_registry_access_level`; `hidden` projects are private.
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
    seed = world.places[Visibility.PRIVATE].seed
    project = seed.project(visibility=Visibility(visibility), access=RegistryAccess(level))
    place = Place(seed, project.group, project, project)
    pypi = f"/api/v4/projects/{project.id}/packages/pypi"
    asked = [("GET", who) for who in ("anonymous", "stranger", "reporter")]
    asked += [("POST", who) for who in ("developer", "stranger")]

    statuses = [
        request(world, method, f"{pypi}/simple/" if method == "GET" else pypi, ACTORS[who](place))[
            0
        ]
        for method, who in asked
    ]

    assert statuses == [int(figure) for figure in figures]


@pytest.mark.parametrize(
    ("actor", "status"),
    [("anonymous", 401), ("stranger", 404), ("developer", 403), ("maintainer", 403), ("job", 403),
     ("deploy read write", 403), ("owner", 202), ("admin", 202)],
)  # fmt: skip
def test_only_an_owner_destroys_a_project(actor: str, status: int, world: World) -> None:
    place = a_place(world.places[Visibility.PRIVATE].seed, Visibility.PRIVATE)

    path = f"/api/v4/projects/{place.project.id}"

    assert request(world, "DELETE", path, ACTORS[actor](place))[0] == status


def request(
    world: World, method: str, path: str, headers: Headers
) -> tuple[int, Mapping[str, str], bytes]:
    """Ask, with an empty form where a form is expected and an empty document elsewhere."""
    if method == "POST" and path.rstrip("/").endswith(("/pypi", "/legacy")):
        return world.client.ask(method, path, {**headers, **form_headers(None)}, b"--x--\r\n")
    if method in {"POST", "PUT"}:
        return world.client.ask(
            method, path, {**headers, "Content-Type": "application/json"}, b"{}"
        )
    return world.client.ask(method, path, headers)
