"""Attestations (PEP 740): what an upload may bring, whose they must be, and how they are served.

Here is their form. Whether somebody known signed one is the question of `ports.Signatures`.
"""

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from wheelyard_core.domain.errors import InvalidAttestations
from wheelyard_core.domain.issuers import Preset
from wheelyard_core.domain.trusted import Identity
from wheelyard_core.domain.wording import quoted

# One takes some eight thousand characters.
LONGEST: Final = 128 << 10
# Of a file's name in a statement; a longer one could stand for thousands of tags.
_LONGEST_NAME: Final = 255
_STATEMENT: Final = "https://in-toto.io/Statement/v1"


class AttestationPolicy(StrEnum):
    """What a project makes of attestations."""

    # They are ignored.
    OFF = "off"
    # Those that come are verified.
    VERIFY = "verify"
    # A file without any is refused, too.
    REQUIRE = "require"


class Predicate(StrEnum):
    """What an attestation says of a file; PyPI takes these, one of each.

    They are names (PEP 740, SLSA), compared as text: nobody is asked there.
    """

    PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
    PROVENANCE = "https://slsa.dev/provenance/v1"


@dataclass(frozen=True, slots=True)
class Statement:
    """The signed part of an attestation: *predicate* is said of one file."""

    predicate: Predicate
    name: str
    sha256: str

    @classmethod
    def parse(cls, raw: bytes) -> "Statement":
        """Read an in-toto statement. Raises InvalidAttestations."""
        found = _json(raw, "the statement in one")
        if not isinstance(found, dict) or found.get("_type") != _STATEMENT:
            _malformed(f"the statement in one is not of the type {_STATEMENT}")
        kind, subjects = found.get("predicateType"), found.get("subject")
        if not isinstance(kind, str) or kind not in set(Predicate):
            shown = quoted(kind) if isinstance(kind, str) else "of no kind"
            _malformed(f"what one says is {shown}, and not one of {', '.join(Predicate)}")
        name, sha256 = _subject(subjects)
        return cls(Predicate(kind), name, sha256)

    def require_about(self, filename: str, sha256: str) -> None:
        """Raise InvalidAttestations unless it is about this file.

        Names are compared by what they mean, as on PyPI.
        """
        meaning = _meaning(self.name)
        if self.name != filename and (meaning is None or meaning != _meaning(filename)):
            raise InvalidAttestations(f"an attestation is about {quoted(self.name)}, another file")
        if self.sha256 != sha256:
            raise InvalidAttestations(
                f"an attestation is about other bytes, with the sha256 {quoted(self.sha256)}"
            )


@dataclass(frozen=True, slots=True)
class Attestation:
    """One attestation as PEP 740 has it, of its known fields."""

    statement: Statement
    document: Mapping[str, object]


def parse_attestations(text: str) -> tuple[Attestation, ...]:
    """Read a form's `attestations`. Raises InvalidAttestations."""
    if len(text) > LONGEST:
        raise InvalidAttestations(f"attestations take more than {LONGEST} characters")
    if not text:
        return ()
    found = _json(text, "the field")
    if not isinstance(found, list):
        _malformed("the field is not a JSON list")
    if len(found) > len(Predicate):
        raise InvalidAttestations(
            f"attestations has {len(found)} of them, and a file may have {len(Predicate)}"
        )
    attestations = tuple(_attestation(one) for one in found)
    for kind in Predicate:
        if sum(one.statement.predicate is kind for one in attestations) > 1:
            raise InvalidAttestations(f"attestations has two of the kind {kind.value}")
    return attestations


def kept_attestations(text: str) -> tuple[Attestation, ...]:
    """Return what `text_of` gave. What is kept was parsed before."""
    return tuple(_attestation(one) for one in json.loads(text))


def text_of(attestations: Collection[Attestation]) -> str | None:
    """Return attestations as they are kept; None without any."""
    documents = [one.document for one in attestations]
    return json.dumps(documents, separators=(",", ":"), allow_nan=False) if documents else None


