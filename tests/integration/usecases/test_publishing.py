"""From received to published or rejected, on both databases."""

import random
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from tests.integration.usecases.conftest import Source, World
from tests.support.distributions import ADistribution
from tests.support.hostile import HOSTILE

from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.catalogue import Upload, UploadStatus
from wheelyard_core.domain.errors import FileAlreadyExists
from wheelyard_core.domain.work import Promise, Task
from wheelyard_core.ports import BlobReader, BlobStore, StorageUnavailable
from wheelyard_core.usecases import run_promise as runner
from wheelyard_core.usecases.crash_points import nothing_happens
from wheelyard_core.usecases.delete import Target
from wheelyard_core.usecases.first_run import FirstRun, first_run
from wheelyard_core.usecases.page_changes import await_page
from wheelyard_core.usecases.receive import Receipt, await_verdict
from wheelyard_core.usecases.run_promise import MAX_ATTEMPTS, Outcome
from wheelyard_core.usecases.sweep import Cleaner, sweep_outbox

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
OTHER = ADistribution().named("Demo.Pkg", "1.0").with_member("demo_more.py", b"x = 1\n").wheel()


class StoreAway:
    """A blob store that is away."""

    def __init__(self, real: BlobStore) -> None:
        self._real = real

    def open(self, key: str, start: int = 0, length: int | None = None) -> BlobReader:
        raise StorageUnavailable(f"away: {key} {start} {length}")

    def delete(self, key: str) -> None:
        raise StorageUnavailable(f"away: {key}")

    def put(self, key: str, content: object, size: int | None) -> None:
        raise StorageUnavailable(f"away: {key} {content} {size}")

    def size(self, key: str) -> int:
        return self._real.size(key)

    def keys(self, prefix: str) -> Iterator[str]:
        return self._real.keys(prefix)

    def presigned_url(self, key: str, filename: str | None, seconds: int) -> str | None:
        return self._real.presigned_url(key, filename, seconds)

    def check(self) -> None:
        raise StorageUnavailable("away")


def test_a_file_is_published_when_its_upload_is_told(world: World) -> None:
    receipt = world.receive(WHEEL)
    before = await_verdict(world.registry.database, world.registry.verdicts, receipt.upload_id, 0.0)

    outcomes = world.do_all()

    after = await_verdict(
        world.registry.database, world.registry.verdicts, receipt.upload_id, monotonic() + 5
    )
    assert (before, after) == (UploadStatus.VERIFYING, UploadStatus.PUBLISHED)
    assert outcomes == [Outcome.SUCCESS, Outcome.SUCCESS]
    page = world.registry.pages().package(world.project.id, "demo-pkg")
    assert page is not None
    assert WHEEL.sha256.encode() in page.json.identity
    assert b"Demo.Pkg" in world.registry.pages().root(world.project.id).json.identity


def test_a_file_is_being_verified_while_a_worker_has_its_message(world: World) -> None:
    receipt = world.receive(WHEEL)
    [verify] = world.promised

    def status() -> str:
        with world.registry.database.snapshot() as uow:
            upload = uow.uploads.get(receipt.upload_id)
        assert upload is not None
        return upload.status.value

    seen = [status()]
    with world.registry.database.begin() as uow:
        claim = uow.outbox.claim(verify.message_id)
        uow.commit()
    seen.append(status())
    assert claim is not None
    with world.registry.database.begin() as uow:
        uow.outbox.release(claim, "no", timedelta(0), forgive=True)
        uow.commit()
    seen.append(status())
    world.do_all()
    seen.append(status())

    assert seen == ["received", "verifying", "received", "published"]


def test_the_metadata_file_is_stored_beside_a_wheel(world: World) -> None:
    world.publish(WHEEL)

    with world.registry.database.snapshot() as uow:
        stored = uow.files.to_serve(frozenset({world.project.id}), WHEEL.sha256, WHEEL.filename)
    assert stored is not None
    with world.registry.blobs.open(stored.metadata_key) as content:
        metadata = content.read()
    assert metadata.startswith(b"Metadata-Version:")
    assert stored.metadata_size == len(metadata)


def test_the_same_bytes_again_are_nothing_new(world: World) -> None:
    first = world.publish(WHEEL)

    again = world.receive(WHEEL)

    assert again == Receipt(first.upload_id, repeated=True)
    assert len(world.blobs()) == 2  # the wheel and its metadata


def test_other_bytes_under_a_name_in_use_are_refused(world: World) -> None:
    world.publish(WHEEL)

    with pytest.raises(FileAlreadyExists, match="already been taken"):
        world.receive(OTHER)


def test_of_two_stored_files_of_one_name_the_first_row_wins(world: World) -> None:
    first, second, same = world.store(WHEEL), world.store(OTHER), world.store(WHEEL)
    assert isinstance(first, Upload)
    assert isinstance(second, Upload)
    assert isinstance(same, Upload)

    world.record(WHEEL, first)

    with pytest.raises(FileAlreadyExists):
        world.record(OTHER, second)
    assert world.record(WHEEL, same) == Receipt(first.id, repeated=True)
    assert world.blobs() == sorted([first.blob_key, second.blob_key])


