"""Refusals: what the registry says no to, in the domain's words.

A refusal's message is one sentence for the person who can act on it. It knows no HTTP: its status
is in `wheelyard_web.errors`, the one place where refusals become answers.
"""

from typing import ClassVar


class RegistryError(Exception):
    """Something the caller can act on. Subclasses have a unique, stable `code`."""

    code: ClassVar[str] = "registry_error"


class InvalidInput(RegistryError):
    """A field or parameter is malformed; the message names it and what would be right."""

    code = "invalid_input"


class InvalidName(InvalidInput):
    """Not a package name by the name format of the packaging specifications (PEP 508)."""

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


class InvalidAttestations(InvalidInput):
    """Attestations that are malformed, missing where they are required, or by nobody known."""

    code = "invalid_attestations"


class InvalidDistribution(RegistryError):
    """The archive breaks a rule of its format. Carries every problem found, one sentence each."""

    code = "invalid_distribution"

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems: tuple[str, ...] = problems


class AuthenticationRequired(RegistryError):
    """Nobody, or credentials that do not count. Hides whether the thing asked for exists."""

    code = "authentication_required"


class NotAllowed(RegistryError):
    """The actor sees the thing and lacks the right."""

    code = "not_allowed"


class NameBelongsElsewhere(NotAllowed):
    """Another project of a group has the name, and the group lets no second one begin with it."""

    def __init__(self, name: str, group: str) -> None:
        super().__init__(
            f"{name} belongs to another project of the group {group}, which lets no second project"
            " use a name: publish it there, or choose another name"
        )


class NotFound(RegistryError):
    """It does not exist, or the actor may not know that it does."""

    code = "not_found"


class FileAlreadyExists(RegistryError):
    """Another file of this name exists, or existed where names are burned."""

    code = "file_already_exists"

    def __init__(self, filename: str, why: str = "choose a new version or build number") -> None:
        # poetry, pdm, packse and older twine look for "already exists" and "already been taken".
        super().__init__(f"File already exists: {filename} has already been taken; {why}")
        self.filename = filename


class AlreadyTaken(InvalidInput):
    """A name that must be unique is in use."""

    code = "already_taken"


class Duplicate(RegistryError):
    """What is to be added is there already, where GitLab's clients look for that answer."""

    code = "duplicate"


class ReleaseClosed(RegistryError):
    """A new file for a release whose time for new files is over."""

    code = "release_closed"


class RuleExists(RegistryError):
    """A protection rule of this pattern exists, where GitLab's clients look for that answer."""

    code = "rule_exists"


class TooLarge(RegistryError):
    """More bytes than a limit allows."""

    code = "too_large"


class Gone(RegistryError):
    """Something this protocol once had."""

    code = "gone"


class Broken(RegistryError):
    """The request ended in its middle."""

    code = "broken_request"


class ReadOnly(RegistryError):
    """The registry takes no changes at the moment."""

    code = "read_only"


class TooManyAttempts(RegistryError):
    """Another attempt too soon after too many; nothing of it was looked at."""

    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "There were too many attempts from this address within a minute: check the"
            " credentials, and try again in a moment"
        )
        self.seconds = seconds


class NotMinted(RegistryError):
    """An ID token that gets no upload token; `errors` of the answer says why, as on PyPI."""

    code = "not_minted"

    def __init__(self, sentence: str, reason: str = "refused") -> None:
        super().__init__(sentence)
        self.reason = reason
