"""A new pepper takes the old one's place: nobody is signed out, and no token is lost."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from tests.integration.people.visiting import Visitor
from tests.support.in_process import Yard, counted, in_process
from tests.support.seed import SeededProject

from wheelyard_api.admin.__main__ import main
from wheelyard_core.adapters.db.models import Token

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]

_OLD, _NEW = "1" * 64, "2" * 64
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class PepperFile:
    """The mounted file, as an orchestrator writes it."""

    path: Path

    def write(self, *peppers: str, age: int = _HOUR) -> None:
        """Put another file in its place, which is *age* seconds old."""
        new = self.path.with_suffix(".new")
        new.write_text("\n".join(peppers) + "\n")
        written = time.time() - age
        os.utime(new, (written, written))
        new.replace(self.path)


@pytest.fixture
def peppers(tmp_path: Path) -> PepperFile:
    file = PepperFile(tmp_path / "token-pepper")
    file.write(_OLD)
    return file


@pytest.fixture
def settings(peppers: PepperFile) -> dict[str, str]:
    return {"WHEELYARD_TOKEN_PEPPER_FILE": str(peppers.path)}


def status(yard: Yard, project: SeededProject, secret: str) -> int:
    return yard.ask("GET", f"/api/v4/projects/{project.id}", secret).status_code


def asked(settings: dict[str, str], yard: Yard) -> str:
    """Return what `wheelyard-admin peppers` prints."""
    url = yard.registry.settings.database.url
    environment = {
        "WHEELYARD_DATABASE_URL": url.replace("postgresql+psycopg", "postgresql"),
        "WHEELYARD_BLOBS_DIRECTORY": "/nowhere",
        "WHEELYARD_BROKER_URL": yard.registry.settings.broker.url,
        "WHEELYARD_CACHE_URL": yard.registry.settings.cache.url,
    }
    done = CliRunner().invoke(main, ["peppers"], env=environment | settings)
    assert done.exit_code == 0, done.output
    assert _OLD not in done.output
    assert _NEW not in done.output
    return done.stdout


def test_nobody_is_signed_out_and_no_token_is_lost(
    yard: Yard, peppers: PepperFile, project: SeededProject, developer: str
) -> None:
    early = Visitor.of(yard)
    early.sign_in(developer)

    peppers.write(_NEW, _OLD)

    assert status(yard, project, developer) == 200
    early.look(f"/{project.path}")
    late = Visitor.of(yard)
    late.sign_in(developer)
    young = yard.seed.developer_token(project)

    peppers.write(_NEW)

    assert [status(yard, project, secret) for secret in (developer, young)] == [200, 200]
    late.look(f"/{project.path}")
    # The only thing that ends, and it would have ended by itself within twelve hours.
    early.look(f"/{project.path}", 401)


def test_a_token_that_is_not_used_meanwhile_ends_with_its_pepper(
    yard: Yard, peppers: PepperFile, project: SeededProject, developer: str
) -> None:
    peppers.write(_NEW, _OLD)
    peppers.write(_NEW)

    assert status(yard, project, developer) == 401


def test_a_digest_is_renewed_at_its_tokens_first_use_and_never_again(
    yard: Yard, peppers: PepperFile, project: SeededProject, developer: str
) -> None:
    assert status(yard, project, developer) == 200
    peppers.write(_NEW, _OLD)

    seen = []
    for _ in range(3):
        with counted(yard) as statements:
            assert status(yard, project, developer) == 200
        seen.append(sum("UPDATE tokens SET digest" in one for one in statements))

    assert seen == [1, 0, 0]


@pytest.mark.parametrize("way", ["page", "sign-in", "upload"])
def test_a_digest_is_renewed_whichever_way_its_token_is_used(
    way: str, yard: Yard, peppers: PepperFile, project: SeededProject, developer: str
) -> None:
    peppers.write(_NEW, _OLD)

    match way:
        case "page":
            yard.page(project.id, "demo", developer)
        case "sign-in":
            Visitor.of(yard).sign_in(developer)
        case _:
            answer = yard.client.post(
                f"/api/v4/projects/{project.id}/packages/pypi",
                headers={"PRIVATE-TOKEN": developer},
            )
            assert answer.status_code == 400

    peppers.write(_NEW)
    assert status(yard, project, developer) == 200


def test_a_replica_that_has_not_heard_yet_understands_one_that_has(
    yard: Yard,
    peppers: PepperFile,
    project: SeededProject,
    developer: str,
    tmp_path: Path,
    database_url: str,
) -> None:
    late = PepperFile(tmp_path / "late-pepper")
    late.write(_OLD)
    told = {
        "WHEELYARD_DATABASE_URL": database_url,
        "WHEELYARD_BLOBS_DIRECTORY": str(tmp_path / "blobs"),
        "WHEELYARD_BROKER_URL": yard.registry.settings.broker.url,
        "WHEELYARD_CACHE_URL": yard.registry.settings.cache.url,
        "WHEELYARD_TOKEN_PEPPER_FILE": str(late.path),
    }
    with in_process(told) as elsewhere:
        peppers.write(_NEW, _OLD, age=0)
        visitor, copy = Visitor.of(yard), Visitor.of(elsewhere)
        visitor.sign_in(developer)
        cookie = visitor.browser.get_cookie("wheelyard")
        assert cookie is not None
        copy.browser.set_cookie("wheelyard", cookie.value)
        young = yard.seed.developer_token(project)

        assert [status(elsewhere, project, secret) for secret in (developer, young)] == [200, 200]
        copy.look(f"/{project.path}")

        # And the other way round, when the one that hears first has begun to use it.
        late.write(_NEW, _OLD)
        newest = elsewhere.seed.developer_token(project)
        assert status(elsewhere, project, developer) == 200
        assert [status(yard, project, secret) for secret in (developer, newest)] == [200, 200]
        late.write(_NEW)
        # It was not given its old digest back.
        assert status(elsewhere, project, developer) == 200


@pytest.mark.parametrize("broken", ["empty", "gone", "not text"])
def test_a_file_that_cannot_be_read_changes_nothing(
    broken: str, yard: Yard, peppers: PepperFile, project: SeededProject, developer: str
) -> None:
    assert status(yard, project, developer) == 200

    match broken:
        case "empty":
            peppers.write("")
        case "gone":
            peppers.path.unlink()
        case _:
            peppers.path.write_bytes(b"\xff" * 64)

    assert status(yard, project, developer) == 200
    peppers.write(_NEW)
    assert status(yard, project, developer) == 401


def test_a_digest_from_before_peppers_had_names_gets_one(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    with Session(yard.registry.database.engine) as session:
        session.execute(update(Token).values(pepper=None))
        session.commit()

    assert status(yard, project, developer) == 200

    with Session(yard.registry.database.engine) as session:
        names = session.scalars(select(Token.pepper).where(Token.last_used_at.is_not(None))).all()
    assert names == [yard.registry.peppers().current.name]


def test_the_command_tells_when_the_old_pepper_may_go(
    yard: Yard,
    settings: dict[str, str],
    peppers: PepperFile,
    project: SeededProject,
    developer: str,
) -> None:
    yard.seed.revoked(yard.seed.developer_token(project))
    assert "may go" not in asked(settings, yard)

    peppers.write(_NEW, _OLD, age=0)
    assert "The new pepper is accepted, and signs once" in asked(settings, yard)
    peppers.write(_NEW, _OLD)
    waiting = asked(settings, yard)
    assert status(yard, project, developer) == 200
    done = asked(settings, yard)
    peppers.write("3" * 64)
    lost = asked(settings, yard)

    assert "not used since the newest pepper came: 1." in waiting
    assert "No token that works needs an older pepper. They may go twelve hours" in done
    assert [line.split()[1:3] for line in done.splitlines()[1:3]] == [
        ["current", "1"],
        ["older", "0"],
    ]
    assert "for their pepper is gone: 1." in lost
