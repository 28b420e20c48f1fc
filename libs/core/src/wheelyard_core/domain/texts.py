"""Text that people choose freely: as long as a column, and of characters that can be shown."""

import unicodedata
from typing import Final

from wheelyard_core.domain.errors import InvalidInput

LONGEST: Final = 255
LONGEST_REASON: Final = 1000
# Control characters, and halves of surrogate pairs, which no database takes.
_UNSHOWN: Final = frozenset({"Cc", "Cs"})


def parse_text(text: str, field: str, longest: int = LONGEST) -> str:
    """Return a text of printable characters. Raises InvalidInput."""
    if len(text) > longest:
        raise InvalidInput(f"{field} is too long (maximum is {longest} characters)")
    if {unicodedata.category(char) for char in text if char not in "\n\r\t"} & _UNSHOWN:
        raise InvalidInput(f"{field} is invalid: it has characters that cannot be shown")
    return text


def parse_filled(text: str, field: str, longest: int = LONGEST) -> str:
    """Return a text that is not blank, without the space around it. Raises InvalidInput."""
    if not parse_text(text, field, longest).strip():
        raise InvalidInput(f"{field} can't be blank")
    return text.strip()
