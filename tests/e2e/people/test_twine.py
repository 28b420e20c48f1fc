"""What people type to publish with twine, word for word from the contract."""

import json
import re
from urllib.parse import quote

import pytest
from tests.e2e.conftest import with_credentials
from tests.e2e.people.conftest import (
    GREET,
    Publish,
    as_token,
    listed,
    upload_url,
    write,
)
from tests.support.clients import Person, my_pypi_package
from tests.support.distributions import ADistribution
from tests.support.forms import ask
from tests.support.seed import Seed, SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@pytest.mark.parametrize("spelling", ["number", "path"])
def test_twine_publishes_what_setuptools_built_and_pip_installs_it(
    spelling: str, wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    reference = str(project.id) if spelling == "number" else quote(project.path, safe="")
    address = f"{wheelyard.url}/api/v4/projects/{reference}/packages/pypi"
    (person.home / ".pypirc").write_text(
        f"[distutils]\nindex-servers = yard\n\n[yard]\nrepository = {address}\n"
        f"username = __token__\npassword = {token}\n"
    )
    files = person.build(my_pypi_package(person.home / "src"))

    person.twine("upload", "--repository", "yard", *files).succeeded()

    environment = person.environment()
    index = with_credentials(f"{address}/simple", "__token__", token)
    environment.pip("install", "--index-url", index, "--no-deps", "mypypipackage").succeeded()
    assert [file.name for file in files] == [
        "mypypipackage-0.0.1.tar.gz",
        "mypypipackage-0.0.1-py3-none-any.whl",
    ]
    assert environment.says(GREET) == "Hello"


def test_twine_publishes_with_a_deploy_token(
    publish: Publish, seed: Seed, project: SeededProject, person: Person
) -> None:
    name = "wheelyard-deploy-token-1"
    secret = seed.deploy_token(project=project, username=name)
    files = person.build(my_pypi_package(person.home / "src"))

    publish.attempt(*files, code=0, TWINE_USERNAME=name, TWINE_PASSWORD=secret)

    assert publish.listed("mypypipackage") == {file.name for file in files}


def test_twine_publishes_under_a_name_that_it_does_not_write_in_utf_8(
    publish: Publish, token: str, person: Person
) -> None:
    files = write(person.home / "dist", ADistribution().named("demo", "1.0").wheel())

    publish.attempt(*files, code=0, TWINE_USERNAME="josé", TWINE_PASSWORD=token)

    assert publish.listed("demo") == {file.name for file in files}


def test_twine_publishes_from_a_pipeline_with_a_job_token(
    publish: Publish, seed: Seed, project: SeededProject, person: Person
) -> None:
    secret = seed.job_token(project)
    files = person.build(my_pypi_package(person.home / "src"))

    publish.attempt(*files, code=0, TWINE_USERNAME="gitlab-ci-token", TWINE_PASSWORD=secret)

    assert publish.listed("mypypipackage") == {file.name for file in files}


def test_a_job_token_under_another_name_is_refused_in_words(
    publish: Publish, seed: Seed, project: SeededProject, person: Person
) -> None:
    files = write(person.home / "dist", ADistribution().wheel())

    told = publish.attempt(*files, code=1, **as_token(seed.job_token(project)))

    assert "gitlab-ci-token" in told


def test_twine_publishes_to_the_short_address(
    wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    files = write(person.home / "dist", ADistribution().wheel())

    person.twine(
        "upload",
        "--repository-url",
        f"{wheelyard.url}/{project.path}/legacy/",
        *files,
        env=as_token(token),
    ).succeeded()

    assert listed(upload_url(wheelyard, project), token, "demo") == {files[0].name}


def test_other_bytes_of_a_version_that_exists_are_refused_in_words(
    publish: Publish, person: Person
) -> None:
    publish(*person.build(my_pypi_package(person.home / "first")))
    again = person.build(my_pypi_package(person.home / "second", greeting="Hi"))

    told = publish.attempt(*again, code=1)

    assert "400" in told
    assert re.search(r"File already exists: mypypipackage-0\.0\.1\S+ has already been taken", told)


def test_the_same_files_again_are_a_success(publish: Publish, person: Person) -> None:
    files = person.build(my_pypi_package(person.home / "src"))
    publish(*files)

    publish(*files)

    assert publish.listed("mypypipackage") == {file.name for file in files}


def test_another_file_joins_a_version_that_exists(publish: Publish, person: Person) -> None:
    sdist, wheel = person.build(my_pypi_package(person.home / "src"))
    publish(sdist)

    publish(wheel)

    assert publish.listed("mypypipackage") == {sdist.name, wheel.name}


def test_twine_prints_what_is_wrong_inside_a_file(publish: Publish, person: Person) -> None:
    files = write(person.home / "dist", ADistribution().with_member("../evil.py").wheel())

    told = publish.attempt(*files, code=1)

    assert "400" in told
    assert "'../evil.py' contains '..'" in told


def test_a_rebuilt_file_is_accepted_after_its_package_was_deleted(
    wheelyard: Wheelyard, project: SeededProject, publish: Publish, person: Person
) -> None:
    publish(*person.build(my_pypi_package(person.home / "first")))
    packages = f"{wheelyard.url}/api/v4/projects/{project.id}/packages"
    admin = {"PRIVATE-TOKEN": wheelyard.admin_token}
    (package,) = json.loads(ask("GET", packages, headers=admin).body)
    assert ask("DELETE", f"{packages}/{package['id']}", headers=admin).status == 204
    rebuilt = person.build(my_pypi_package(person.home / "second", greeting="Hi"))

    publish(*rebuilt)

    environment = person.environment()
    environment.pip("install", "--index-url", publish.index, "mypypipackage").succeeded()
    assert environment.says(GREET) == "Hi"
