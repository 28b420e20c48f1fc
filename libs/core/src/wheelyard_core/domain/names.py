"""Names of packages: parsed once, compared normalized.

The grammar is the name format of the packaging specifications (PEP 508), the comparison PEP 503.
"""

import re
from dataclasses import dataclass
from typing import Self

from packaging.utils import canonicalize_name

from wheelyard_core.domain.errors import InvalidName, NotFound

# `re.ASCII` beside IGNORECASE, else the Kelvin sign counts as a k.
_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)
# No file name, hence no distribution, can carry a longer one.
_MAX_LENGTH = 255


def normalize(text: str) -> str:
    """Return the PEP 503 form of a name: lower case, runs of `-_.` as one hyphen."""
    return str(canonicalize_name(text))


def name_in_address(text: str) -> str:
    """Return the normalized name of a package that an address names in any spelling.

    Raises NotFound for what is no name: nothing can be published under it.
    """
    try:
        return PackageName.parse(text).normalized
    except InvalidName as error:
        raise NotFound(f"Package not found: {error}") from error


@dataclass(frozen=True, slots=True)
class PackageName:
    """A valid package name as it was given; `normalized` is its identity."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name, or raise `InvalidName`."""
        if len(text) > _MAX_LENGTH:
            raise InvalidName(f"The name is longer than {_MAX_LENGTH} characters.")
        if not _NAME.fullmatch(text):
            raise InvalidName(
                f"The name {text!a} is not valid: use ASCII letters, digits, '.', '_' and '-', "
                "and begin and end with a letter or a digit."
            )
        return cls(text)

    @property
    def normalized(self) -> str:
        """The name as URLs and comparisons use it (PEP 503)."""
        return normalize(self.text)
