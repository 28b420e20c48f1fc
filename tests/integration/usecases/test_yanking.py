"""A yank of a release into which a file is being published."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import replace

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.catalogue import Yanked
from wheelyard_core.domain.releases import ReleaseName
from wheelyard_core.usecases.yank import Shown, Yank, Yanker

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("demo", "1.0")
FIRST, SECOND = DEMO.wheel(), DEMO.sdist()
BROKEN = Yanked("broken")


def test_a_yank_waits_for_a_file_whose_row_is_being_written(world: World) -> None:
    world.publish(FIRST)
    world.receive(SECOND)
    yank = Yank(world.project.id, ReleaseName.parse("demo", "1.0"), None, BROKEN)
    yanking: list[Future[Shown]] = []

    with ThreadPoolExecutor(1) as pool:

        def reach(point: str) -> None:
            if point == "publishing":
                yanker = Yanker(world.registry.database)
                yanking.append(pool.submit(yanker, yank, lambda _uow: Anonymous()))
                # It cannot end before this transaction does; without a lock it would not see it.
                with pytest.raises(StillWaiting):
                    yanking[0].result(0.5)

        world.do(world.promised.pop(0), replace(world.registry, reach=reach))
        shown = yanking[0].result(20)

    assert {file.filename: file.yanked for file in shown.files} == {
        FIRST.filename: BROKEN,
        SECOND.filename: BROKEN,
    }
