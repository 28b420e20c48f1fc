"""What a group's addresses show, and to whom: never more than the projects' own would."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from tests.support.actors import Headers, job, token
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, Answer, ask, post
from tests.support.ladder import Route
from tests.support.seed import Seed, SeededGroup, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role, Scope, Visibility
from wheelyard_core.domain.tokens import TokenKind, new_secret

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

GROUP = "/api/v4/groups/{group}"
ROOT = Route("GET", f"{GROUP}/-/packages/pypi/simple/", 200)
PAGE = Route("GET", f"{GROUP}/-/packages/pypi/simple/{{name}}/", 200)
FILE = Route("GET", f"{GROUP}/-/packages/pypi/files/{{sha256}}/{{filename}}", 200)
PROVENANCE = Route(
    "GET", f"{GROUP}/-/packages/pypi/integrity/{{name}}/1.0/{{filename}}/provenance", 404
)
RELEASES = Route("GET", f"{GROUP}/packages", 200)
ROUTES = (ROOT, PAGE, FILE, PROVENANCE, RELEASES)

PRIVATE, INTERNAL, PUBLIC = Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC


@pytest.fixture(scope="module")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    return embedded


@dataclass(frozen=True)
class Yard:
    """A group of a private, an internal and a public project, and one of public projects.

    Each project has one package, named for its visibility; the private project is in a subgroup.
    """

    url: str
    seed: Seed
    mixed: SeededGroup
    open: SeededGroup
    projects: Mapping[Visibility, SeededProject]
    elsewhere: SeededProject

    def ask(self, group: str, what: str, headers: Headers, method: str = "GET") -> Answer:
        address = f"{self.url}/api/v4/groups/{group}/-/packages/pypi/{what}"
        return ask(method, address, headers={"Accept": _JSON, **headers})

    def get(self, route: Route, headers: Headers, **facts: str) -> Answer:
        """Ask a route of the mixed group."""
        address = self.url + route.path.format(group=self.mixed.id, **facts)
        return ask(route.method, address, headers={"Accept": _JSON, **headers})

    def person(self, role: Role, where: Visibility) -> Headers:
        user = self.seed.member(role, project=self.projects[where])
        return token(self.seed.personal_token(user))


_JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture(scope="module")
def yard(wheelyard: Wheelyard) -> Iterator[Yard]:
    with Backstage(wheelyard) as behind:
        seed = behind.seed
        mixed, open_ = seed.group(visibility=PUBLIC), seed.group(visibility=PUBLIC)
        projects = {
            PRIVATE: seed.project(seed.group(mixed)),
            INTERNAL: seed.project(mixed, INTERNAL),
            PUBLIC: seed.project(mixed, PUBLIC),
        }
        everybodys = seed.project(seed.group(open_, PUBLIC), PUBLIC)
        for project, name in [*((projects[v], v.value) for v in projects), (everybodys, "public")]:
            url = f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
            wheel = ADistribution().named(f"{name}-package").wheel()
            assert post(url, AForm.of(wheel), seed.developer_token(project)).status == 201
        yard = Yard(wheelyard.url, seed, mixed, open_, projects, seed.project())
        behind.until(lambda: bool(yard.ask(open_.path, "simple/", {}).json["projects"]), "listed")
        yield yard


# Who, and which packages the mixed group shows them; None: 401 for everything.
SEES: dict[str, tuple[Callable[[Yard], Headers], set[str] | None]] = {
    "anonymous": (lambda _: {}, None),
    "unknown token": (lambda _: token(new_secret(TokenKind.PERSONAL)), None),
    "revoked": (
        lambda y: token(y.seed.revoked(y.seed.personal_token(y.seed.user(admin=True)))),
        None,
    ),
    "job name unknown token": (lambda _: job(new_secret(TokenKind.JOB)), None),
    "stranger": (lambda y: token(y.seed.personal_token(y.seed.user())), {"internal", "public"}),
    "stranger read_api": (
        lambda y: token(y.seed.personal_token(y.seed.user(), Scope.READ_API)),
        {"internal", "public"},
    ),
    "guest of the private project": (
        lambda y: y.person(Role.GUEST, PRIVATE),
        {"internal", "public"},
    ),
    "reporter of the private project": (
        lambda y: y.person(Role.REPORTER, PRIVATE),
        {"private", "internal", "public"},
    ),
    "reporter of the group": (
        lambda y: token(y.seed.personal_token(y.seed.member(Role.REPORTER, group=y.mixed))),
        {"private", "internal", "public"},
    ),
    "admin": (
        lambda y: token(y.seed.personal_token(y.seed.user(admin=True))),
        {"private", "internal", "public"},
    ),
    "bot of the private project": (
        lambda y: token(y.seed.project_token(y.projects[PRIVATE], Role.REPORTER)),
        {"private", "public"},
    ),
    "bot of elsewhere": (
        lambda y: token(y.seed.project_token(y.elsewhere, Role.MAINTAINER)),
        {"public"},
    ),
    "deploy token of the group": (
        lambda y: token(y.seed.deploy_token(Scope.READ_REGISTRY, group=y.mixed)),
        {"private", "internal", "public"},
    ),
    "deploy token of the subgroup": (
        lambda y: token(y.seed.deploy_token(group=y.projects[PRIVATE].group)),
        {"private", "public"},
    ),
    "deploy token of the internal project": (
        lambda y: token(y.seed.deploy_token(project=y.projects[INTERNAL])),
        {"internal", "public"},
    ),
    "deploy token that writes only": (
        lambda y: token(y.seed.deploy_token(Scope.WRITE_REGISTRY, group=y.mixed)),
        {"public"},
    ),
    "deploy token of elsewhere": (
        lambda y: token(y.seed.deploy_token(project=y.elsewhere)),
        {"public"},
    ),
    "job of the private project": (
        lambda y: job(y.seed.job_token(y.projects[PRIVATE])),
        {"private", "public"},
    ),
    "job of elsewhere": (lambda y: job(y.seed.job_token(y.elsewhere)), {"public"}),
}


@pytest.mark.parametrize("actor", SEES)
def test_a_group_shows_what_one_may_read(actor: str, yard: Yard) -> None:
    make, seen = SEES[actor]
    headers = make(yard)
    names = ("private", "internal", "public", "unknown")

    root, releases = yard.get(ROOT, headers), yard.get(RELEASES, headers)
    pages = {name: yard.get(PAGE, headers, name=f"{name}-package") for name in names}

    for route, answer in ((ROOT, root), (RELEASES, releases)):
        assert yard.get(replace(route, method="HEAD"), headers).status == answer.status
    if seen is None:
        assert {answer.status for answer in (root, releases, *pages.values())} == {401}
        assert root.headers["www-authenticate"] == 'Basic realm="Wheelyard"'
        return
    assert shown(root) == {f"{name}-package" for name in seen}
    assert {release["name"] for release in json.loads(releases.body)} == shown(root)
    assert {name for name, page in pages.items() if page.status == 200} == seen
    assert {page.status for name, page in pages.items() if name not in seen} == {404}


@pytest.mark.parametrize("actor", SEES)
def test_a_group_gives_the_files_that_it_shows(actor: str, yard: Yard) -> None:
    make, seen = SEES[actor]
    headers = make(yard)

    for visibility in yard.projects:
        wheel = ADistribution().named(f"{visibility.value}-package").wheel()
        for what in (wheel.filename, f"{wheel.filename}.metadata"):
            answer = yard.get(FILE, headers, sha256=wheel.sha256, filename=what)
            head = yard.get(
                replace(FILE, method="HEAD"), headers, sha256=wheel.sha256, filename=what
            )

            allowed = seen is not None and visibility.value in seen
            assert answer.status == (200 if allowed else 401 if seen is None else 404)
            provenance = yard.get(PROVENANCE, headers, name=wheel.name, filename=wheel.filename)
            assert provenance.status == (401 if seen is None else 404)
            assert head.status == answer.status
            assert allowed or wheel.content not in answer.body


def test_a_group_of_public_projects_is_open_to_anybody(yard: Yard) -> None:
    root = yard.ask(yard.open.path, "simple", {})
    page = yard.ask(yard.open.path, "simple/public-package", {})

    assert (root.status, page.status) == (200, 200)
    assert shown(root) == {"public-package"}
    assert yard.ask(yard.open.path, "simple/unknown-package/", {}).status == 404


def test_the_name_of_a_job_token_is_taken_at_its_word_even_there(yard: Yard) -> None:
    secrets = [new_secret(TokenKind.JOB), yard.seed.personal_token(yard.seed.user(admin=True))]

    statuses = {yard.ask(yard.open.path, "simple/", job(secret)).status for secret in secrets}

    assert statuses == {401}


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 401), ("unknown token", 401), ("stranger", 404)]
)
@pytest.mark.parametrize("group", ["no-such-group", "987654321", "demo-publisher", "demo%2Ffirst"])
def test_what_is_no_group_is_an_unknown_group(
    group: str, who: str, status: int, yard: Yard
) -> None:
    headers = SEES[who][0](yard)

    wheel = "demo-1.0-py3-none-any.whl"
    served = (f"files/{'0' * 64}/{wheel}", f"integrity/demo/1.0/{wheel}/provenance")
    for what in ("simple/", "simple/demo/", *served):
        assert yard.ask(group, what, headers).status == status


def test_a_hidden_group_is_like_one_that_does_not_exist(yard: Yard) -> None:
    hidden = yard.projects[PRIVATE].group.path.replace("/", "%2F")
    stranger = SEES["stranger"][0](yard)

    answers = [yard.ask(group, "simple/", stranger) for group in (hidden, "no-such-group")]

    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body


def test_a_group_redirects_nobody_who_may_not_read(yard: Yard) -> None:
    answers = [yard.ask(yard.mixed.path, "simple/Public.Package", {})]
    answers += [yard.ask("no-such-group", "simple/Public.Package", {})]

    assert [answer.status for answer in answers] == [401, 401]


def test_a_groups_number_is_as_good_as_its_path(yard: Yard) -> None:
    reporter = token(yard.seed.personal_token(yard.seed.member(Role.REPORTER, group=yard.mixed)))

    by_number = yard.ask(str(yard.mixed.id), "simple/", reporter)

    assert shown(by_number) == {"private-package", "internal-package", "public-package"}


def shown(root: Answer) -> set[str]:
    projects = root.json["projects"]
    assert isinstance(projects, list)
    return {project["name"] for project in projects}
