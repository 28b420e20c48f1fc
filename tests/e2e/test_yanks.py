"""What clients make of yanks and statuses, the moment they were answered (PEP 592, PEP 792)."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.e2e.conftest import with_credentials
from tests.support.clients import Environment, Finished, Person
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, ask, basic, post
from tests.support.seed import Seed, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution().named("demo")
OLD, NEW = DEMO.versioned("1.0"), DEMO.versioned("1.1")
VERSION = "import importlib.metadata as m; print(m.version('demo'))"

Install = Callable[[Environment, str, str], Finished]


def by_pip(environment: Environment, index: str, what: str) -> Finished:
    return environment.pip("install", "--no-deps", "--index-url", index, what)


def by_uv(environment: Environment, index: str, what: str) -> Finished:
    return environment.uv_pip("install", "--no-deps", "--refresh", "--index-url", index, what)


@dataclass(frozen=True, slots=True)
class Shop:
    """A project with two releases of one package, its index, and who curates it."""

    base: str
    index: str
    maintainer: str

    @property
    def reader(self) -> dict[str, str]:
        """The headers of whoever reads pages as JSON."""
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        return {**basic("__token__", self.maintainer), **accept}

    def put(self, path: str, **fields: str) -> None:
        self._ask("PUT", path, json.dumps(fields).encode())

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> None:
        headers = {**basic("__token__", self.maintainer), "Content-Type": "application/json"}
        answer = ask(method, f"{self.base}/{path}", body, headers)
        assert answer.status in {200, 204}, answer


@pytest.fixture
def shop(wheelyard: Wheelyard, seed: Seed, project: SeededProject, token: str) -> Shop:
    base = f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
    for one in (OLD, NEW):
        for built in (one.wheel(), one.sdist()):
            assert post(base, AForm.of(built), token).status == 201
    maintainer = seed.personal_token(seed.member(Role.MAINTAINER, project=project))
    return Shop(base, with_credentials(f"{base}/simple/", "__token__", token), maintainer)


@pytest.mark.parametrize("install", [by_pip, by_uv], ids=["pip", "uv"])
def test_a_yanked_release_is_passed_over_unless_it_is_pinned(
    install: Install, shop: Shop, person: Person
) -> None:
    shop.put("yank/demo/1.1", reason="it eats <files>")

    ranged, pinned = person.environment("ranged"), person.environment("pinned")
    install(ranged, shop.index, "demo").succeeded()
    said = install(pinned, shop.index, "demo==1.1").succeeded()

    assert ranged.says(VERSION) == "1.0"
    assert pinned.says(VERSION) == "1.1"
    assert "it eats <files>" in said.output


@pytest.mark.parametrize("install", [by_pip, by_uv], ids=["pip", "uv"])
def test_what_is_unyanked_is_installed_again(install: Install, shop: Shop, person: Person) -> None:
    environment = person.environment()
    shop.put("yank/demo/1.0")
    shop.put("yank/demo/1.1")
    install(environment, shop.index, "demo").failed()

    shop.delete("yank/demo/1.1")
    install(environment, shop.index, "demo").succeeded()

    assert environment.says(VERSION) == "1.1"


@pytest.mark.parametrize("install", [by_pip, by_uv], ids=["pip", "uv"])
def test_a_yanked_file_leaves_its_release_to_the_others(
    install: Install, shop: Shop, person: Person
) -> None:
    environment = person.environment()
    shop.put(f"yank/demo/1.1/{NEW.sdist().filename}", reason="no sources")

    install(environment, shop.index, "demo").succeeded()
    assert environment.says(VERSION) == "1.1"

    shop.put(f"yank/demo/1.1/{NEW.wheel().filename}")
    other = person.environment("other")
    install(other, shop.index, "demo").succeeded()
    assert other.says(VERSION) == "1.0"


@pytest.mark.parametrize("install", [by_pip, by_uv], ids=["pip", "uv"])
def test_a_release_deleted_by_name_is_gone_even_when_it_is_pinned(
    install: Install, shop: Shop, person: Person
) -> None:
    environment = person.environment()

    shop.delete("releases/demo/1.1")

    install(environment, shop.index, "demo==1.1").failed()
    install(environment, shop.index, "demo").succeeded()
    assert environment.says(VERSION) == "1.0"


@pytest.mark.parametrize("install", [by_pip, by_uv], ids=["pip", "uv"])
def test_nothing_of_a_quarantined_package_is_installed(
    install: Install, shop: Shop, person: Person
) -> None:
    environment = person.environment()
    lock = json.loads(ask("GET", f"{shop.base}/simple/demo/", None, shop.reader).body)
    shop.put("status/demo", status="quarantined", reason="malware")

    install(environment, shop.index, "demo").failed()
    install(environment, shop.index, "demo==1.1").failed()
    # A lock file has the addresses of files, and asks for no page.
    for file in lock["files"]:
        host = shop.base.partition("/api/")[0]
        assert ask("GET", host + file["url"], None, shop.reader).status == 404

    shop.put("status/demo", status="active")
    install(environment, shop.index, "demo").succeeded()


def test_twine_prints_why_an_archived_package_takes_no_file(shop: Shop, person: Person) -> None:
    late = DEMO.versioned("2.0").wheel()
    (person.home / late.filename).write_bytes(late.content)
    shop.put("status/demo", status="archived", reason="use other-demo")

    done = person.twine(
        "upload",
        "--repository-url",
        shop.base,
        person.home / late.filename,
        env={"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": shop.maintainer},
    ).failed()

    assert "demo is archived and takes no new files: use other-demo" in done.output
