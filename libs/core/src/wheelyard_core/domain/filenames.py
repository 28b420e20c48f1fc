"""File names of distributions: what a name says about its content.

Wheels by the binary distribution format (PEP 427), sdists by PEP 625; sdists built before PEP 625
(`foo.bar-1.0.tar.gz`) are read too.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wheelyard_core.domain.errors import InvalidFilename, InvalidName, InvalidVersion
from wheelyard_core.domain.names import PackageName
from wheelyard_core.domain.versions import ReleaseVersion

_WHEEL_SUFFIX = ".whl"
_SDIST_SUFFIX = ".tar.gz"
# Everything that the grammars allow; packaging's parser would let white space pass in places.
_CHARACTERS = re.compile(r"[A-Za-z0-9._+!-]+")
# The longest name that file systems store.
_MAX_LENGTH = 255
# 255 characters can spell a compressed tag set of 64,000 tags.
_MAX_TAGS = 1000
# name, version, python, abi, platform; a build number stands behind the version.
_PARTS_WITHOUT_BUILD = 5


class Filetype(StrEnum):
    """The two kinds of distributions, as the upload form calls them."""

    WHEEL = "bdist_wheel"
    SDIST = "sdist"


@dataclass(frozen=True, slots=True)
class DistributionFilename:
    """A parsed file name. `tags` are expanded (`py3-none-any`) and empty for sdists."""

    text: str
    filetype: Filetype
    name: PackageName
    version: ReleaseVersion
    tags: frozenset[str]
    build: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the parsed name, or raise `InvalidFilename`.

        An sdist's name and version part at the last hyphen behind which a version stands.
        """
        _check_characters(text)
        if text.endswith(_WHEEL_SUFFIX):
            return cls._parse_wheel(text)
        for name, version in reversed(list(named_splits(_sdist_stem(text)))):
            return cls(text, Filetype.SDIST, name, version, frozenset(), "")
        raise InvalidFilename(
            f"The file name {text!a} is not '{{name}}-{{version}}{_SDIST_SUFFIX}' with a valid "
            "name and a version by PEP 440."
        )

    @classmethod
    def parse_for(cls, text: str, name: PackageName, version: ReleaseVersion) -> Self:
        """Return the parsed name if it belongs to name and version, or raise `InvalidFilename`.

        `foo-1.0-1.tar.gz` may be foo 1.0.post1 or foo-1.0 1: name and version decide.
        """
        _check_characters(text)
        if text.endswith(_WHEEL_SUFFIX):
            wheel = cls._parse_wheel(text)
            if is_same(wheel.name, wheel.version, name, version):
                return wheel
        else:
            for found_name, found_version in named_splits(_sdist_stem(text)):
                if is_same(found_name, found_version, name, version):
                    return cls(text, Filetype.SDIST, found_name, found_version, frozenset(), "")
        raise InvalidFilename(
            f"The file name {text!a} does not belong to {name.text} {version.text}: it begins with"
            " the name and the version of its release."
        )

    @classmethod
    def _parse_wheel(cls, text: str) -> Self:
        parts = text.removesuffix(_WHEEL_SUFFIX).split("-")
        if math.prod(part.count(".") + 1 for part in parts[-3:]) > _MAX_TAGS:
            raise InvalidFilename(f"The file name {text!a} stands for more than {_MAX_TAGS} tags.")
        try:
            _, _, _, tags = parse_wheel_filename(text)
            name, version = PackageName.parse(parts[0]), ReleaseVersion.parse(parts[1])
        except (InvalidWheelFilename, InvalidName, InvalidVersion) as error:
            raise InvalidFilename(
                f"The file name {text!a} is not "
                "'{name}-{version}(-{build})-{python}-{abi}-{platform}.whl' "
                "by the wheel specification."
            ) from error
        build = parts[2] if len(parts) > _PARTS_WITHOUT_BUILD else ""
        expanded = frozenset(str(tag) for tag in tags)
        return cls(text, Filetype.WHEEL, name, version, expanded, build)


def named_splits(stem: str) -> Iterator[tuple[PackageName, ReleaseVersion]]:
    """Yield every way to read `stem` as `{name}-{version}`, the shortest name first."""
    parts = stem.split("-")
    for end in range(1, len(parts)):
        try:
            name = PackageName.parse("-".join(parts[:end]))
            version = ReleaseVersion.parse("-".join(parts[end:]))
        except (InvalidName, InvalidVersion):
            continue
        yield name, version


def is_same(
    name: PackageName, version: ReleaseVersion, other: PackageName, other_version: ReleaseVersion
) -> bool:
    """Whether two spellings mean one release of one package."""
    return name.normalized == other.normalized and version.key == other_version.key


def _check_characters(text: str) -> None:
    if len(text) > _MAX_LENGTH:
        raise InvalidFilename(f"The file name is longer than {_MAX_LENGTH} characters.")
    if not _CHARACTERS.fullmatch(text):
        raise InvalidFilename(
            f"The file name {text!a} has characters other than ASCII letters, digits and '._+!-'."
        )


def _sdist_stem(text: str) -> str:
    if not text.endswith(_SDIST_SUFFIX):
        raise InvalidFilename(
            f"The file name {text!a} ends neither in {_WHEEL_SUFFIX} (wheel) "
            f"nor in {_SDIST_SUFFIX} (sdist)."
        )
    return text.removesuffix(_SDIST_SUFFIX)
