"""Attestations in the way of a file, on both databases: kept with it, gone with it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tests.integration.usecases.conftest import Source, World
from tests.support.distributions import ADistribution, Built
from tests.support.issuer import github
from tests.support.sigstore import GITHUB, Signing, Sigstore

from wheelyard_core.adapters.attesting.signatures import SigstoreSignatures
from wheelyard_core.adapters.db.models import FileAttestations
from wheelyard_core.domain.attestations import AttestationPolicy, parse_attestations, text_of
from wheelyard_core.domain.audit import AgentKind
from wheelyard_core.domain.catalogue import Publisher, Upload, UploadStatus
from wheelyard_core.domain.digests import Digester
from wheelyard_core.domain.issuers import Issuer, Preset
from wheelyard_core.domain.releases import ReleaseName
from wheelyard_core.domain.trusted import Identity
from wheelyard_core.usecases.administer_projects import remove_project
from wheelyard_core.usecases.receive import Candidate
from wheelyard_core.usecases.run_promise import MAX_ATTEMPTS, Outcome

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
OTHER = ADistribution().named("Demo.Pkg", "1.0").described("other bytes").wheel()
IDENTITY = Identity.of(Issuer(GITHUB, Preset.GITHUB), github(), [])
PUBLISHER = Publisher(
    None, None, IDENTITY.name, kind=AgentKind.TRUSTED_PUBLISHER, identity=IDENTITY
)


@pytest.fixture
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture
def trusted_root(sigstore: Sigstore, tmp_path: Path) -> Path:
    return sigstore.write(tmp_path / "trusted_root.json")


@pytest.fixture
def attesting(world: World, trusted_root: Path) -> World:
    """A world that believes the Sigstore, and a project that verifies."""
    signatures = SigstoreSignatures(trusted_root)
    project = replace(world.project, attestation_policy=AttestationPolicy.VERIFY)
    return replace(world, registry=replace(world.registry, signatures=signatures), project=project)


def receive(world: World, built: Built, attestations: str) -> str:
    """Have a pipeline's file received with its attestations; return the upload."""
    candidate = Candidate(
        world.project,
        world.candidate(built).filename,
        PUBLISHER,
        world.candidate(built).actor,
        text_of(parse_attestations(attestations)),
    )
    receiver, digester = world.registry.receiver(), Digester()
    digester.update(built.content)
    upload = receiver.admit(candidate, built.sha256, None)
    assert isinstance(upload, Upload)
    world.registry.blobs.put(upload.blob_key, Source(built.content), None)
    received = digester.size, digester.digests()
    receiver.record(candidate, upload, received, lambda _: candidate.actor, None)
    return upload.id


@contextmanager
def rows(world: World) -> Iterator[Session]:
    with Session(world.registry.database.engine) as session:
        yield session


def kept(world: World) -> int:
    with rows(world) as session:
        return session.scalar(select(func.count()).select_from(FileAttestations)) or 0


def provenance(world: World) -> object:
    with world.registry.database.snapshot() as uow:
        found = uow.attestations.to_serve(
            [world.project.id], ReleaseName("demo-pkg", "1"), WHEEL.filename
        )
    return None if found is None else json.loads(found.provenance())


def status(world: World, upload_id: str) -> tuple[UploadStatus, tuple[str, ...]]:
    with world.registry.database.snapshot() as uow:
        upload = uow.uploads.get(upload_id)
    assert upload is not None
    return upload.status, upload.errors


def test_a_file_and_its_provenance_are_there_together(attesting: World, sigstore: Sigstore) -> None:
    receive(attesting, WHEEL, sigstore.form(Signing.of(WHEEL)))
    before = provenance(attesting)

    attesting.do_all()

    page = attesting.registry.pages().package(attesting.project.id, "demo-pkg")
    assert page is not None
    assert before is None
    assert isinstance(after := provenance(attesting), dict)
    assert after["attestation_bundles"][0]["publisher"]["repository"] == "acme/tools"
    assert b'"provenance":"http://yard.example/' in page.json.identity


@pytest.mark.parametrize("point", ["verify-claimed", "metadata-stored", "publishing", "published"])
def test_a_worker_that_dies_leaves_all_that_the_next_one_needs(
    attesting: World, sigstore: Sigstore, point: str
) -> None:
    def die(reached: str) -> None:
        if reached == point:
            raise MemoryError

    upload_id = receive(attesting, WHEEL, sigstore.form(Signing.of(WHEEL)))
    [promise] = attesting.promised
    first = attesting.do(promise, replace(attesting.registry, reach=die))

    attesting.do_all()

    assert first is Outcome.FAILURE

    assert status(attesting, upload_id) == (UploadStatus.PUBLISHED, ())
    assert isinstance(provenance(attesting), dict)


def test_a_refused_file_leaves_no_attestations(attesting: World, sigstore: Sigstore) -> None:
    upload_id = receive(attesting, WHEEL, sigstore.form(Signing.of(OTHER)))
    assert kept(attesting) == 1

    attesting.do_all()

    refused, problems = status(attesting, upload_id)
    assert refused is UploadStatus.REJECTED
    assert OTHER.sha256 in problems[0]
    assert (kept(attesting), attesting.blobs()) == (0, [])


def test_a_project_takes_its_attestations_along(attesting: World, sigstore: Sigstore) -> None:
    receive(attesting, WHEEL, sigstore.form(Signing.of(WHEEL)))
    attesting.do_all()

    with attesting.registry.database.begin() as uow:
        remove_project(uow, attesting.project.id)
        uow.commit()

    assert kept(attesting) == 0


def test_the_trash_is_emptied_of_attestations_too(attesting: World, sigstore: Sigstore) -> None:
    receive(attesting, WHEEL, sigstore.form(Signing.of(WHEEL)))
    attesting.do_all()
    with attesting.registry.database.begin() as uow:
        file = uow.files.named(attesting.project.id, WHEEL.filename)
        release = uow.releases.named(attesting.project.id, ReleaseName("demo-pkg", "1"))
        assert file is not None
        assert release is not None
        uow.releases.delete(release, None)
        uow.commit()
    in_the_trash = kept(attesting)

    with attesting.registry.database.begin() as uow:
        later = attesting.registry.now() + timedelta(days=1)
        purged = [uow.collecting.purge(file.id, later) for _ in range(2)]
        uow.commit()

    assert purged == [True, False]
    assert (in_the_trash, kept(attesting)) == (1, 0)


def test_a_file_waits_for_a_trust_root_that_cannot_be_read(
    attesting: World, sigstore: Sigstore, trusted_root: Path
) -> None:
    upload_id = receive(attesting, WHEEL, sigstore.form(Signing.of(WHEEL)))
    [promise] = attesting.promised
    trusted_root.unlink()

    outcomes = {attesting.do(promise) for _ in range(MAX_ATTEMPTS + 1)}

    assert outcomes == {Outcome.RETRY}
    assert status(attesting, upload_id)[0] is UploadStatus.RECEIVED
    assert "trusted_root.json" in str(attesting.failures[0])
    sigstore.write(trusted_root)
    attesting.do_all()
    assert status(attesting, upload_id) == (UploadStatus.PUBLISHED, ())
