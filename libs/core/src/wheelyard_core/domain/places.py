"""Names and paths of groups, projects and people: GitLab's rules, one sentence for each refusal.

The address of a person is here, too.
"""

import re
import unicodedata
from typing import Final

from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.wording import quoted

LONGEST: Final = 255
DEEPEST: Final = 20
# Bytes: RFC 5321, 4.5.3.1.3.
_LONGEST_EMAIL: Final = 254
_PATH: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_JOINER: Final = "\u200d"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
# The short addresses end so, and GitLab keeps "-" for its own.
_RESERVED: Final = frozenset({"-", "simple", "legacy", "files"})
# What begins an address of the registry itself.
_RESERVED_AT_TOP: Final = frozenset({"api", "_", "livez", "readyz", "healthz", "metrics"})


def parse_title(text: str, field: str = "name") -> str:
    """Return the display name of a group or project. Raises InvalidInput."""
    name = text.strip()
    if not name:
        raise InvalidInput(f"{field} can't be blank")
    if len(name) > LONGEST:
        raise InvalidInput(f"{field} is too long (maximum is {LONGEST} characters)")
    starts_well = name[0] == "_" or _is_letter_or_emoji(name[0])
    if not starts_well or not all(c in "_.+- " or _is_letter_or_emoji(c) for c in name):
        raise InvalidInput(
            f"{field} {quoted(name)} can contain only letters, digits, emoji, '_', '.', '+', '-' "
            "and spaces, and must start with a letter, a digit, an emoji or '_'"
        )
    return name


def parse_path(text: str, field: str = "path", *, at_top: bool = False) -> str:
    """Return one part of a path, *at_top* one that begins addresses. Raises InvalidInput."""
    if not text:
        raise InvalidInput(f"{field} can't be blank")
    if len(text) > LONGEST:
        raise InvalidInput(f"{field} is too long (maximum is {LONGEST} characters)")
    key = text.lower()
    if not _PATH.fullmatch(text) or key.endswith((".", ".git", ".atom")):
        raise InvalidInput(
            f"{field} {quoted(text)} can contain only letters, digits, '_', '-' and '.', cannot "
            "start with '-' and cannot end in '.', '.git' or '.atom'"
        )
    if key in _RESERVED or (at_top and key in _RESERVED_AT_TOP):
        raise InvalidInput(f"{field} {quoted(text)} is a reserved name")
    if at_top and key.isdecimal():
        raise InvalidInput(f"{field} {quoted(text)} is a number, which would read as an id")
    return text


def parse_email(text: str) -> str:
    """Return an e-mail address, as far as anybody can tell one. Raises InvalidInput."""
    address = text.strip()
    name, _, host = address.rpartition("@")
    if not name or not host or " " in address or not address.isprintable():
        raise InvalidInput("email is invalid: it must look like name@example.com")
    if len(address.encode()) > _LONGEST_EMAIL:
        raise InvalidInput(f"email is too long (maximum is {_LONGEST_EMAIL} bytes)")
    return address


def path_from(name: str) -> str:
    """Return the path that a name suggests; empty where it has no ASCII letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_.-]+", "-", plain).strip("-.")


def _is_letter_or_emoji(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LMN" or category == "So" or char == _JOINER or ord(char) in _SKIN_TONES
