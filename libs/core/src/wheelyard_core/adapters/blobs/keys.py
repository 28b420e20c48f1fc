"""Which keys every store takes: those that all of them keep apart and none misreads."""

import unicodedata

_MAX_KEY = 900  # S3 takes 1,024 bytes, its prefix included
_MAX_SEGMENT = 255  # of a file system, and of MinIO


def checked_key(key: str) -> str:
    """Return *key* if it is a relative POSIX path without tricks, else raise ValueError."""
    problem = _problem(key)
    if problem:
        raise ValueError(f"The blob key {key!r} {problem}.")
    return key


def _problem(key: str) -> str | None:
    segments = key.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        return "is not a relative path of named segments"
    # A listing is XML, which cannot carry control characters; surrogates have no UTF-8 form.
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in key):
        return "has a control character"
    if "\\" in key:
        return "has a backslash, which some stores take for a slash"
    if len(key.encode()) > _MAX_KEY:
        return f"is longer than {_MAX_KEY} bytes"
    if max(len(segment.encode()) for segment in segments) > _MAX_SEGMENT:
        return f"has a segment of more than {_MAX_SEGMENT} bytes"
    return None
