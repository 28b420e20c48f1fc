"""Modes: what may change is refused with a sentence and 503, and reads go on."""

from dataclasses import replace
from http import HTTPStatus

import pytest
from tests.integration.operating.conftest import ON_SQLITE
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from werkzeug.test import TestResponse

from wheelyard_core.domain.administration import Stretch
from wheelyard_core.domain.audit import SYSTEM, Action, AuditFilter
from wheelyard_core.domain.operating import Mode
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.operation import watch_database
from wheelyard_core.usecases.set_mode import set_mode

pytestmark = pytest.mark.integration

WHEEL = ADistribution().wheel()
WHY = "the disks are being <moved>"


@pytest.fixture
def admin(yard: Yard) -> str:
    return yard.seed.personal_token(yard.seed.user(admin=True))


def put(yard: Yard, admin: str, mode: Mode, reason: str | None = WHY) -> TestResponse:
    told = {"mode": mode.value, "reason": reason}
    answer = yard.ask("PUT", "/api/v4/maintenance", admin, json=told)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return answer


def set_behind(yard: Yard, mode: Mode) -> None:
    with yard.registry.database.begin() as uow:
        set_mode(uow, SYSTEM, mode, WHY)


def refused(answer: TestResponse, sentence: str) -> None:
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert sentence in answer.get_json()["message"]
    # twine shows nothing but the reason phrase.
    assert sentence in answer.status


def test_what_is_read_only_refuses_every_change_on_every_replica_and_goes_on_reading(
    yard: Yard, project: SeededProject, developer: str, admin: str
) -> None:
    yard.must_publish(project.id, developer, WHEEL)
    other = yard.another_replica()
    sdist = ADistribution().sdist()

    put(other, admin, Mode.READ_ONLY)

    for replica in (yard, other):
        refused(replica.publish(project.id, sdist, developer), f"read-only: {WHY}")
        refused(replica.ask("POST", "/api/v4/groups", admin, json={"name": "new"}), WHY)
        refused(replica.ask("DELETE", f"/api/v4/projects/{project.id}", admin), WHY)
        assert replica.listed(project.id, WHEEL.name, developer) == [WHEEL.filename]
        assert replica.ask("GET", f"/api/v4/projects/{project.id}", admin).status_code == 200
    # An address that nobody serves is not there in any mode.
    assert yard.ask("POST", "/api/v4/nowhere", admin).status_code == 404

    assert put(yard, admin, Mode.OPEN, None).get_json()["mode"] == "open"
    other.must_publish(project.id, developer, sdist)


@ON_SQLITE
def test_disabled_uploads_leave_every_other_change(
    yard: Yard, project: SeededProject, developer: str, admin: str
) -> None:
    put(yard, admin, Mode.UPLOADS_DISABLED)

    refused(yard.publish(project.id, WHEEL, developer), f"Uploads are disabled: {WHY}")
    assert list(yard.registry.blobs.keys("")) == []
    assert yard.ask("POST", "/api/v4/groups", admin, json={"name": "new"}).status_code == 201


def test_an_upload_on_its_way_is_not_taken_after_the_mode_was_set(
    yard: Yard, project: SeededProject, developer: str
) -> None:
    def reach(point: str) -> None:
        if point == "blob-stored":
            set_behind(yard, Mode.UPLOADS_DISABLED)

    slow = replace(yard, client=yard.over(reach))

    refused(slow.publish(project.id, WHEEL, developer), WHY)
    assert list(yard.registry.blobs.keys("")) == []
    assert yard.page(project.id, WHEEL.name, developer).status_code == 404


@ON_SQLITE
def test_setting_a_mode_is_an_event_and_an_odd_one_is_refused(yard: Yard, admin: str) -> None:
    put(yard, admin, Mode.READ_ONLY)

    odd = yard.ask("PUT", "/api/v4/maintenance", admin, json={"mode": "closed"})

    assert odd.status_code == HTTPStatus.BAD_REQUEST
    with yard.registry.database.snapshot() as uow:
        (event,) = uow.audit_trail.listed(AuditFilter(), Stretch(9)).items
    assert event.event.action is Action.MODE_CHANGED
    assert event.event.reason == WHY
    assert event.event.details == {"changes": {"mode": {"from": "open", "to": "read_only"}}}
    assert yard.ask("GET", "/api/v4/maintenance", admin).get_json()["mode"] == "read_only"


@ON_SQLITE
def test_pages_for_people_say_so_and_people_still_sign_in(yard: Yard, admin: str) -> None:
    set_behind(yard, Mode.READ_ONLY)

    page = yard.ask("GET", "/_/sign-in")
    signed_in = yard.client.post("/_/sign-in", data={"token": admin})

    assert "The registry is read-only: the disks are being &lt;moved&gt;" in page.text
    assert signed_in.status_code == HTTPStatus.SEE_OTHER


@ON_SQLITE
def test_metrics_show_the_mode(yard: Yard) -> None:
    metrics = Metrics("api", [Part.DATABASE])
    watch_database(metrics, yard.registry)
    assert 'wheelyard_read_only{service="api"} 0.0' in metrics.exposition().decode()

    set_behind(yard, Mode.UPLOADS_DISABLED)
    later = Metrics("api", [Part.DATABASE])
    watch_database(later, yard.registry)

    shown = later.exposition().decode()
    assert 'wheelyard_read_only{service="api"} 0.0' in shown
    assert 'wheelyard_uploads_disabled{service="api"} 1.0' in shown
