"""A project is deleted while its files are on their way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.ports import BinaryReader, BlobStore
from wheelyard_core.usecases.administer_projects import remove_project

pytestmark = pytest.mark.integration


@dataclass
class Interrupted:
    """A blob store before whose next put something happens."""

    store: BlobStore
    happen: Callable[[], None]

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        self.happen()
        self.store.put(key, content, size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def delete_project(world: World) -> None:
    """Delete the project, and do what that promises."""
    with world.registry.database.begin() as uow:
        remove_project(uow, world.project.id)
        uow.commit()
    discards, world.promised[:] = list(world.promised), []
    for promise in discards:
        world.do(promise)


@pytest.mark.parametrize("point", ["verify-claimed", "metadata-stored", "published"])
def test_a_project_deleted_during_a_verification_leaves_no_blob(world: World, point: str) -> None:
    def reach(reached: str) -> None:
        if reached == point:
            delete_project(world)

    world.receive(ADistribution().named("demo", "1.0").wheel())
    world.do(world.promised.pop(0), replace(world.registry, reach=reach))
    world.do_all()

    assert world.blobs() == []


def test_a_metadata_file_stored_after_the_deletion_goes_too(world: World) -> None:
    late = Interrupted(world.registry.blobs, lambda: delete_project(world))

    world.receive(ADistribution().named("demo", "1.0").wheel())
    world.do(world.promised.pop(0), replace(world.registry, blobs=late))
    world.do_all()

    assert world.blobs() == []
