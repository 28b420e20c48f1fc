"""Whose signature an attestation bears, by a Sigstore of the tests and its library."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.distributions import ADistribution
from tests.support.sigstore import Json, Signing, Sigstore, changed

from wheelyard_core.adapters.attesting.signatures import SigstoreSignatures
from wheelyard_core.domain.attestations import Attestation, Signer, kept_attestations
from wheelyard_core.domain.errors import InvalidAttestations
from wheelyard_core.ports import TrustRootUnavailable

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
SIGNING = Signing.of(WHEEL)
ACME = Signer(SIGNING.issuer, SIGNING.repository, SIGNING.workflow, {})
ENTRY = ("verification_material", "transparency_entries", 0)
PROOF = (*ENTRY, "inclusionProof")


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture(scope="module")
def signatures(sigstore: Sigstore, tmp_path_factory: pytest.TempPathFactory) -> SigstoreSignatures:
    return SigstoreSignatures(sigstore.write(tmp_path_factory.mktemp("root") / "trusted_root.json"))


def parsed(document: Json) -> Attestation:
    (attestation,) = kept_attestations(json.dumps([document]))
    return attestation


def refusal(signatures: SigstoreSignatures, document: Json) -> str:
    with pytest.raises(InvalidAttestations) as refused:
        signatures.verify(parsed(document), ACME)
    return str(refused.value)


def test_a_good_signature_is_taken(sigstore: Sigstore, signatures: SigstoreSignatures) -> None:
    signatures.verify(parsed(sigstore.attest(SIGNING)), ACME)


GITHUB_ACME = "https://github.com/acme"
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://issuer.example"}, "OIDCIssuerV2 does not match"),
    "another repository": (
        {"repository": f"{GITHUB_ACME}/other"},
        "OIDCSourceRepositoryURI does not match",
    ),
    "a repository that begins alike": (
        {"repository": f"{GITHUB_ACME}/tools-and-more"},
        "OIDCSourceRepositoryURI does not match",
    ),
    "another workflow": (
        {"workflow": f"{GITHUB_ACME}/tools/.github/workflows/test.yml@refs/tags/v1.0"},
        "OIDCBuildConfigURI does not match",
    ),
    "another branch": (
        {"workflow": f"{GITHUB_ACME}/tools/.github/workflows/publish.yml@refs/heads/main"},
        "OIDCBuildConfigURI does not match",
    ),
    "a certificate that had expired": (
        {"logged_after": timedelta(minutes=11)},
        "cert is not valid at validation time",
    ),
    "a certificate that was not valid yet": (
        {"logged_after": timedelta(minutes=-1)},
        "cert is not valid at validation time",
    ),
}


@pytest.mark.parametrize("who", OTHERS)
def test_somebody_elses_signature_is_not(
    sigstore: Sigstore, signatures: SigstoreSignatures, who: str
) -> None:
    fields, reason = OTHERS[who]

    told = refusal(signatures, sigstore.attest(SIGNING, **fields))

    assert reason in told
    assert SIGNING.workflow in told


def _other_signature(document: Json) -> Json:
    other = Sigstore().attest(SIGNING)
    return changed(document, "envelope", "signature", to=other["envelope"]["signature"])


def _other_statement(document: Json) -> Json:
    statement = Signing(WHEEL.filename, hashlib.sha256(b"other").hexdigest()).statement()
    return changed(document, "envelope", "statement", to=base64.b64encode(statement).decode())


def _other_certificate(document: Json) -> Json:
    certificate = Sigstore().attest(SIGNING)["verification_material"]["certificate"]
    return changed(document, "verification_material", "certificate", to=certificate)


def _flipped(*path: str | int) -> Callable[[Json], Json]:
    """Return what changes the last bit of base64 somewhere."""

    def flip(document: Json) -> Json:
        place: Any = document
        for step in path:
            place = place[step]
        raw = bytearray(base64.b64decode(place))
        raw[-1] ^= 1
        return changed(document, *path, to=base64.b64encode(raw).decode())

    return flip


BROKEN: dict[str, tuple[Callable[[Json], Json], str]] = {
    "another signature": (_other_signature, "signature"),
    "a changed signature": (_flipped("envelope", "signature"), "signature"),
    "another statement": (_other_statement, "signature"),
    "another certificate": (_other_certificate, "certificate chain"),
    "a changed certificate": (
        _flipped("verification_material", "certificate"),
        "certificate chain",
    ),
    "no certificate at all": (
        lambda one: changed(one, "verification_material", "certificate", to="AAAA"),
        "invalid X.509 certificate",
    ),
    "a changed root of the log": (_flipped(*PROOF, "rootHash"), "invalid root hash"),
    "a changed path in the log": (_flipped(*PROOF, "hashes", 0), "invalid root hash"),
    "a changed entry": (_flipped(*ENTRY, "canonicalizedBody"), "invalid root hash"),
    "no proof": (lambda one: changed(one, *PROOF, to=None), "transparency log entry"),
    "another log's word": (
        lambda one: changed(
            one,
            *PROOF,
            to=Sigstore().attest(SIGNING)["verification_material"]["transparency_entries"][0][
                "inclusionProof"
            ],
        ),
        "invalid root hash",
    ),
    "no promise, so no time": (
        lambda one: changed(one, *ENTRY, "inclusionPromise", to=None),
        "must contain an inclusion promise",
    ),
    "a changed promise": (
        _flipped(*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
        "invalid inclusion promise",
    ),
    "another time": (
        lambda one: changed(one, *ENTRY, "integratedTime", to=str(int(one_time(one)) + 1)),
        "invalid inclusion promise",
    ),
    "an entry of another kind": (
        lambda one: changed(one, *ENTRY, "kindVersion", "kind", to="hashedrekord"),
        "Unsupported DSSE log entry type",
    ),
}


def one_time(document: Json) -> str:
    return str(document["verification_material"]["transparency_entries"][0]["integratedTime"])


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_broken_proof_is_refused(
    sigstore: Sigstore, signatures: SigstoreSignatures, flaw: str
) -> None:
    change, reason = BROKEN[flaw]

    told = refusal(signatures, change(sigstore.attest(SIGNING)))

    assert reason.lower() in told.lower()
    assert told.isprintable()


def test_another_sigstore_is_not_believed(signatures: SigstoreSignatures) -> None:
    assert "certificate chain" in refusal(signatures, Sigstore().attest(SIGNING))


def test_logs_that_nobody_named_are_not_believed(
    sigstore: Sigstore, signatures: SigstoreSignatures
) -> None:
    stranger = Sigstore()
    unlogged = Sigstore(sigstore.authority, stranger.certificates, sigstore.log, sigstore.now)
    elsewhere = Sigstore(sigstore.authority, sigstore.certificates, stranger.log, sigstore.now)
    for one in (unlogged, elsewhere):
        # The very certificate of the authority, and not another one of the same key.
        one.__dict__["root"] = sigstore.root

    assert "SCT" in refusal(signatures, unlogged.attest(SIGNING))
    assert "checkpoint" in refusal(signatures, elsewhere.attest(SIGNING))


def test_sigstores_public_trust_root_is_there_without_a_setting() -> None:
    public = SigstoreSignatures(None)

    public.check()
    assert "certificate chain" in refusal(public, Sigstore().attest(SIGNING))


def test_a_trust_root_is_read_again_when_it_changed(tmp_path: Path) -> None:
    first, second = Sigstore(), Sigstore()
    path = first.write(tmp_path / "trusted_root.json")
    signatures = SigstoreSignatures(path)
    signatures.verify(parsed(first.attest(SIGNING)), ACME)

    second.write(tmp_path / "next.json").replace(path)

    signatures.verify(parsed(second.attest(SIGNING)), ACME)
    refusal(signatures, first.attest(SIGNING))


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b'{"tlogs": []}', b"\xff"])
def test_a_trust_root_that_cannot_be_read_is_an_outage(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "trusted_root.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(TrustRootUnavailable, match=r"trusted_root\.json"):
        SigstoreSignatures(path).check()


PARTS = st.sampled_from(
    [
        ("verification_material", "certificate"), ENTRY, (*ENTRY, "logId"), (*ENTRY, "logIndex"),
        (*ENTRY, "kindVersion"), (*ENTRY, "integratedTime"), (*ENTRY, "inclusionPromise"),
        (*ENTRY, "canonicalizedBody"), PROOF, (*PROOF, "checkpoint", "envelope"),
        (*PROOF, "hashes"), (*PROOF, "treeSize"), ("envelope", "signature"),
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary().map(lambda raw: base64.b64encode(raw).decode()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(PARTS, VALUES)
@settings(max_examples=150, deadline=None)
def test_nothing_that_is_sent_ends_in_anything_but_a_refusal(
    sigstore: Sigstore, signatures: SigstoreSignatures, path: tuple[str | int, ...], value: object
) -> None:
    try:
        attestation = parsed(changed(sigstore.attest(SIGNING), *path, to=value))
        signatures.verify(attestation, ACME)
    except InvalidAttestations:
        return


def test_no_process_loads_the_library_before_it_is_needed() -> None:
    programs = "wheelyard_api.app, wheelyard_indexer.app, wheelyard_worker.__main__"
    look = f"import sys, {programs}; sys.exit('sigstore' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
