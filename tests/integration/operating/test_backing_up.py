"""Backups: a bucket is copied and given back, and a restored database begins anew, read-only."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from tests.integration.operating.conftest import ON_SQLITE, Shelf
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.cache.redis import forget_pages
from wheelyard_core.domain.access import Role
from wheelyard_core.domain.audit import SYSTEM
from wheelyard_core.domain.operating import Mode, Target
from wheelyard_core.usecases.back_up import (
    Copied,
    back_up_bucket,
    begin_after_restore,
    begin_backup,
    copy_blobs,
    note_backup,
)
from wheelyard_core.usecases.set_mode import set_mode

pytestmark = [pytest.mark.integration, ON_SQLITE]

WHEELS = [ADistribution().named("demo", f"1.{number}").wheel() for number in range(3)]


@pytest.fixture
def shelf(yard: Yard, project: SeededProject, developer: str) -> Shelf:
    yard.must_publish(project.id, developer, *WHEELS)
    return Shelf(yard)


@pytest.fixture
def copy(tmp_path: Path) -> DirectoryBlobStore:
    return DirectoryBlobStore(DirectoryBlobSettings(tmp_path / "copy"))


def test_a_bucket_is_copied_once_and_given_back_whole(
    shelf: Shelf, copy: DirectoryBlobStore, project: SeededProject, developer: str
) -> None:
    database = shelf.yard.registry.database
    first = back_up_bucket(database, shelf.blobs, copy)
    shelf.yard.must_publish(project.id, developer, ADistribution().named("late").wheel())
    # What an interrupted copy left.
    broken = shelf.key_of(WHEELS[0])
    copy.delete(broken)
    copy.put(broken, BytesIO(b"half"), 4)
    second = back_up_bucket(database, shelf.blobs, copy)

    assert (first.objects, first.new) == (6, 6)
    assert (second.objects, second.new) == (8, 3)
    held = shelf.keys()
    for key in held:
        shelf.blobs.delete(key)
    assert copy_blobs(copy, shelf.blobs) == Copied(8, second.size, 8)
    assert shelf.reconcile() == {}


def test_nothing_is_thrown_away_from_the_beginning_of_a_backup_to_its_end(
    shelf: Shelf, copy: DirectoryBlobStore
) -> None:
    registry = shelf.yard.registry
    begin_backup(registry.database)
    assert registry.collector().run().brake == "A backup is being made."

    note_backup(registry.database, Target.DATABASE, 1.5, 1_000)
    assert registry.collector().run().brake == "A backup is being made."
    back_up_bucket(registry.database, registry.blobs, copy)

    assert registry.collector().run().brake is None
    with registry.database.snapshot() as uow:
        bucket, database = uow.backups.listed()
    assert (database.target, database.seconds, database.size) == (Target.DATABASE, 1.5, 1_000)
    assert bucket.succeeded_at is not None


def test_a_restored_database_begins_read_only_and_without_old_pages(
    shelf: Shelf, project: SeededProject, developer: str
) -> None:
    registry = shelf.yard.registry
    begin_backup(registry.database)
    root = f"/api/v4/groups/{project.group.id}/-/packages/pypi/simple/"
    owner = shelf.yard.seed.personal_token(shelf.yard.seed.member(Role.OWNER, group=project.group))
    assert shelf.yard.ask("GET", f"{root}demo/", owner).status_code == 200
    assert shelf.yard.ask("GET", root, owner).status_code == 200

    epoch = begin_after_restore(registry.database)
    forgotten = forget_pages(registry.settings.cache)

    # The package's and the root, of the project and of its group.
    assert (epoch, forgotten) == (2, 4)
    with registry.database.snapshot() as uow:
        operation = uow.operating.now()
    assert (operation.mode, operation.epoch) == (Mode.READ_ONLY, 2)
    assert registry.collector().run().brake == "The registry is read-only."
    refused = shelf.yard.publish(project.id, ADistribution().named("x").wheel(), developer)
    assert refused.status_code == 503
    assert len(shelf.yard.listed(project.id, "demo", developer)) == 3


@dataclass(frozen=True, slots=True)
class Dump:
    """A copy of the registry's database, to be restored by and by."""

    yard: Yard
    path: Path

    def take(self) -> None:
        # What is promised ends first: nobody writes meanwhile.
        self.yard.hand.settle()
        copy_database(self._live, self.path)

    def restore(self) -> None:
        registry = self.yard.registry
        self.yard.hand.settle()
        copy_database(self.path, self._live)
        begin_after_restore(registry.database)
        forget_pages(registry.settings.cache)
        with registry.database.begin() as uow:
            set_mode(uow, SYSTEM, Mode.OPEN, None)

    @property
    def _live(self) -> Path:
        return Path(str(self.yard.registry.database.engine.url.database))


def copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def test_a_restored_groups_pages_show_nothing_that_was_lost(
    yard: Yard, project: SeededProject, tmp_path: Path
) -> None:
    secret = yard.seed.personal_token(yard.seed.member(Role.DEVELOPER, group=project.group))
    dump = Dump(yard, tmp_path / "dump.db")

    def shown() -> tuple[str, str]:
        root = f"/api/v4/groups/{project.group.id}/-/packages/pypi/simple/"
        page, names = yard.ask("GET", f"{root}demo/", secret), yard.ask("GET", root, secret)
        return page.text, names.text

    yard.must_publish(project.id, secret, WHEELS[0])
    dump.take()
    yard.must_publish(project.id, secret, WHEELS[1], ADistribution().named("lost").wheel())
    before = shown()

    dump.restore()
    # Their changes have the numbers that those of the lost history had.
    yard.must_publish(project.id, secret, WHEELS[2], ADistribution().named("found").wheel())
    page, root = shown()

    assert WHEELS[1].filename in before[0]
    assert ">lost<" in before[1]
    assert WHEELS[2].filename in page
    assert WHEELS[1].filename not in page
    assert ">found<" in root
    assert ">lost<" not in root
