"""A job token acts for the token that asked for it, and for no longer than that one works."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, delete
from sqlalchemy.orm import Session
from tests.integration.rest.conftest import Town

from wheelyard_core.adapters.db.models import Token

pytestmark = pytest.mark.integration

IN_AN_HOUR = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


class Asked:
    """A job token, and what asked for it: a personal token beside the one that its person uses."""

    def __init__(self, town: Town, **fields: Any) -> None:
        self.town = town
        self.project = town.project()
        self.person = town.member(30, self.project)
        self.parent = self.person.post(
            "/user/personal_access_tokens", name="runner", scopes=["api"], **fields
        )
        self.job = town.holder(self.parent["token"]).post(
            f"/projects/{self.project['id']}/job_tokens", expires_in=86400
        )

    def reads(self) -> tuple[int, str]:
        """Return the status and the text of a page that the job token asks for, over all caches."""
        answer = self.town.yard.client.get(
            f"/api/v4/projects/{self.project['id']}/packages/pypi/simple",
            headers={"JOB-TOKEN": self.job["token"]},
        )
        return answer.status_code, answer.text

    def stopped(self) -> str:
        """Return why the job token does not work."""
        status, text = self.reads()
        assert status == 401, text
        return text


def rotate(asked: Asked) -> None:
    asked.person.post(f"/personal_access_tokens/{asked.parent['id']}/rotate", status=200)


def rotate_twice(asked: Asked) -> None:
    """Use a rotated token again: its whole family is revoked."""
    rotate(asked)
    asked.person.status("POST", f"/personal_access_tokens/{asked.parent['id']}/rotate")


ENDS: dict[str, tuple[Callable[[Asked], Any], str]] = {
    "revoked": (
        lambda asked: asked.person.delete(f"/personal_access_tokens/{asked.parent['id']}"),
        "revoked",
    ),
    "rotated": (rotate, "revoked"),
    "rotated twice": (rotate_twice, "revoked"),
    "expired": (lambda asked: asked.town.yard.seed.expired(asked.parent["token"]), "expired"),
    "blocked": (lambda asked: asked.town.admin.post(f"/users/{asked.person.id}/block"), "blocked"),
    "deleted": (lambda asked: asked.town.admin.delete(f"/users/{asked.person.id}"), "revoked"),
}


@pytest.mark.parametrize("end", list(ENDS))
def test_a_job_token_stops_with_the_token_that_asked_for_it(town: Town, end: str) -> None:
    act, word = ENDS[end]
    asked = Asked(town)
    assert asked.reads()[0] == 200

    act(asked)

    assert word in asked.stopped()


def test_a_job_token_stops_with_its_project_access_token(town: Town) -> None:
    asked = Asked(town)
    path = f"/projects/{asked.project['id']}"
    bot = town.admin.post(f"{path}/access_tokens", name="b", scopes=["api"], access_level=30)
    asked.job = town.holder(bot["token"]).post(f"{path}/job_tokens")
    assert asked.reads()[0] == 200

    town.admin.delete(f"{path}/access_tokens/{bot['id']}")

    assert "revoked" in asked.stopped()


def test_another_token_of_the_same_person_takes_nothing_along(town: Town) -> None:
    asked = Asked(town)

    asked.person.delete("/personal_access_tokens/self")

    assert asked.reads()[0] == 200


def test_a_job_token_says_that_it_ends_with_the_token_that_asked(town: Town) -> None:
    asked = Asked(town, expires_at=IN_AN_HOUR.isoformat())

    assert datetime.fromisoformat(asked.job["expires_at"]) == IN_AN_HOUR


def test_a_row_that_is_removed_by_hand_takes_its_job_tokens_along(town: Town) -> None:
    asked = Asked(town)
    engine = create_engine(town.yard.registry.settings.database.url)
    with Session(engine) as session:
        if engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql("PRAGMA foreign_keys=ON")
        session.execute(delete(Token).where(Token.id == asked.parent["id"]))
        session.commit()
    engine.dispose()

    asked.stopped()