def test_names_of_deleted_files_stay_taken_where_they_are_burned(world: World) -> None:
    world.publish(WHEEL)
    first_release = Target(world.project.id, 1)
    deleted = world.registry.deleter()(first_release, lambda _uow: Anonymous())
    world.do_all()
    assert await_page(world.registry.database, world.registry.verdicts, deleted, 5)

    burning = replace(world.registry.receiver(), burn=True)
    with pytest.raises(FileAlreadyExists, match="deleted files"):
        burning.admit(world.candidate(OTHER), OTHER.sha256, None)
    assert isinstance(burning.admit(world.candidate(WHEEL), WHEEL.sha256, None), Upload)
    assert isinstance(world.store(OTHER), Upload)


def test_a_refused_file_leaves_its_verdict_and_nothing_else(world: World) -> None:
    hostile = next(case for case in HOSTILE if case.built.filename.endswith(".whl"))
    receipt = world.receive(hostile.built)

    world.do_all()

    verdict = await_verdict(world.registry.database, world.registry.verdicts, receipt.upload_id, 0)
    with world.registry.database.snapshot() as uow:
        upload = uow.uploads.get(receipt.upload_id)
        row = uow.files.named(world.project.id, hostile.built.filename)
    assert verdict is UploadStatus.REJECTED
    assert upload is not None
    assert upload.errors
    assert row is None
    assert world.blobs() == []


def test_bytes_that_changed_in_the_store_are_never_published(world: World) -> None:
    upload = world.store(WHEEL)
    assert isinstance(upload, Upload)
    world.record(WHEEL, upload)
    world.registry.blobs.put(upload.blob_key, Source(OTHER.content), None)

    world.do_all()

    with world.registry.database.snapshot() as uow:
        after = uow.uploads.get(upload.id)
    assert after is not None
    assert after.status is UploadStatus.REJECTED
    assert "not those received" in after.errors[0]


def test_work_is_safe_to_repeat_and_to_come_late(world: World) -> None:
    world.receive(WHEEL)
    verify = world.promised[0]
    world.do_all()

    assert world.do(verify) is Outcome.SKIPPED
    with world.registry.database.begin() as uow:
        stored = uow.files.named(world.project.id, WHEEL.filename)
        assert stored is not None
        uow.outbox.promise(Task.VERIFY, file_id=stored.id)
        uow.outbox.promise(Task.VERIFY, file_id=999_999)
        uow.outbox.promise(Task.INDEX, project_id=world.project.id, package="unknown")
        uow.commit()
    assert world.do_all() == [Outcome.SUCCESS] * 3


def test_a_message_that_always_fails_is_set_aside_and_its_upload_failed(world: World) -> None:
    upload = world.store(WHEEL)
    assert isinstance(upload, Upload)
    world.record(WHEEL, upload)
    world.registry.blobs.delete(upload.blob_key)
    promise = world.promised.pop()

    outcomes = [world.do(promise) for _ in range(MAX_ATTEMPTS)]

    assert outcomes == [Outcome.FAILURE] * (MAX_ATTEMPTS - 1) + [Outcome.SET_ASIDE]
    assert len(world.failures) == MAX_ATTEMPTS
    database, verdicts = world.registry.database, world.registry.verdicts
    assert await_verdict(database, verdicts, upload.id, monotonic() + 1) is UploadStatus.FAILED
    with database.begin() as uow:
        aside = uow.outbox.list_set_aside()
        assert uow.outbox.replay(aside[0].message_id)
        assert not uow.outbox.replay(999_999)
    assert "BlobNotFound" in aside[0].last_error


def test_an_outage_makes_no_message_poison(world: World) -> None:
    world.receive(WHEEL)
    away = replace(world.registry, blobs=StoreAway(world.registry.blobs))
    promise = world.promised[0]

    outcomes = [world.do(promise, away) for _ in range(MAX_ATTEMPTS + 2)]

    assert outcomes == [Outcome.RETRY] * (MAX_ATTEMPTS + 2)
    assert world.do_all() == [Outcome.SUCCESS, Outcome.SUCCESS]


def test_a_spool_without_room_makes_no_message_poison(world: World, tmp_path: Path) -> None:
    world.receive(ADistribution().with_member("noise.bin", random.randbytes(9 << 20)).wheel())
    settings = world.registry.settings
    limits = replace(settings.limits, spool=tmp_path / "gone")
    full = replace(world.registry, settings=replace(settings, limits=limits))
    promise = world.promised[0]

    outcomes = [world.do(promise, full) for _ in range(MAX_ATTEMPTS + 2)]

    assert outcomes == [Outcome.RETRY] * (MAX_ATTEMPTS + 2)
    assert world.do_all() == [Outcome.SUCCESS, Outcome.SUCCESS]


