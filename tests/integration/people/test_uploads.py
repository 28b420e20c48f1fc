"""Uploads that were refused are told of to those who may see them, with every reason."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from tests.integration.people.visiting import Visitor, publish
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.adapters.db.models import Member
from wheelyard_core.domain.access import Role, Scope
from wheelyard_core.usecases.sweep import VERDICTS_KEPT

pytestmark = pytest.mark.integration

FINE = ADistribution().wheel()
BROKEN = ADistribution().named("broken").with_member("../evil.py").wheel()


def refuse(yard: Yard, project: SeededProject, secret: str) -> None:
    assert yard.publish(project.id, BROKEN, secret).status_code == 400


def test_a_developer_reads_what_was_refused_and_why(
    yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    publish(yard, project.id, developer, FINE)
    address = f"/{project.path}/-/uploads"
    assert "No upload was refused or is waiting" in reader.look(address).text

    other = yard.seed.developer_token(project)
    refuse(yard, project, other)

    page = reader.look(f"/{project.path}")
    assert page.link("Uploads") == address
    page = reader.look(address)
    (row,) = page.rows("that are not published")
    assert row.startswith(BROKEN.filename)
    assert "../evil.py" in row
    assert "Refused" in row
    assert "by user-" in row
    assert page.link("Packages") == f"/{project.path}"


@pytest.mark.parametrize("settings", [{"WHEELYARD_VERDICT_SECONDS": "1"}], indirect=True)
def test_a_file_that_waits_is_said_to(yard: Yard, reader: Visitor, project: SeededProject) -> None:
    secret = yard.seed.developer_token(project)
    with yard.hand.resting():
        assert yard.publish(project.id, FINE, secret).status_code == 202
        (row,) = reader.look(f"/{project.path}/-/uploads").rows("that are not published")

    assert "Being verified" in row


def test_others_see_their_own_uploads_or_nothing(
    yard: Yard, open_project: SeededProject, publisher: str, anonymous: Visitor
) -> None:
    address = f"/{open_project.path}/-/uploads"
    user = yard.seed.member(Role.DEVELOPER, project=open_project)
    secret = yard.seed.personal_token(user)
    refuse(yard, open_project, publisher)
    refuse(yard, open_project, secret)
    with Session(yard.registry.database.engine) as session:
        to = int(Role.REPORTER)
        session.execute(update(Member).where(Member.user_id == user).values(access_level=to))
        session.commit()
    once, guest, writer = (Visitor.of(yard) for _ in range(3))
    once.sign_in(secret)
    guest.sign_in(yard.seed.personal_token(yard.seed.member(Role.GUEST, project=open_project)))
    writer.sign_in(yard.seed.deploy_token(Scope.WRITE_REGISTRY, project=open_project))

    assert len(once.look(address).rows("that are not published")) == 1
    assert len(writer.look(address).rows("that are not published")) == 2
    for visitor, status in ((guest, 404), (anonymous, 401)):
        page = visitor.look(address, status)
        assert BROKEN.filename not in page.answer.text
        assert "Uploads" not in visitor.look(f"/{open_project.path}").text


@pytest.mark.own_registry
def test_a_verdict_is_kept_for_thirty_days(
    yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    refuse(yard, project, developer)
    cleaner, now = yard.registry.cleaner(), yard.registry.now()
    address = f"/{project.path}/-/uploads"
    assert timedelta(days=30) == VERDICTS_KEPT
    assert "listed for 30 days" in reader.look(address).text

    cleaner.forget_verdicts(now + VERDICTS_KEPT - timedelta(minutes=1))
    assert BROKEN.filename in reader.look(address).text
    cleaner.forget_verdicts(now + VERDICTS_KEPT + timedelta(minutes=1))
    assert BROKEN.filename not in reader.look(address).text


def test_reasons_are_shown_as_text(
    yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    hostile = ADistribution().named("hostile").with_member("../<script>x</script>.py").wheel()
    assert yard.publish(project.id, hostile, developer).status_code == 400

    page = reader.look(f"/{project.path}/-/uploads")

    assert "../<script>x" in page.text
    assert page.soup.find("script") is None
