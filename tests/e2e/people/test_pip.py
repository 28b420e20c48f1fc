"""What people type to install with pip, word for word from the contract."""

import hashlib
import re
from urllib.parse import quote

import pytest
from tests.e2e.conftest import with_credentials
from tests.e2e.people.conftest import GREET, Publish, upload_url, write
from tests.support.clients import Person, my_pypi_package
from tests.support.distributions import ADistribution
from tests.support.seed import Seed, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role, Scope, Visibility

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def test_pip_installs_beside_another_index(publish: Publish, person: Person) -> None:
    publish(*person.build(my_pypi_package(person.home / "src")))
    environment = person.environment()

    environment.pip(
        "install", "mypypipackage", "--no-deps", "--extra-index-url", publish.index
    ).succeeded()

    assert environment.says(GREET) == "Hello"


@pytest.mark.parametrize("spelling", ["my.package", "my-package", "my_package"])
def test_pip_installs_from_a_group_by_any_spelling(
    spelling: str,
    wheelyard: Wheelyard,
    seed: Seed,
    project: SeededProject,
    publish: Publish,
    person: Person,
) -> None:
    publish.built(ADistribution().named("my.package", "1.0").wheel())
    reader = seed.personal_token(seed.member(Role.REPORTER, group=project.group), Scope.READ_API)
    group = f"{wheelyard.url}/api/v4/groups/{project.group.path}/-/packages/pypi/simple"
    environment = person.environment()

    done = environment.pip(
        "install", "-vv", "--index-url", with_credentials(group, "__token__", reader), spelling
    ).succeeded()

    assert environment.says("import my_package; print(my_package.VERSION)") == "1.0"
    assert f"/api/v4/groups/{project.group.id}/-/packages/pypi/files/" in done.output


def test_pip_installs_from_a_nested_group_by_its_encoded_path(
    wheelyard: Wheelyard, seed: Seed, person: Person
) -> None:
    outer = seed.group()
    project = seed.project(seed.group(outer))
    deploy = seed.deploy_token(group=outer)
    dist = write(person.home / "dist", ADistribution().wheel())
    publish = Publish(wheelyard, project, deploy, person)
    publish(*dist)
    encoded = quote(project.group.path, safe="")
    group = f"{wheelyard.url}/api/v4/groups/{encoded}/-/packages/pypi/simple"
    environment = person.environment()

    environment.pip(
        "install", "--index-url", with_credentials(group, "deployer", deploy), "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_requires_hashes_and_finds_them_true(publish: Publish, person: Person) -> None:
    wheel = ADistribution().wheel()
    publish.built(wheel)
    requirements = person.home / "requirements.txt"
    requirements.write_text(f"demo==1.0 --hash=sha256:{wheel.sha256}\n")
    environment = person.environment()

    environment.pip(
        "install", "--index-url", publish.index, "--require-hashes", "-r", requirements
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_resolves_what_a_package_requires_and_which_python(
    publish: Publish, person: Person
) -> None:
    publish.built(
        ADistribution().named("app", "1.0").requiring("library>=2").wheel(),
        ADistribution().named("library", "1.9").wheel(),
        ADistribution().named("library", "2.1").wheel(),
        ADistribution().named("library", "3.0").requiring_python(">=4").wheel(),
    )
    environment = person.environment()

    environment.pip("install", "--index-url", publish.index, "app").succeeded()

    assert environment.says("import library; print(library.VERSION)") == "2.1"


def test_pip_downloads_exactly_the_bytes_published(publish: Publish, person: Person) -> None:
    wheel, sdist = ADistribution().wheel(), ADistribution().sdist()
    publish.built(wheel, sdist)
    folder = person.home / "downloads"

    for only in ("--only-binary=:all:", "--no-binary=:all:"):
        person.pip(
            "download", "--index-url", publish.index, "--no-deps", only, "-d", folder, "demo"
        ).succeeded()

    assert {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()
    } == {
        wheel.filename: wheel.sha256,
        sdist.filename: sdist.sha256,
    }


def test_pip_tells_the_download_address(publish: Publish, person: Person) -> None:
    wheel = ADistribution().wheel()
    publish.built(wheel)

    told = person.environment().pip(
        "install", "-vv", "--index-url", publish.index, "--no-deps", "demo"
    )

    address = rf"/packages/pypi/files/{wheel.sha256}/{re.escape(wheel.filename)}(?=[\s#(]|$)"
    assert re.search(address, told.succeeded().output, re.MULTILINE)


def test_pip_takes_its_credentials_from_netrc(
    wheelyard: Wheelyard, publish: Publish, project: SeededProject, token: str, person: Person
) -> None:
    publish.built(ADistribution().wheel())
    netrc = person.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1\nlogin __token__\npassword {token}\n")
    netrc.chmod(0o600)
    environment = person.environment()

    environment.pip(
        "install", "--index-url", f"{upload_url(wheelyard, project)}/simple", "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"


def test_pip_finds_nothing_without_a_token(
    wheelyard: Wheelyard, publish: Publish, project: SeededProject, person: Person
) -> None:
    publish.built(ADistribution().wheel())

    refused = person.environment().pip(
        "install", "--index-url", f"{upload_url(wheelyard, project)}/simple", "demo"
    )

    assert "No matching distribution" in refused.failed().output


def test_pip_installs_from_a_public_project_without_a_token(
    wheelyard: Wheelyard, seed: Seed, person: Person
) -> None:
    project = seed.project(visibility=Visibility.PUBLIC)
    publish = Publish(wheelyard, project, seed.developer_token(project), person)
    publish.built(ADistribution().wheel())
    environment = person.environment()

    environment.pip(
        "install", "--index-url", f"{wheelyard.url}/{project.path}/simple", "demo"
    ).succeeded()

    assert environment.says("import demo; print(demo.VERSION)") == "1.0"
