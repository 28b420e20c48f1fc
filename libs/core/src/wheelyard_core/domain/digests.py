"""Digests of content: computed while bytes pass, compared with what an uploader declared.

SHA-256 is the identity of a blob; MD5 and BLAKE2b-256 are here because clients send them.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, fields

from wheelyard_core.domain.errors import InvalidDigest

_HEXADECIMAL = re.compile(r"[0-9a-f]+", re.ASCII)
_MD5_LENGTH = 32
_256_BIT_LENGTH = 64
_LABELS = {"sha256": "sha256_digest", "md5": "md5_digest", "blake2b": "blake2_256_digest"}


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of one content, in lower-case hexadecimal."""

    sha256: str
    md5: str
    blake2b: str


class Digester:
    """Computes all digests and the size of a content that is fed piece by piece."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._blake2b = hashlib.blake2b(digest_size=32)

    def update(self, data: bytes) -> None:
        """Take the next piece of the content."""
        self.size += len(data)
        self._sha256.update(data)
        self._md5.update(data)
        self._blake2b.update(data)

    def digests(self) -> Digests:
        """Return the digests of everything taken so far."""
        return Digests(
            sha256=self._sha256.hexdigest(),
            md5=self._md5.hexdigest(),
            blake2b=self._blake2b.hexdigest(),
        )


def parse_sha256(text: str) -> str:
    """Return a SHA-256 digest in lower case, or raise `InvalidDigest`."""
    return _parse("sha256", text, _256_BIT_LENGTH)


def parse_md5(text: str) -> str:
    """Return an MD5 digest in lower case, or raise `InvalidDigest`."""
    return _parse("md5", text, _MD5_LENGTH)


def parse_blake2b(text: str) -> str:
    """Return a BLAKE2b-256 digest in lower case, or raise `InvalidDigest`."""
    return _parse("blake2b", text, _256_BIT_LENGTH)


@dataclass(frozen=True, slots=True)
class DeclaredDigests:
    """What the uploader says the digests are; `None` where nothing was said."""

    sha256: str | None = None
    md5: str | None = None
    blake2b: str | None = None

    def check(self, actual: Digests) -> None:
        """Raise `InvalidDigest` naming the first digest that differs from the content's."""
        for field in fields(self):
            declared: str | None = getattr(self, field.name)
            found: str = getattr(actual, field.name)
            if declared is not None and not hmac.compare_digest(declared, found):
                raise InvalidDigest(
                    f"The {_LABELS[field.name]} declared is {declared}, "
                    f"but that of the file received is {found}."
                )


def _parse(kind: str, text: str, length: int) -> str:
    # Non-ASCII letters may grow or shrink when lowered; fullmatch on ASCII settles it.
    lowered = text.lower()
    if len(lowered) != length or not _HEXADECIMAL.fullmatch(lowered):
        raise InvalidDigest(f"The {_LABELS[kind]} is not {length} hexadecimal digits.")
    return lowered