def test_a_message_whose_workers_all_died_is_set_aside(world: World) -> None:
    with world.registry.database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="files/none")
        uow.commit()
    promise = world.promised[0]
    for _ in range(MAX_ATTEMPTS):
        with world.registry.database.begin() as uow:
            claim = uow.outbox.claim(promise.message_id)
            assert claim is not None
            assert uow.outbox.claim(promise.message_id) is None
            uow.outbox.release(claim, "died", timedelta(0), forgive=False)
            uow.commit()

    assert world.do(promise) is Outcome.SET_ASIDE


def test_the_lease_is_renewed_while_work_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_RENEW_EVERY", 0.02)
    with world.registry.database.begin() as uow:
        uow.outbox.promise(Task.DISCARD, blob_key="files/none")
        uow.commit()
    promise = world.promised[0]
    with world.registry.database.begin() as uow:
        claim = uow.outbox.claim(promise.message_id)
        assert claim is not None
        assert uow.outbox.renew(claim.message_id, claim.attempt)
        assert not uow.outbox.renew(claim.message_id, claim.attempt + 1)
        uow.outbox.release(claim, "again", timedelta(0), forgive=True)
        uow.commit()

    def slow(_claim: object) -> None:
        time.sleep(0.2)

    outcome, _ = runner.run_promise(
        world.registry.database,
        {Task.DISCARD: slow},
        promise.message_id,
        lambda _claim, _error: None,
        lambda _claim, _error: None,
    )

    assert outcome is Outcome.SUCCESS


def test_the_sweep_sends_lost_work_again(world: World) -> None:
    class Sent:
        def __init__(self) -> None:
            self.promises: list[Promise] = []

        def send(self, promised: Sequence[Promise]) -> bool:
            self.promises.extend(promised)
            return True

        def covered(self, _waiting: Mapping[Task, int]) -> Collection[Task]:
            return ()

    world.receive(WHEEL)
    lost = world.promised.pop()
    with world.registry.database.begin() as uow:
        claim = uow.outbox.claim(lost.message_id)
        assert claim is not None
        uow.outbox.release(claim, "lost", timedelta(seconds=-1), forgive=True)
        uow.commit()
    sent = Sent()

    assert sweep_outbox(world.registry.database, sent) == 1
    assert sweep_outbox(world.registry.database, sent) == 0
    assert [promise.message_id for promise in sent.promises] == [lost.message_id]


def test_the_blob_of_a_broken_upload_is_swept(world: World) -> None:
    upload = world.store(WHEEL)
    assert isinstance(upload, Upload)
    database = world.registry.database
    now = world.registry.now()

    year = timedelta(days=365)
    slow = Cleaner(database, timedelta(hours=1), year)
    fast = Cleaner(database, timedelta(0), year)

    assert slow.clean_uploads(now) == 0
    assert fast.clean_uploads(now + timedelta(minutes=1)) == 1
    world.do_all()
    assert world.blobs() == []


def test_the_sweep_does_not_wait_for_a_store_that_is_away(world: World) -> None:
    world.store(WHEEL)
    away = replace(world.registry, blobs=StoreAway(world.registry.blobs))

    assert away.cleaner().clean_uploads(away.now() + timedelta(days=1)) == 1

    assert away.cleaner().clean_uploads(away.now() + timedelta(days=1)) == 0
    assert world.do(world.promised[0], away) is Outcome.RETRY
    assert world.do_all() == [Outcome.SUCCESS]
    assert world.blobs() == []


def test_verdicts_are_forgotten_after_thirty_days(world: World) -> None:
    receipt = world.publish(WHEEL)
    cleaner = world.registry.cleaner()
    now = world.registry.now()

    assert cleaner.forget_verdicts(now + timedelta(days=29)) == 0
    assert cleaner.forget_verdicts(now + timedelta(days=31)) == 1
    with world.registry.database.snapshot() as uow:
        assert uow.uploads.get(receipt.upload_id) is None


def test_an_unknown_upload_is_no_success(world: World) -> None:
    database, verdicts = world.registry.database, world.registry.verdicts

    assert await_verdict(database, verdicts, "no-such-upload", 0) is UploadStatus.FAILED


def test_a_first_run_happens_once(world: World) -> None:
    database, peppers = world.registry.database, world.registry.peppers()
    kept: list[FirstRun] = []

    assert first_run(database, peppers, kept.append, nothing_happens)
    assert not first_run(database, peppers, kept.append, nothing_happens)

    [created] = kept
    assert "WHEELYARD_URL=http://x\n" in created.as_file("http://x")


def test_a_crash_point_kills_its_process_once(tmp_path: object) -> None:
    program = (
        "from pathlib import Path; from wheelyard_core.usecases.crash_points import die_once_at\n"
        f"reach = die_once_at('here', Path({str(tmp_path)!r}) / 'marker')\n"
        "reach('elsewhere'); reach('here'); print('alive')\n"
    )

    runs = [subprocess.run([sys.executable, "-c", program], check=False) for _ in range(2)]

    assert [run.returncode for run in runs] == [-9, 0]
    nothing_happens("anywhere")
