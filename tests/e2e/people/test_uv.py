"""What people type to publish and install with uv, word for word from the contract."""

import pytest
from tests.e2e.people.conftest import GREET, Publish, index_url, upload_url, write
from tests.support.clients import Person, my_pypi_package
from tests.support.distributions import ADistribution
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def test_uv_publishes_and_installs(
    wheelyard: Wheelyard, project: SeededProject, token: str, person: Person
) -> None:
    files = person.build(my_pypi_package(person.home / "src"))
    environment = person.environment()

    person.uv(
        "publish", "--publish-url", upload_url(wheelyard, project), "--token", token, *files
    ).succeeded()
    index = index_url(wheelyard, project, token)
    environment.uv_pip("install", "--index-url", index, "mypypipackage").succeeded()

    assert environment.says(GREET) == "Hello"


def test_uv_skips_what_its_check_url_has(publish: Publish, token: str, person: Person) -> None:
    wheel, sdist = ADistribution().wheel(), ADistribution().sdist()
    publish.built(wheel)
    files = write(person.home / "dist", wheel, sdist)

    told = person.uv(
        "publish",
        "--publish-url",
        publish.url,
        "--check-url",
        # uv does not use the credentials for publishing here.
        publish.index,
        *files,
        env={"UV_PUBLISH_USERNAME": "__token__", "UV_PUBLISH_PASSWORD": token},
    ).succeeded()

    assert f"{wheel.filename} already exists, skipping" in told.output
    assert publish.listed("demo") == {wheel.filename, sdist.filename}


def test_uv_prints_why_a_file_is_refused(publish: Publish, token: str, person: Person) -> None:
    publish.built(ADistribution().wheel())
    other = write(person.home / "other", ADistribution().with_payload(b"x = 1\n").wheel())

    refused = person.uv("publish", "--publish-url", publish.url, "--token", token, *other)

    assert "has already been taken" in refused.failed().output
