"""A release that closes while an upload is on its way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.domain.catalogue import Upload
from wheelyard_core.domain.errors import ReleaseClosed

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("demo", "1.0")
FIRST, SECOND, THIRD = DEMO.wheel(), DEMO.sdist(), DEMO.tagged("cp311-abi3-any").wheel()


def test_an_upload_that_began_in_time_may_end(world: World) -> None:
    world.publish(FIRST)
    closing = replace(world, project=replace(world.project, release_open_hours=1))
    upload = closing.store(SECOND)
    assert isinstance(upload, Upload)
    now = world.registry.now()
    later = replace(closing, registry=replace(world.registry, now=lambda: now + timedelta(hours=2)))

    later.record(SECOND, upload)
    later.do_all()

    with pytest.raises(ReleaseClosed, match=r"demo 1\.0 took new files for 1 h"):
        later.store(THIRD)
    with world.registry.database.snapshot() as uow:
        listing = uow.pages.package([world.project.id], "demo")
    assert listing is not None
    assert {file.filename for file in listing.files} == {FIRST.filename, SECOND.filename}
