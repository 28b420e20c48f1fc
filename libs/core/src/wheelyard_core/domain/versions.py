"""Versions of releases, by PEP 440.

`1.0` and `1.0.0` are one release: compare `key`, show `text`.
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
            raise InvalidVersion(_refusal(text))
        try:
            version = Version(text)
        except NotPep440 as error:
            raise InvalidVersion(_refusal(text)) from error
        return cls(str(version), canonicalize_version(version, strip_trailing_zero=True))


def _refusal(text: str) -> str:
    return f"The version {text!a} is not valid by PEP 440; write it like 1.0, 1.0rc1 or 1.0.post1."
