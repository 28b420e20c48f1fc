"""Refusals: what the registry says no to, in the domain's words.

A refusal's message is one sentence for the person who can act on it. It knows no HTTP: each
surface translates `code` once (`wheelyard_api.errors`, `wheelyard_indexer.errors`).
"""

from typing import ClassVar


class RegistryError(Exception):
    """Something the caller can act on. Subclasses have a unique, stable `code`."""

    code: ClassVar[str] = "registry_error"


class InvalidInput(RegistryError):
    """A field or parameter is malformed; the message names it and what would be right."""

    code = "invalid_input"


class InvalidName(InvalidInput):
    """Not a project name by the name format of the packaging specifications (PEP 508)."""

    code = "invalid_name"


class InvalidVersion(InvalidInput):
    """Not a version by PEP 440."""

    code = "invalid_version"


class InvalidFilename(InvalidInput):
    """Not the file name of a wheel or an sdist."""

    code = "invalid_filename"


class InvalidDigest(InvalidInput):
    """Not a digest in hexadecimal, or not that of the bytes received."""

    code = "invalid_digest"


class InvalidDistribution(RegistryError):
    """The archive breaks a rule of its format. Carries every problem found, one sentence each."""

    code = "invalid_distribution"

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems: tuple[str, ...] = problems
