"""Where installers put a wheel's members: what of the archive ends up over something else.

https://packaging.python.org/specifications/binary-distribution-format/#the-data-directory
"""

import re
from collections.abc import Iterable, Iterator

from wheelyard_core.domain.wording import printable, quoted

_SUFFIX = ".data"
_SCHEMES = ("data", "headers", "platlib", "purelib", "scripts")
# What lies there is a distribution's metadata once the wheel is installed.
_METADATA_PLACE = re.compile(
    r"(?:purelib|platlib|data/(?:.*/)?(?:site|dist)-packages)/[^/]+\.dist-info(?:/|\Z)",
    re.IGNORECASE,
)
_READ_BY_NAME = {name.lower(): name for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}


def layout_problems(names: Iterable[str], dist_info: str, build: str) -> Iterator[str]:
    """Yield a sentence for each member that installers take differently, or put over another."""
    stem = dist_info.removesuffix(".dist-info")
    # setuptools writes a build number into this name. pip installs what is there, uv leaves it.
    stems = (stem, f"{stem}-{build}") if build else (stem,)
    folders = tuple(f"{one}{_SUFFIX}" for one in stems)
    for name in names:
        top, _, rest = name.partition("/")
        # On a file system that knows no case uv finds its folder by any spelling.
        if rest and (top.endswith(_SUFFIX) or top.lower() == folders[0].lower()):
            flaw = _data_flaw(top, rest, folders)
        elif top == dist_info:
            flaw = _twin_flaw(rest)
        else:
            continue
        if flaw:
            yield f"The member {quoted(name)} {flaw}."


def _data_flaw(top: str, rest: str, folders: tuple[str, ...]) -> str | None:
    if top not in folders:
        # pip takes every folder of that suffix, uv only the one that is named for the wheel.
        return f"is in a data folder that is not named {printable(folders[0])}"
    scheme, slash, _ = rest.partition("/")
    if scheme not in _SCHEMES or not slash:
        return f"is in none of the folders that {printable(top)} has: {', '.join(_SCHEMES)}"
    if _METADATA_PLACE.match(rest):
        return "would be installed as metadata that nobody checked"
    return None


def _twin_flaw(name: str) -> str | None:
    """Say so if a file system that takes `metadata` for `METADATA` would keep only one of them."""
    read = _READ_BY_NAME.get(name.lower(), name)
    return None if read == name else f"differs from {read} by its case only"
