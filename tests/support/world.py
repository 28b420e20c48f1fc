"""A running registry with a place of each visibility, where ladders are asked."""

import http.client
import json
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from tests.support.actors import ACTORS, Headers, Place, token
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, form_headers
from tests.support.ladder import ACTOR, INTERNAL, PLACE, PRIVATE, VISIBILITIES, Ladder, Route
from tests.support.seed import Seed, SeededProject, unique
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import RegistryAccess, Role, Visibility
from wheelyard_core.domain.catalogue import Publisher, Upload, UploadStatus

REALM: Final = 'Basic realm="Wheelyard"'
# What outsiders may not know of, beside the private place: where its registry may be read by
# anybody they know of it.
HIDDEN: Final = tuple(
    (visibility, level)
    for visibility in (PRIVATE, INTERNAL)
    for level in RegistryAccess
    if level is not RegistryAccess.PUBLIC
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


class Spot(dict[str, object]):
    """A place of some visibility, and what addresses have of it, made when it is first needed."""

    def __init__(self, world: "World", visibility: Visibility) -> None:
        seed = world.seed
        outer = seed.group(visibility=visibility)
        project = seed.project(seed.group(outer, visibility), visibility)
        self.world, self.visibility = world, visibility
        self.place = Place(seed, outer, project, seed.project())
        self.actors: dict[str, Headers] = {}
        super().__init__(facts_of(project))

    def __missing__(self, word: str) -> object:
        self.update(FACTS[word](self))
        return self[word]

    def headers(self, actor: str) -> Headers:
        """Return what an actor says who asks about this place."""
        if actor not in self.actors:
            self.actors[actor] = ACTORS[actor](self.place)
        return self.actors[actor]

    def forget(self, used_up: str, actor: str) -> None:
        """Have the next who asks get another of what *actor* has used up."""
        if used_up == PLACE:
            del self.world.spots[self.visibility]
        elif used_up == ACTOR:
            del self.actors[actor]
        else:
            del self[used_up]

    def unknown(self) -> Mapping[str, object]:
        """Return what addresses have of a place that does not exist."""
        nowhere = {"id": 987_654_321, "path": "no/such"}
        return ChainMap(nowhere | {"group": 987_654_321, "group_path": "no"}, self)


def facts_of(project: SeededProject) -> dict[str, object]:
    """Return what addresses have of a project and its group."""
    group = project.group
    return {"id": project.id, "path": project.path, "group": group.id, "group_path": group.path}


@dataclass
class World:
    """A running registry with a place of each visibility, asked over one connection."""

    behind: Backstage
    connection: http.client.HTTPConnection
    admin: Headers
    spots: dict[Visibility, Spot]

    @property
    def seed(self) -> Seed:
        return self.behind.seed

    def spot(self, visibility: Visibility) -> Spot:
        if visibility not in self.spots:
            self.spots[visibility] = Spot(self, visibility)
        return self.spots[visibility]

    def ask(self, route: Route, facts: Mapping[str, object], headers: Headers) -> Reply:
        body = route.body
        if isinstance(body, bytes):
            headers = {**headers, **form_headers(None)}
        elif body is not None:
            filled = {name: value.format_map(facts) for name, value in body.items()}
            headers, body = {**headers, "Content-Type": "application/json"}, json_of(filled)
        return self.send(route.method, route.path.format_map(facts), headers, body)

    def send(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> Reply:
        self.connection.request(method, path, body, {**headers})
        response = self.connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())

    def publish(self, spot: Spot, built: Built, headers: Headers) -> None:
        path = f"/api/v4/projects/{spot['id']}/packages/pypi"
        form = {**form_headers(None), **headers}
        reply = self.send("POST", path, form, AForm.of(built).body())
        assert reply.status == 201, reply.body

    def made(self, path: str, **fields: object) -> Mapping[str, object]:
        """Have the administrator make something; return it."""
        headers = {**self.admin, "Content-Type": "application/json"}
        reply = self.send("POST", f"/api/v4{path}", headers, json_of(fields))
        assert reply.status == 201, reply.body
        made = reply.json
        assert isinstance(made, dict)
        return made

    def listed(self, path: str, headers: Headers) -> list[dict[str, object]]:
        reply = self.send("GET", f"/api/v4{path}", headers)
        assert reply.status == 200, reply.body
        listed = reply.json
        assert isinstance(listed, list)
        return listed

    def disagreements(self, ladder: Ladder, actor: str) -> Iterator[str]:
        """Ask every route of the ladder as this actor; tell which answered otherwise."""
        for visibility in VISIBILITIES:
            for route, expected in ladder.expected(actor, visibility):
                spot = self.spot(visibility)
                reply = self.ask(route, spot, spot.headers(actor))
                what = f"{visibility} {route.method} {route.path}"
                if reply.status != expected:
                    yield f"{what}: {reply.status}, not {expected}: {reply.body[:200]!r}"
                challenge = reply.headers.get("WWW-Authenticate")
                if (challenge == REALM) != (reply.status == 401):
                    yield f"{what}: {challenge} with {reply.status}"
                if route.uses_up and reply.status == route.success:
                    spot.forget(route.uses_up, actor)

    def betrayals(self, ladder: Ladder, actor: str) -> Iterator[str]:
        """Ask as somebody who may not know what is hidden; tell which answers betray it."""
        spot = self.spot(PRIVATE)
        headers, hidden_places = spot.headers(actor), self.hidden_from(actor)
        for route, expected in ladder.expected(actor, PRIVATE):
            nowhere = self.ask(route, spot.unknown(), headers)
            for kind, place in hidden_places.items():
                hidden = self.ask(route, place, headers)
                alike = (hidden.status, hidden.body) == (nowhere.status, nowhere.body)
                if expected not in {401, 403, 404} or not alike:
                    yield f"{kind} {route.method} {route.path}: {hidden} is not {nowhere}"

    def hidden_from(self, actor: str) -> Mapping[str, Mapping[str, object]]:
        """Return what addresses have of a project of every kind that an outsider may not know."""
        spot = self.spot(PRIVATE)
        places: dict[str, Mapping[str, object]] = {"private": spot}
        for visibility, level in HIDDEN:
            # Persons see what is internal.
            if visibility is PRIVATE or actor != "stranger":
                kind = self.seed.project(visibility=visibility, access=level)
                places[f"{visibility} {level}"] = ChainMap(facts_of(kind), spot)
        return places


@contextmanager
def a_world(wheelyard: Wheelyard) -> Iterator[World]:
    with Backstage(wheelyard) as behind:
        connection = http.client.HTTPConnection(wheelyard.host, timeout=20)
        try:
            yield World(behind, connection, token(wheelyard.admin_token), {})
        finally:
            connection.close()


def json_of(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields).encode()


def _release(spot: Spot) -> dict[str, object]:
    """Publish demo 1.0."""
    wheel, world = ADistribution().wheel(), spot.world
    world.publish(spot, wheel, world.admin)
    (package,) = world.listed(f"/projects/{spot['id']}/packages", world.admin)
    files = f"/projects/{spot['id']}/packages/{package['id']}/package_files"
    (file,) = world.listed(files, world.admin)
    return {
        "name": wheel.name,
        "package": package["id"],
        "file": file["id"],
        "sha256": wheel.sha256,
        "filename": wheel.filename,
    }


def _upload(spot: Spot) -> dict[str, object]:
    """Have somebody's upload, which was refused."""
    upload_id, now = str(uuid4()), datetime.now(UTC)
    publisher = Publisher(user_id=None, token_id=None, name="somebody")
    upload = Upload(
        upload_id, spot.place.project.id, "x-1.0-py3-none-any.whl", "x", UploadStatus.REJECTED,
        publisher, now, now,
    )  # fmt: skip
    with spot.world.behind.registry.database.begin() as uow:
        uow.uploads.add(upload)
        uow.commit()
    return {"upload": upload_id}


def _of_project(word: str, what: str, *scopes: str) -> Callable[[Spot], dict[str, object]]:
    return lambda spot: {
        word: spot.world.made(f"/projects/{spot['id']}/{what}", name="x", scopes=scopes)["id"]
    }


def _event(word: str, place: str, done: str) -> Callable[[Spot], dict[str, object]]:
    """Have what was done in a place, by making the fact *done* there."""

    def latest(spot: Spot) -> dict[str, object]:
        assert spot[done], "whose making is an event"
        events = spot.world.listed(f"{place}/audit_events".format_map(spot), spot.world.admin)
        return {word: events[0]["id"]}

    return latest


# What the {words} of routes stand for.
FACTS: Final[Mapping[str, Callable[[Spot], Mapping[str, object]]]] = {
    "new": lambda _: {"new": unique("new")},
    "package": _release,
    "name": _release,
    "sha256": _release,
    "filename": _release,
    "upload": _upload,
    "user": lambda spot: {"user": spot.place.seed.user()},
    "member": lambda spot: {"member": spot.place.user(Role.GUEST)},
    "group_member": lambda spot: {
        "group_member": spot.place.seed.member(Role.GUEST, group=spot.place.project.group)
    },
    "personal_token": lambda spot: {
        "personal_token": spot.world.made(
            f"/users/{spot['user']}/personal_access_tokens", name="x", scopes=["api"]
        )["id"]
    },
    "access_token": _of_project("access_token", "access_tokens", "api"),
    "deploy_token": _of_project("deploy_token", "deploy_tokens", "read_package_registry"),
    "group_token": lambda spot: {
        "group_token": spot.world.made(
            f"/groups/{spot['group']}/deploy_tokens", name="x", scopes=["read_package_registry"]
        )["id"]
    },
    "event": _event("event", "/projects/{id}", "deploy_token"),
    "group_event": _event("group_event", "/groups/{group}", "group_token"),
}