@dataclass(frozen=True, slots=True)
class Attested:
    """The attestations of a published file, as they are kept, and who made them."""

    identity: Identity
    text: str

    def provenance(self) -> bytes:
        """Return the provenance object, as PyPI serves it."""
        publisher = Signer.of(self.identity).publisher
        bundle = {"publisher": publisher, "attestations": json.loads(self.text)}
        return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature counts: what a certificate must say of its issuer, repository and workflow.

    *publisher* names the same in the words of PyPI's provenance objects.
    """

    issuer: str
    repository: str
    workflow: str
    publisher: Mapping[str, str | None]

    @classmethod
    def of(cls, identity: Identity) -> "Signer":
        """Return the signer that a trusted publisher is. Raises InvalidAttestations."""
        if identity.preset is Preset.GITHUB:
            return _github(identity)
        if identity.preset is Preset.GITLAB:
            return _gitlab(identity)
        raise InvalidAttestations(
            f"attestations by {identity.name} cannot be verified: only those by pipelines of GitHub"
            " and GitLab can"
        )


def _github(identity: Identity) -> Signer:
    reference = _claim(identity, "workflow_ref")
    path = reference.partition("@")[0]
    publisher = {
        "repository": identity.subject,
        "workflow": path.removeprefix(f"{identity.subject}/.github/workflows/"),
        "environment": identity.claims.get("environment"),
    }
    server = identity.server
    if server == "https://github.com":
        kind: dict[str, str | None] = {"kind": "GitHub"}
    else:
        kind = {"kind": "GitHub Enterprise", "server": server}
    return Signer(
        identity.issuer, f"{server}/{identity.subject}", f"{server}/{reference}", kind | publisher
    )


def _gitlab(identity: Identity) -> Signer:
    reference = _claim(identity, "ci_config_ref_uri")
    path = reference.partition("//")[2].partition("@")[0]
    publisher = {
        "repository": identity.subject,
        "workflow_filepath": path,
        "environment": identity.claims.get("environment"),
    }
    server = identity.server
    if server == "https://gitlab.com":
        kind: dict[str, str | None] = {"kind": "GitLab"}
    else:
        kind = {"kind": "GitLab Self-Managed", "server": server}
    # The claim has no scheme, and certificates always say https.
    return Signer(
        identity.issuer, f"{server}/{identity.subject}", f"https://{reference}", kind | publisher
    )


def _claim(identity: Identity, name: str) -> str:
    value = identity.claims.get(name)
    if value is None:
        raise InvalidAttestations(
            f"attestations cannot be verified: the token of {identity.name} has no {name}"
        )
    return value


def _attestation(found: object) -> Attestation:
    """Take an attestation apart, and leave out what is unknown."""
    if not isinstance(found, dict) or type(found.get("version")) is not int:
        _malformed("one is not an object with a version")
    if found["version"] != 1:
        _malformed("one is not of version 1")
    material, envelope = _object(found, "verification_material"), _object(found, "envelope")
    entries = material.get("transparency_entries")
    # Only the first of several could be verified.
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        _malformed("transparency_entries of one is not a list of one object")
    _decoded(material, "certificate")
    _decoded(envelope, "signature")
    document = {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"],
            "transparency_entries": entries,
        },
        "envelope": {"statement": envelope.get("statement"), "signature": envelope["signature"]},
    }
    return Attestation(Statement.parse(_decoded(envelope, "statement")), document)


def _object(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = found.get(name)
    if not isinstance(value, dict):
        _malformed(f"{name} of one is not an object")
    return value


def _decoded(found: Mapping[str, object], name: str) -> bytes:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        _malformed(f"{name} of one is missing")
    try:
        # PyPI's library takes line breaks, which clients once wrote.
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        _malformed(f"{name} of one is not in base64")


def _subject(subjects: object) -> tuple[str, str]:
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        _malformed("the statement in one is not about exactly one file")
    name, digests = subjects[0].get("name"), subjects[0].get("digest")
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(name, str) or not isinstance(sha256, str):
        _malformed("the statement in one does not say the name and the sha256 of its file")
    return name, sha256


def _meaning(filename: str) -> Sequence[object] | None:
    """Return what a file's name says; None for what is none."""
    if len(filename) > _LONGEST_NAME:
        return None
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _json(text: str | bytes, what: str) -> object:
    try:
        found: object = json.loads(text, parse_constant=_no_number)
        # What cannot be written again (a number out of all range) is none, either.
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError):
        _malformed(f"{what} cannot be read as JSON")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _malformed(why: str) -> NoReturn:
    raise InvalidAttestations(f"attestations are malformed: {why}")
