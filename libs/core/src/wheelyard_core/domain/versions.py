"""Versions of releases, by PEP 440.

`1.0` and `1.0.0` are one release: compare `key`, show `text`, order by `order`.
"""

import re
from dataclasses import dataclass
from typing import Self

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion as NotPep440
from packaging.version import Version

from wheelyard_core.domain.errors import InvalidVersion

# PEP 440 strips white space and packaging follows it; GitLab and this registry do not.
_CHARACTERS = re.compile(r"[A-Za-z0-9.!+_-]+")
# Python refuses integers of more than 4,300 digits with a bare ValueError.
_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ReleaseVersion:
    """A version: its normalized spelling and the key under which releases are one."""

    text: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version, or raise `InvalidVersion`; the whole string must be one."""
        if len(text) > _MAX_LENGTH:
            raise InvalidVersion(f"The version is longer than {_MAX_LENGTH} characters.")
        if not _CHARACTERS.fullmatch(text):
            raise _refusal(text)
        try:
            version = Version(text)
        except NotPep440 as error:
            raise _refusal(text) from error
        return cls(str(version), canonicalize_version(version, strip_trailing_zero=True))

    @property
    def order(self) -> str:
        """A text whose order, byte by byte, is that of PEP 440: what a database sorts by."""
        version = Version(self.text)
        release = "".join(f"1{_number(part)}" for part in _significant(version.release))
        post = "0" if version.post is None else f"1{_number(version.post)}"
        dev = "1" if version.dev is None else f"0{_number(version.dev)}"
        return f"{_number(version.epoch)}{release}0{_pre(version)}{post}{dev}{_local(version)}"

    @property
    def is_prerelease(self) -> bool:
        """Whether installers pass it over unless they are asked for it."""
        return Version(self.text).is_prerelease


def _number(number: int) -> str:
    """Return a number behind its length, so that 10 comes after 9."""
    digits = str(number)
    return f"{len(digits):02x}{digits}"


def _significant(release: tuple[int, ...]) -> tuple[int, ...]:
    last = max((at for at, part in enumerate(release) if part), default=0)
    return release[: last + 1]


def _pre(version: Version) -> str:
    if version.pre is not None:
        letter, number = version.pre
        return f"1{letter[0]}{_number(number)}"
    # 1.0.dev1 comes before 1.0a1, and 1.0 after 1.0rc1.
    return "0" if version.dev is not None and version.post is None else "2"


def _local(version: Version) -> str:
    if version.local is None:
        return "0"
    parts = (
        # The "-" ends a text: no text has one, and it sorts before all characters that texts have.
        f"11{_number(int(part))}" if part.isdecimal() else f"10{part}-"
        for part in version.local.split(".")
    )
    return f"{''.join(parts)}0"


def _refusal(text: str) -> InvalidVersion:
    return InvalidVersion(
        f"The version {text!a} is not valid by PEP 440; write it like 1.0, 1.0rc1 or 1.0.post1."
    )
