"""Paths of archive members: which of them could leave the folder they are unpacked to."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

PARENT = "contains '..'"
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def escape_of(path: str) -> str | None:
    """Say how a path escapes on some system, or return `None` if it stays."""
    parts = path.replace("\\", "/").split("/")
    if parts[0] == "":
        return "is absolute"
    if _DRIVE.match(path):
        return "begins with a drive letter"
    if ".." in parts:
        return PARENT
    return None


def flaw_of(path: str) -> str | None:
    """Say what is wrong with the path of a wheel's member, or return `None`.

    A wheel's paths are relative and plain, so that every installer reads the same ones.
    """
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path:
        return "contains a backslash"
    if _CONTROL.search(path):
        return "contains control characters"
    parts = path.removesuffix("/").split("/")
    if "" in parts or "." in parts:
        return "has an empty or '.' part"
    return escape_of(path)


def files_used_as_folders(paths: Iterable[str]) -> Iterator[str]:
    """Yield each path of a file that is a folder of another path, too."""
    # Where the slash sorts before everything else, what is below a path comes right behind it.
    ordered = sorted(paths, key=lambda path: path.replace("/", "\0"))
    for path, following in pairwise(ordered):
        if following.startswith(f"{path}/"):
            yield path
