"""Statuses and protection rules that are set while files are on their way."""

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.catalogue import Upload
from wheelyard_core.domain.errors import NotAllowed
from wheelyard_core.domain.protection import Level, Levels, Pattern
from wheelyard_core.domain.standing import PackageStatus, Standing
from wheelyard_core.usecases.set_status import StatusSetter

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("demo")
FIRST, SECOND = DEMO.versioned("1.0").wheel(), DEMO.versioned("2.0").wheel()


def stand(world: World, status: PackageStatus) -> None:
    setter = StatusSetter(world.registry.database)
    setter(world.project.id, "demo", Standing(status), lambda _uow: Anonymous())
    world.do_all()


def listed(world: World) -> list[str]:
    with world.registry.database.snapshot() as uow:
        listing = uow.pages.package([world.project.id], "demo")
    assert listing is not None
    return [file.filename for file in listing.files]


def test_a_file_received_before_a_quarantine_is_not_shown_by_it(world: World) -> None:
    world.publish(FIRST)
    world.receive(SECOND)
    verify = list(world.promised)
    world.promised.clear()

    stand(world, PackageStatus.QUARANTINED)
    world.promised.extend(verify)
    world.do_all()

    assert listed(world) == []
    stand(world, PackageStatus.ACTIVE)
    assert sorted(listed(world)) == [FIRST.filename, SECOND.filename]


@pytest.mark.parametrize("status", [PackageStatus.ARCHIVED, PackageStatus.QUARANTINED])
def test_a_status_set_during_an_upload_refuses_its_row(status: PackageStatus, world: World) -> None:
    world.publish(FIRST)
    upload = world.store(SECOND)
    assert isinstance(upload, Upload)

    stand(world, status)

    with pytest.raises(NotAllowed, match="takes no new files"):
        world.record(SECOND, upload)


def test_a_rule_made_during_an_upload_refuses_its_row(world: World) -> None:
    upload = world.store(FIRST)
    assert isinstance(upload, Upload)
    with world.registry.database.begin() as uow:
        uow.rules.add(world.project.id, Pattern("de*"), Levels(push=Level.MAINTAINER))
        uow.commit()

    with pytest.raises(NotAllowed, match=r"^Package protected\.$"):
        world.record(FIRST, upload)
