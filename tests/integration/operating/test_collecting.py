"""Garbage goes after its grace, and nothing else ever does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import update
from tests.integration.operating.conftest import ON_SQLITE, Shelf
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.db.models import OperationRow
from wheelyard_core.domain.audit import SYSTEM
from wheelyard_core.domain.operating import Mode, Target
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.usecases import collect
from wheelyard_core.usecases.collect import Collected, Collector
from wheelyard_core.usecases.set_mode import set_mode

pytestmark = pytest.mark.integration

WHEEL = ADistribution().wheel()
KEPT = ADistribution().named("kept").wheel()
ORPHAN = f"files/ab/cd/{'ab' * 32}/an-upload-that-never-was"
GRACE = timedelta(hours=72)


@pytest.fixture
def shelf(yard: Yard, project: SeededProject, developer: str) -> Shelf:
    yard.must_publish(project.id, developer, WHEEL, KEPT)
    return Shelf(yard)


@pytest.fixture
def deleted(shelf: Shelf, project: SeededProject, maintainer: str) -> Shelf:
    """One wheel is in the trash, and an orphan was found."""
    shelf.write(ORPHAN, b"nobody's")
    delete(shelf.yard, project, maintainer)
    assert ORPHAN in shelf.reconcile()
    return shelf


def delete(yard: Yard, project: SeededProject, maintainer: str, built: Built = WHEEL) -> None:
    releases = f"/api/v4/projects/{project.id}/packages/pypi/releases"
    answer = yard.ask("DELETE", f"{releases}/{built.name}/{built.version}", maintainer)
    assert answer.status_code == 204, answer.text


def collector(yard: Yard, later: timedelta = timedelta(), grace: timedelta = GRACE) -> Collector:
    def now() -> datetime:
        return yard.registry.now() + later

    return replace(yard.registry.collector(), now=now, grace=grace)


def test_what_was_deleted_and_what_is_of_nothing_go_after_their_grace(
    deleted: Shelf, project: SeededProject, developer: str
) -> None:
    yard, there = deleted.yard, deleted.keys()

    early = collector(yard, GRACE - timedelta(minutes=5)).run()
    dry = collector(yard, GRACE + timedelta(minutes=5)).run(dry=True)
    assert (early, dry) == (Collected(), Collected(candidates=2))
    assert deleted.keys() == there

    done = collector(yard, GRACE + timedelta(minutes=5)).run()

    # The wheel, its metadata file, and the orphan.
    assert (done.objects, done.candidates, done.brake) == (3, 2, None)
    assert done.size > len(WHEEL.content)
    assert len(deleted.keys()) == 2
    assert yard.listed(project.id, "kept", developer) == [KEPT.filename]
    assert deleted.reconcile() == {}
    assert collector(yard, GRACE * 2).run() == Collected()


@ON_SQLITE
def test_the_same_bytes_that_were_published_again_stay(
    deleted: Shelf, project: SeededProject, developer: str
) -> None:
    deleted.yard.must_publish(project.id, developer, WHEEL)

    collector(deleted.yard, GRACE * 2).run()

    (listed,) = deleted.yard.listing(project.id, WHEEL.name, developer)
    answer = deleted.yard.ask("GET", listed["url"], developer)
    assert answer.data == WHEEL.content


def read_only(yard: Yard) -> None:
    with yard.registry.database.begin() as uow:
        set_mode(uow, SYSTEM, Mode.READ_ONLY, None)


def backing_up(yard: Yard) -> None:
    with yard.registry.database.begin() as uow:
        uow.backups.begin(Target.BUCKET)
        uow.commit()


def missing(yard: Yard) -> None:
    shelf = Shelf(yard)
    yard.registry.blobs.delete(shelf.key_of(KEPT))
    shelf.reconcile()


@ON_SQLITE
@pytest.mark.parametrize(
    ("brake", "says"),
    [(read_only, "read-only"), (backing_up, "backup"), (missing, "1 blobs are missing")],
)
def test_it_brakes(brake: Callable[[Yard], None], says: str, deleted: Shelf) -> None:
    brake(deleted.yard)
    there = deleted.keys()

    done = collector(deleted.yard, timedelta(minutes=1), grace=timedelta()).run()

    assert done.brake is not None
    assert says in done.brake
    assert done.objects == 0
    assert deleted.keys() == there


@ON_SQLITE
def test_more_than_a_fiftieth_of_all_files_waits_for_a_person(
    deleted: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_ALWAYS_FEW", 1)
    late = collector(deleted.yard, GRACE * 2)

    assert "2 blobs want to go" in (late.run().brake or "")
    assert late.run(beyond_limit=True).objects == 3


@ON_SQLITE
def test_a_restored_database_has_its_grace_anew(deleted: Shelf) -> None:
    with deleted.yard.registry.database.begin() as uow:
        assert uow.operating.begin_epoch() == 2
        # Two days after these were found.
        restored = deleted.yard.registry.now() + timedelta(hours=48)
        uow.session.execute(update(OperationRow).values(epoch_began_at=restored))
        uow.commit()

    assert collector(deleted.yard, GRACE + timedelta(hours=1)).run().candidates == 0
    assert collector(deleted.yard, GRACE + timedelta(hours=49)).run().objects == 3


@ON_SQLITE
def test_an_epoch_that_changes_during_a_run_stops_it(deleted: Shelf) -> None:
    yard, settings = deleted.yard, deleted.yard.registry.settings.blobs
    assert isinstance(settings, DirectoryBlobSettings)

    class RestoredMeanwhile(DirectoryBlobStore):
        def size(self, key: str) -> int:
            with yard.registry.database.begin() as uow:
                uow.operating.begin_epoch()
                uow.commit()
            return super().size(key)

    running = replace(collector(yard, GRACE * 2), blobs=RestoredMeanwhile(settings))

    # The first had been decided about.
    assert running.run().objects == 1
    assert len(deleted.keys()) == 4


@ON_SQLITE
def test_only_one_runs_at_a_time(deleted: Shelf) -> None:
    with deleted.yard.registry.database.begin() as uow:
        assert uow.jobs.lease("collect", 3600, timedelta(minutes=1))
        uow.commit()

    done = collector(deleted.yard, GRACE * 2).run()

    assert (done.objects, done.brake) == (0, "Another run has not ended.")


@ON_SQLITE
def test_workers_do_it_and_count(deleted: Shelf) -> None:
    metrics, yard = Metrics("worker", [Part.TASKS]), deleted.yard
    registry = replace(
        yard.registry,
        metrics=metrics,
        now=lambda: yard.registry.now() + GRACE * 2,
    )
    with yard.hand.by(registry):
        assert registry.collector().plan()
        yard.hand.finish(lambda: len(deleted.keys()) == 2)

    with registry.database.snapshot() as uow:
        job = uow.jobs.get("collect")
    assert job is not None
    yard.hand.finish(lambda: "wheelyard_gc_deleted_objects_total 3.0" in shown(metrics))


def shown(metrics: Metrics) -> str:
    return metrics.exposition().decode()


def test_no_file_is_lost_to_a_collector_that_runs_all_the_time(
    shelf: Shelf, project: SeededProject, developer: str, maintainer: str
) -> None:
    """Three threads publish and delete the same bytes under the same names meanwhile."""
    stop, yard = Event(), shelf.yard
    greedy = collector(yard, timedelta(days=1), grace=timedelta())

    def collect_always() -> None:
        while not stop.is_set():
            yard.registry.reconciler().run(lambda _: None)
            greedy.run(beyond_limit=True)

    def publish(name: str) -> None:
        here, built = yard.another_client(), ADistribution().named(name).wheel()
        for _ in range(3):
            here.must_publish(project.id, developer, built)
            (listed,) = here.listing(project.id, name, developer)
            assert here.ask("GET", listed["url"], developer).data == built.content
            delete(here, project, maintainer, built)
        here.must_publish(project.id, developer, built)

    with ThreadPoolExecutor() as threads:
        collecting = threads.submit(collect_always)
        publishing = [threads.submit(publish, f"demo-{number}") for number in range(3)]
        try:
            for published in publishing:
                published.result()
        finally:
            stop.set()
        collecting.result()
    greedy.run(beyond_limit=True)

    # What is listed is there: three new ones, and the two of before.
    assert shelf.reconcile() == {}
    assert len(shelf.keys()) == 10
