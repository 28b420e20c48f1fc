"""A Sigstore of the tests: an authority, its log of certificates, and a log of signatures.

What it makes, Sigstore's own library verifies by the `trusted_root.json` that it gives: nothing is
left out, and no network is needed.
"""

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pypi_attestations import AttestationType
from tests.support.distributions import Built

# As whoever signs has them; ours are compared with these.
PUBLISH = AttestationType.PYPI_PUBLISH_V1.value
PROVENANCE = AttestationType.SLSA_PROVENANCE_V1.value
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_FULCIO = "1.3.6.1.4.1.57264.1"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256 = ec.ECDSA(hashes.SHA256())
# RFC 5246's numbers of SHA-256 and ECDSA.
_SHA256_ECDSA = b"\x04\x03"

Json = dict[str, Any]


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


@dataclass(frozen=True)
class Signing:
    """What is signed and by whom; the default is what GitHub's `acme/tools` would publish."""

    filename: str
    sha256: str
    predicate: str = PUBLISH
    issuer: str = GITHUB
    repository: str = "https://github.com/acme/tools"
    workflow: str = "https://github.com/acme/tools/.github/workflows/publish.yml@refs/tags/v1.0"
    # How long after its certificate was made the signature was logged; it is good for ten minutes.
    logged_after: timedelta = timedelta(seconds=5)

    @classmethod
    def of(cls, built: Built, **changed: Any) -> Self:
        return replace(cls(built.filename, built.sha256), **changed)

    def statement(self) -> bytes:
        return json.dumps(
            {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": self.filename, "digest": {"sha256": self.sha256}}],
                "predicateType": self.predicate,
                "predicate": None if self.predicate == PUBLISH else {"buildDefinition": {}},
            }
        ).encode()


@dataclass
class Sigstore:
    """The keys of one instance."""

    authority: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @cached_property
    def root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore of the tests")])
        public = self.authority.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def trusted_root(self) -> Json:
        period = {"start": (self.now - timedelta(days=1)).isoformat()}

        def log(key: ec.EllipticCurvePrivateKey) -> Json:
            return {
                "baseUrl": "https://log.invalid",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": _b64(_spki(key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": period,
                },
                "logId": {"keyId": _b64(_id(key))},
            }

        certificate = _b64(self.root.public_bytes(serialization.Encoding.DER))
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "tests", "commonName": "authority"},
                    "uri": "https://authority.invalid",
                    "certChain": {"certificates": [{"rawBytes": certificate}]},
                    "validFor": period,
                }
            ],
            "ctlogs": [log(self.certificates)],
            "timestampAuthorities": [],
        }

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(self.trusted_root()), encoding="utf-8")
        return path

    def attest(self, signing: Signing, **changed: Any) -> Json:
        """Return an attestation."""
        signing = replace(signing, **changed)
        key = _key()
        certificate = self._certificate(key, signing)
        statement = signing.statement()
        signature = key.sign(_pre_authenticated(statement), _SHA256)
        entry = self._entry(
            _body(statement, signature, certificate), self.now + signing.logged_after
        )
        return {
            "version": 1,
            "verification_material": {
                "certificate": _b64(certificate.public_bytes(serialization.Encoding.DER)),
                "transparency_entries": [entry],
            },
            "envelope": {"statement": _b64(statement), "signature": _b64(signature)},
        }

    def form(self, *signings: Signing) -> str:
        """Return a form's field with an attestation of each."""
        return json.dumps([self.attest(one) for one in signings])

    def _certificate(self, key: ec.EllipticCurvePrivateKey, signing: Signing) -> x509.Certificate:
        claims = {"8": signing.issuer, "12": signing.repository, "18": signing.workflow}
        public = key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now)
            .not_valid_after(self.now + timedelta(minutes=10))
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()),
                critical=False,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(signing.workflow)]),
                critical=True,
            )
        )
        for number, text in claims.items():
            oid = x509.ObjectIdentifier(f"{_FULCIO}.{number}")
            value = x509.UnrecognizedExtension(oid, _der(0x0C, text.encode()))
            builder = builder.add_extension(value, critical=False)
        # The log of certificates signs one without its own promise.
        logged = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        promise = x509.UnrecognizedExtension(_SCTS, _der(0x04, self._promise(logged)))
        return builder.add_extension(promise, critical=False).sign(self.authority, hashes.SHA256())

    def _promise(self, certificate: bytes) -> bytes:
        """Return a list of one timestamp of the log of certificates (RFC 6962, 3.2 and 3.3)."""
        moment = struct.pack("!Q", int(self.now.timestamp() * 1000))
        entry = _id(self.authority) + len(certificate).to_bytes(3, "big") + certificate
        signed = b"\0\0" + moment + b"\0\1" + entry + b"\0\0"
        signature = self.certificates.sign(signed, _SHA256)
        stamp = b"\0" + _id(self.certificates) + moment + b"\0\0" + _SHA256_ECDSA + _long(signature)
        return _long(_long(stamp))

    def _entry(self, body: bytes, logged_at: datetime) -> Json:
        """Return what the log of signatures says of an entry, its second one."""
        first = hashlib.sha256(b"\0the first entry").digest()
        leaf = hashlib.sha256(b"\0" + body).digest()
        root = hashlib.sha256(b"\1" + first + leaf).digest()
        note = f"log.invalid - 1\n2\n{_b64(root)}\n"
        hint = _id(self.log)[:4]
        signed_note = _b64(hint + self.log.sign(note.encode(), _SHA256))
        moment = int(logged_at.timestamp())
        promised = rfc8785.dumps(
            {
                "body": _b64(body),
                "integratedTime": moment,
                "logID": _id(self.log).hex(),
                "logIndex": 1,
            }
        )
        return {
            "logIndex": "1",
            "logId": {"keyId": _b64(_id(self.log))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self.log.sign(promised, _SHA256))},
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": _b64(root),
                "treeSize": "2",
                "hashes": [_b64(first)],
                "checkpoint": {"envelope": f"{note}\n\N{EM DASH} log.invalid {signed_note}\n"},
            },
            "canonicalizedBody": _b64(body),
        }


def changed(attestation: Mapping[str, Any], *path: str | int, to: object) -> Json:
    """Return a copy with another value at the end of a path."""
    copy: Json = json.loads(json.dumps(attestation))
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return copy


def _body(statement: bytes, signature: bytes, certificate: x509.Certificate) -> bytes:
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return rfc8785.dumps(
        {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(statement).hexdigest(),
                },
                "signatures": [{"signature": _b64(signature), "verifier": _b64(pem)}],
            },
        }
    )


def _pre_authenticated(payload: bytes) -> bytes:
    """Return what a DSSE envelope's signature is about."""
    kind = _PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _long(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
