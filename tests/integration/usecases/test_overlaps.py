"""One name in two projects of a group that refuses it: who begins with it is decided once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, BrokenBarrierError

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.domain.administration import GroupChanges
from wheelyard_core.domain.catalogue import UploadStatus
from wheelyard_core.domain.group_index import PackageOverlap

pytestmark = pytest.mark.integration

ONE = ADistribution().wheel()
TWO = ADistribution().versioned("2.0").wheel()
OTHER = ADistribution().named("other").wheel()


@pytest.fixture
def cousin(world: World) -> World:
    """The same registry with a project of a group below `team`, which refuses overlaps."""
    with world.registry.database.begin() as uow:
        team = uow.groups.find("team")
        assert team is not None
        uow.groups.change(team.id, GroupChanges(package_overlap=PackageOverlap.REFUSE))
        below = uow.accounts.add_group("below", "Below", team.id)
        uow.accounts.add_project("cousin", "Cousin", below)
        uow.commit()
    with world.registry.database.snapshot() as uow:
        project = uow.projects.find("team/below/cousin")
    assert project is not None
    return replace(world, project=project)


def statuses(world: World, *upload_ids: str) -> list[UploadStatus]:
    with world.registry.database.snapshot() as uow:
        found = [uow.uploads.get(one) for one in upload_ids]
    return sorted(one.status for one in found if one is not None)


def test_of_two_first_uploads_of_a_name_at_once_one_is_refused(world: World, cousin: World) -> None:
    receipts = [world.receive(ONE), cousin.receive(TWO)]
    both = Barrier(2)

    def reach(point: str) -> None:
        if point == "publishing":
            # Whoever may publish waits for the other, who must not get here.
            try:
                both.wait(2)
            except BrokenBarrierError:
                return

    racing = replace(world.registry, reach=reach)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda promise: world.do(promise, racing), world.promised))

    assert statuses(world, *(one.upload_id for one in receipts)) == [
        UploadStatus.PUBLISHED,
        UploadStatus.REJECTED,
    ]


def test_a_name_that_another_project_began_with_meanwhile_is_refused_with_a_sentence(
    world: World, cousin: World
) -> None:
    late = cousin.receive(TWO)
    mine = cousin.receive(OTHER)
    [verify_late, verify_mine] = world.promised
    world.promised.clear()
    world.publish(ONE)

    world.do(verify_late)
    world.do(verify_mine)
    world.do_all()

    with world.registry.database.snapshot() as uow:
        upload, kept = uow.uploads.get(late.upload_id), uow.uploads.get(mine.upload_id)
    assert upload is not None
    assert kept is not None
    assert upload.status is UploadStatus.REJECTED
    assert "demo belongs to another project of the group team" in upload.errors[0]
    assert kept.status is UploadStatus.PUBLISHED
    with world.registry.database.snapshot() as uow:
        assert uow.files.named(cousin.project.id, TWO.filename) is None
        assert uow.packages.get(cousin.project.id, "demo") is None
