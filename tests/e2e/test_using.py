"""The script of docs/USING.md by which a project moves here from GitLab."""

import re
import sysconfig
from pathlib import Path

import pytest
from tests.support.clients import Person
from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.seed import Seed, SeededProject
from tests.support.uploading import Connection
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

PAGE = Path(__file__).parents[2] / "docs" / "USING.md"


def script(old: str, new: str) -> str:
    """Return the script of the page, from one project to another, with one release a page."""
    found = re.findall(r"^```sh\n(FROM=.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    text = str(found[0])
    for there, here in (
        ("https://gitlab.example.com/api/v4/projects/acme%2Ftools", old),
        ("https://packages.example.com/acme/tools/legacy/", new),
        ("per_page=100&page", "per_page=1&page"),
    ):
        assert there in text
        text = text.replace(there, here)
    return text


def test_the_script_copies_every_file_of_a_project_and_may_run_again(
    wheelyard: Wheelyard, project: SeededProject, token: str, seed: Seed, person: Person
) -> None:
    other = seed.project()
    one = ADistribution().named("moved")
    built = [one.wheel(), one.sdist(), one.versioned("2.0").wheel()]
    with Connection(wheelyard.host, token) as client:
        for file in built:
            path = f"/api/v4/projects/{project.id}/packages/pypi"
            assert client.upload(path, AForm.of(file).body())[0] == 201
    secret = seed.developer_token(other)
    lines = script(
        f"{wheelyard.url}/api/v4/projects/{project.path.replace('/', '%2F')}",
        f"{wheelyard.url}/{other.path}/legacy/",
    )

    for _ in range(2):
        person.run(
            *("bash", "-euo", "pipefail", "-c", lines),
            env={
                "GITLAB_TOKEN": token,
                "WHEELYARD_TOKEN": secret,
                "PATH": f"{sysconfig.get_path('scripts')}:/usr/bin:/bin",
            },
        ).succeeded()

    assert not (person.home / "refused").exists()
    with Connection(wheelyard.host, secret) as client:
        page = client.get(f"/{other.path}/simple/moved/").decode()
    assert all(file.filename in page for file in built)
