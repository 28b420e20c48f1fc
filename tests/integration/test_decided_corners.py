"""Corners that were decided once and that nothing else would hold: a test each."""

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard, small
from tests.support.seed import SeededProject, unique
from tests.support.servers.finding import Source

pytestmark = pytest.mark.integration

JSON = "application/vnd.pypi.simple.v1+json"
DEMO = ADistribution()


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory, redis_source: Source) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("corners")
    with small(folder, redis_source) as started:
        yield started


def read(yard: Yard, path: str, secret: str) -> dict[str, Any]:
    answer = yard.client.get(path, headers={"PRIVATE-TOKEN": secret, "Accept": JSON})
    assert answer.status_code == 200, answer.text
    found = json.loads(answer.data)
    assert isinstance(found, dict)
    return found


def test_a_release_takes_several_sdists_under_names_that_differ(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    named = DEMO.named("foo.bar")
    files = [
        named.sdist().renamed("foo_bar-1.0.tar.gz"),
        named.sdist().renamed("foo.bar-1.0.tar.gz"),
        named.with_top_folder("foo_bar-1.0.0").sdist().renamed("foo_bar-1.0.0.tar.gz"),
    ]

    yard.must_publish(project.id, developer, *files)

    page = yard.page(project.id, "foo-bar", developer).get_json(force=True)
    assert sorted(file["filename"] for file in page["files"]) == sorted(f.filename for f in files)
    assert page["versions"] == ["1.0"]


def test_the_root_has_names_as_first_published_in_the_order_of_normalized_ones(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    for name in ("Zope.Interface", "apple", "Beta_2", "beta-1", "zope-interface"):
        version = "2.0" if name.islower() else "1.0"
        yard.must_publish(project.id, developer, DEMO.named(name, version).wheel())

    root = read(yard, f"/api/v4/projects/{project.id}/packages/pypi/simple/", developer)

    names = [listed["name"] for listed in root["projects"]]
    assert names == ["apple", "beta-1", "Beta_2", "Zope.Interface"]


def test_a_group_shows_what_was_published_below_it_within_two_seconds(
    yard: Yard, project: SeededProject
) -> None:
    secret = yard.seed.personal_token(yard.seed.user(admin=True))
    index = f"/api/v4/groups/{project.group.id}/-/packages/pypi/simple"

    for version in ("1.0", "2.0", "3.0"):
        wheel = DEMO.versioned(version).wheel()
        # It remembers what was there before.
        read(yard, index, secret)
        yard.must_publish(project.id, secret, wheel)
        answered = asked = time.monotonic()
        while not shows(yard, index, wheel.filename, secret):
            # Whoever asks later must be told, however long that takes on a busy machine.
            assert asked - answered < 2
            time.sleep(0.05)
            asked = time.monotonic()


def shows(yard: Yard, index: str, filename: str, secret: str) -> bool:
    if {"name": "demo"} not in read(yard, index, secret)["projects"]:
        return False
    files = read(yard, f"{index}/demo/", secret)["files"]
    return filename in {file["filename"] for file in files}


def test_a_metadata_file_decodes_to_metadata_whatever_its_coding(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    wheel = DEMO.described("A text that compresses. " * 200).wheel()
    yard.must_publish(project.id, developer, wheel)
    (file,) = yard.listing(project.id, "demo", developer)

    for coding in ("gzip", "identity", "gzip, deflate, br", ""):
        answer = yard.client.get(
            f"{file['url']}.metadata",
            headers={"PRIVATE-TOKEN": developer, "Accept-Encoding": coding},
        )
        is_packed = answer.headers.get("Content-Encoding") == "gzip"
        assert not (is_packed and "gzip" not in coding)
        content = gzip.decompress(answer.data) if is_packed else answer.data
        assert content == DEMO.described("A text that compresses. " * 200).core_metadata()


def test_what_a_public_index_refuses_is_taken_and_shown_as_written(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    wheel = (
        DEMO.with_field("License", "Ours; see the contract")
        .with_field("License-Expression", "LicenseRef-Ours")
        .with_field("Classifier", "Private :: Do Not Upload")
        .requiring("other @ https://yard.example/other-1.0-py3-none-any.whl")
    )

    yard.must_publish(project.id, developer, wheel.wheel())

    (file,) = yard.listing(project.id, "demo", developer)
    answer = yard.ask("GET", f"{file['url']}.metadata", developer)
    assert answer.data == wheel.core_metadata()


@pytest.mark.parametrize(
    "fields", [{}, {"password": "correct horse"}, {"force_random_password": True}]
)
def test_an_account_needs_no_password_and_may_be_given_one(
    yard: Yard, fields: dict[str, object]
) -> None:
    admin, name = yard.seed.personal_token(yard.seed.user(admin=True)), unique("person")
    about = {"username": name, "name": "A Person", "email": f"{name}@a.test"}

    made = yard.ask("POST", "/api/v4/users", admin, json=about | fields)

    assert made.status_code == 201, made.text
    assert "correct horse" not in made.text
