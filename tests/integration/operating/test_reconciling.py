"""The reconciler: what is missing, corrupt or belongs to nothing is found, and only that."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.operating.conftest import ON_SQLITE, Shelf
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.domain.operating import ScheduledJob
from wheelyard_core.domain.upkeep import Finding
from wheelyard_core.usecases.mend import Mender
from wheelyard_core.usecases.reconcile import Progress

pytestmark = pytest.mark.integration

WHEELS = [ADistribution().named("demo", f"1.{number}").wheel() for number in range(5)]


@pytest.fixture
def shelf(yard: Yard, project: SeededProject, developer: str) -> Shelf:
    """A registry with five wheels, of which nothing is wrong."""
    yard.must_publish(project.id, developer, *WHEELS)
    return Shelf(yard)


def job(yard: Yard) -> ScheduledJob:
    with yard.registry.database.snapshot() as uow:
        found = uow.jobs.get("reconcile")
    assert found is not None
    return found


@ON_SQLITE
def test_nothing_is_found_where_nothing_is_wrong(shelf: Shelf) -> None:
    progress = shelf.yard.registry.reconciler().run(lambda _: None, read_all=True)

    assert dict(shelf.found()) == {}
    # Five wheels and their metadata files.
    assert (progress.objects, progress.read) == (10, 5)


def test_what_is_missing_corrupt_or_of_nothing_is_found_until_it_is_mended(shelf: Shelf) -> None:
    keys = [shelf.key_of(wheel) for wheel in WHEELS]
    orphan = f"files/ab/cd/{'ab' * 32}/an-upload-that-never-was"
    shelf.blobs.delete(keys[0])
    shelf.blobs.delete(f"{keys[1]}.metadata")
    flipped = bytes([WHEELS[2].content[0] ^ 1]) + WHEELS[2].content[1:]
    shelf.write(keys[2], flipped)
    shelf.write(orphan, b"nobody's")

    assert shelf.reconcile() == {
        keys[0]: Finding.MISSING,
        f"{keys[1]}.metadata": Finding.MISSING,
        keys[2]: Finding.CORRUPT,
        orphan: Finding.ORPHAN,
    }
    with shelf.yard.registry.database.snapshot() as uow:
        assert uow.reconciling.counts() == {
            Finding.MISSING: 2,
            Finding.ORPHAN: 1,
            Finding.CORRUPT: 1,
        }

    shelf.write(keys[0], WHEELS[0].content)
    shelf.write(keys[2], WHEELS[2].content)
    shelf.blobs.delete(orphan)
    assert shelf.reconcile() == {f"{keys[1]}.metadata": Finding.MISSING}


def test_an_upload_on_its_way_and_the_trash_are_no_findings(
    shelf: Shelf, project: SeededProject, maintainer: str, developer: str
) -> None:
    yard = shelf.yard
    packages = yard.ask("GET", f"/api/v4/projects/{project.id}/packages", maintainer).get_json()
    gone = yard.ask("DELETE", packages[0]["_links"]["delete_api_path"], maintainer)
    assert gone.status_code == 204, gone.text
    found = list[dict[str, Finding]]()

    def reach(point: str) -> None:
        # Its bytes are stored, and its row is not written.
        if point == "blob-stored":
            found.append(shelf.reconcile())

    half_way = replace(yard, client=yard.over(reach))
    half_way.must_publish(project.id, developer, ADistribution().named("late").wheel())

    assert found == [{}]
    assert shelf.reconcile() == {}


@ON_SQLITE
def test_corrupt_bytes_of_a_file_that_is_deleted_are_a_finding_no_more(
    shelf: Shelf, project: SeededProject, maintainer: str
) -> None:
    shelf.write(shelf.key_of(WHEELS[0]), b"x" * len(WHEELS[0].content))
    assert set(shelf.reconcile().values()) == {Finding.CORRUPT}

    address = f"/api/v4/projects/{project.id}/packages/pypi/releases/demo/1.0"
    assert shelf.yard.ask("DELETE", address, maintainer).status_code == 204

    assert shelf.reconcile() == {}


@ON_SQLITE
def test_what_is_due_is_done_in_slices_by_workers_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = shelf.yard
    shelf.blobs.delete(shelf.key_of(WHEELS[0]))
    # Every shard is a slice of its own then.
    monkeypatch.setattr("wheelyard_core.usecases.reconcile.SLICE_SECONDS", 0.02)

    assert yard.registry.reconciler().plan()
    assert not yard.registry.reconciler().plan()
    yard.hand.finish(lambda: job(yard).succeeded_at is not None)

    done = Progress.of(job(yard).state)
    # One is missing, and one of thirty days' worth of files was read again.
    assert (done.verified, done.read) == (9, 1)
    assert list(dict(shelf.found()).values()) == [Finding.MISSING]


@ON_SQLITE
def test_everything_is_read_again_within_the_time_that_is_set(shelf: Shelf) -> None:
    keys = [shelf.key_of(wheel) for wheel in WHEELS]
    for key, wheel in zip(keys, WHEELS, strict=True):
        shelf.write(key, b"x" * len(wheel.content))
    reconciler = replace(shelf.yard.registry.reconciler(), within=timedelta(days=3))

    found = []
    for _ in range(3):
        reconciler.run(lambda _: None)
        found.append(len(dict(shelf.found())))

    # Two of five a day.
    assert found == [2, 4, 5]


@ON_SQLITE
def test_a_copy_mends_what_is_its_bytes_and_nothing_else(shelf: Shelf, tmp_path: Path) -> None:
    yard, keys = shelf.yard, [shelf.key_of(wheel) for wheel in WHEELS]
    shelf.blobs.delete(keys[0])
    shelf.blobs.delete(f"{keys[0]}.metadata")
    shelf.write(keys[1], b"x")
    shelf.reconcile()
    copies = [tmp_path / wheel.filename for wheel in WHEELS]
    for copy, wheel in zip(copies, WHEELS, strict=True):
        copy.write_bytes(wheel.content)
    (tmp_path / "other").write_bytes(b"other")

    mender = Mender(yard.registry.database, yard.registry.blobs, yard.registry.reconciler().read)
    mended = [mender(copy) for copy in [*copies, tmp_path / "other"]]

    assert mended == [[keys[0]], [keys[1]], [], [], [], []]
    assert shelf.reconcile() == {f"{keys[0]}.metadata": Finding.MISSING}


@ON_SQLITE
def test_an_upload_that_was_refused_leaves_nothing_to_find(
    shelf: Shelf, project: SeededProject, developer: str
) -> None:
    hostile = ADistribution().named("evil").with_member("../evil.py").wheel()
    assert shelf.yard.publish(project.id, hostile, developer).status_code == 400
    shelf.yard.hand.finish(lambda: len(shelf.keys()) == 10)

    assert shelf.reconcile() == {}
