"""Where the database and the object store may disagree."""

from enum import StrEnum


class Finding(StrEnum):
    """What is wrong with a blob: the database knows what the store has not, or the reverse."""

    MISSING = "missing"
    ORPHAN = "orphan"
    CORRUPT = "corrupt"
