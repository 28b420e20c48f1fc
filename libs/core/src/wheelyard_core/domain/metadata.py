"""Core metadata: what METADATA and PKG-INFO say, validated once.

https://packaging.python.org/specifications/core-metadata/, as `packaging.metadata` reads it, with
the tolerances that a registry of real files needs. All problems are reported together.
"""

import email.parser
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from packaging.metadata import Metadata, RawMetadata, parse_email

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.wording import printable, quoted

ACCEPTED_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
# Before 2.1 the specification let tools add fields of their own.
_LEGACY_VERSIONS = frozenset({"1.0", "1.1", "1.2"})
_STRICT_VERSIONS = frozenset(ACCEPTED_VERSIONS) - _LEGACY_VERSIONS
_BEFORE_STATIC = _LEGACY_VERSIONS | {"2.1"}
_BEFORE_LICENSE_FILES = _BEFORE_STATIC | {"2.2", "2.3"}
# What a resolver reads; a file whose build may change them has no metadata to rely on (PEP 643).
_RESOLUTION_FIELDS = frozenset({"requires-dist", "requires-python", "provides-extra"})

# `email` looks up each distinct name among all fields, and keeps each line
# as an object: these numbers bound its time and memory.
_MAX_LINES = 200_000
_MAX_FIELDS = 10_000
_MAX_DISTINCT_FIELDS = 200
# Above any real line; below the 4,300 digits at which int() raises a bare ValueError.
_MAX_LINE = 4096
_FREE_TEXT = frozenset(
    {
        "author", "author_email", "description", "keywords", "license", "maintainer",
        "maintainer_email", "summary",
    }
)  # fmt: skip
# The lists whose items `packaging` parses. The others may be long: `Keywords` has an item for each
# of the commas in one line.
_PARSED_LISTS = frozenset(
    {
        "dynamic", "import_names", "import_namespaces", "license_files", "provides_extra",
        "requires_dist",
    }
)  # fmt: skip
# Long enough for a requirement and what is wrong with it.
_MAX_SENTENCE = 400
# The keys of `packaging` are the fields' names, some of them in the plural.
_PLURALS = frozenset(
    {
        "classifiers", "import_names", "import_namespaces", "license_files", "platforms",
        "project_urls", "supported_platforms",
    }
)  # fmt: skip
_FIELD_OF = {
    key: (key[:-1] if key in _PLURALS else key).replace("_", "-")
    for key in RawMetadata.__annotations__
}
_KNOWN_FIELDS = frozenset(_FIELD_OF.values())
# Checked fields that the legacy versions do not know, or that came with 1.2. setuptools 36 to 38
# wrote `Description-Content-Type: UNKNOWN` into 1.1, for one.
_LATER_THAN_LEGACY = frozenset(
    {
        "description_content_type", "dynamic", "import_names", "import_namespaces",
        "license_expression", "license_files", "provides_extra",
    }
)  # fmt: skip
# What distutils wrote for nothing. setuptools 36 to 38 said so of the description's type, and wheel
# 0.31 copied it into 2.1; twine takes it for a field that is missing.
_NOT_GIVEN = "UNKNOWN"
_NEW_IN_1_2 = frozenset({"requires_dist", "requires_python"})
# These would make `email` decode or split the description, and recurse as deep as they nest.
_MIME_FIELDS = frozenset({"content-type", "content-transfer-encoding"})
# What parsers raise on hostile values besides their own errors.
_ACCIDENTS = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """The fields that the registry reads from a file, as they are written there."""

    metadata_version: str
    name: str
    version: str
    summary: str | None = None
    description: str | None = None
    description_content_type: str | None = None
    requires_python: str | None = None
    license_expression: str | None = None
    license: str | None = None
    license_files: tuple[str, ...] = ()
    author: str | None = None
    author_email: str | None = None
    home_page: str | None = None
    keywords: str | None = None
    project_urls: tuple[tuple[str, str], ...] = ()
    classifiers: tuple[str, ...] = ()
    requires_dist: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()

    @property
    def is_static(self) -> bool:
        """Whether a resolver may rely on an sdist's metadata without building it (PEP 643)."""
        if self.metadata_version in _BEFORE_STATIC:
            return False
        return _RESOLUTION_FIELDS.isdisjoint(field.lower() for field in self.dynamic)

    @property
    def requires_license_files(self) -> bool:
        """Whether `License-File` must name what exists (PEP 639); before, it was no standard."""
        return self.metadata_version not in _BEFORE_LICENSE_FILES


def parse_core_metadata(content: bytes, member: str) -> CoreMetadata:
    """Return the core metadata in `content`, or raise `InvalidDistribution` with all problems."""
    _refuse_traps(content, member)
    try:
        raw, unparsed = parse_email(content)
    except _ACCIDENTS as error:
        raise InvalidDistribution(f"{member}: cannot be read as core metadata.") from error
    raw = _without_strays(raw)
    problems = dict.fromkeys(_problems(raw, unparsed))
    if problems:
        raise InvalidDistribution(*(f"{member}: {problem}" for problem in problems))
    return _core_metadata(raw)


def _refuse_traps(content: bytes, member: str) -> None:
    if b"\0" in content:
        # No database and no page could have it.
        raise InvalidDistribution(f"{member}: has a NUL character, which no field may have.")
    if content.count(b"\n") + content.count(b"\r") > _MAX_LINES:
        raise InvalidDistribution(f"{member}: has more than {_MAX_LINES} lines.")
    headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content)
    names = [name.lower() for name in headers]
    distinct = set(names)
    if len(names) > _MAX_FIELDS or len(distinct) > _MAX_DISTINCT_FIELDS:
        raise InvalidDistribution(
            f"{member}: has more than {_MAX_FIELDS} fields or {_MAX_DISTINCT_FIELDS} kinds of them."
        )
    if found := distinct & _MIME_FIELDS:
        raise InvalidDistribution(
            f"{member}: has the e-mail field {min(found)}, which is no core metadata."
        )


def _without_strays(raw: RawMetadata) -> RawMetadata:
    """Leave out what a legacy version does not know, unless it makes sense nevertheless."""
    version = raw.get("metadata_version")
    if version == "2.1" and raw.get("description_content_type") == _NOT_GIVEN:
        rest = {key: value for key, value in raw.items() if key != "description_content_type"}
        return cast("RawMetadata", rest)
    if version not in _LEGACY_VERSIONS:
        return raw
    unknown = _LATER_THAN_LEGACY if version == "1.2" else _LATER_THAN_LEGACY | _NEW_IN_1_2
    newest = ACCEPTED_VERSIONS[-1]
    kept = {
        key: value
        for key, value in raw.items()
        if key not in unknown or not any(_field_problems(newest, key, value))
    }
    return cast("RawMetadata", kept)


def _problems(raw: RawMetadata, unparsed: dict[str, list[str]]) -> Iterator[str]:
    version = raw.get("metadata_version", "")
    if version not in ACCEPTED_VERSIONS and "metadata-version" not in unparsed:
        yield _version_problem(version)
    for field in ("name", "version"):
        if not raw.get(field) and field not in unparsed:
            yield f"the required field {_title(field)} is missing."
    yield from _unparsed_problems(unparsed, version)
    # Legacy fields are tolerated whenever they came; those of an unknown version are checked, too.
    checked_as = version if version in _STRICT_VERSIONS else ACCEPTED_VERSIONS[-1]
    for key, value in sorted(raw.items()):
        if key == "license_files" and version in _BEFORE_LICENSE_FILES:
            continue  # setuptools 57 to 76 wrote the field before it was in the standard
        if key == "metadata_version" or (key in {"name", "version"} and not value):
            continue  # reported above
        # hatchling before 1.26 wrote the field into 2.1 and 2.3.
        is_early = key == "license_expression" and version in _BEFORE_LICENSE_FILES
        yield from _field_problems(ACCEPTED_VERSIONS[-1] if is_early else checked_as, key, value)


def _version_problem(version: str) -> str:
    accepted = f"accepted are {', '.join(ACCEPTED_VERSIONS)}."
    if not version:
        return f"the required field Metadata-Version is missing; {accepted}"
    return f"Metadata-Version {quoted(version)} is not accepted; {accepted}"


def _unparsed_problems(unparsed: dict[str, list[str]], version: str) -> Iterator[str]:
    for field, values in sorted(unparsed.items()):
        if field in _KNOWN_FIELDS:
            yield _unparsed_problem(field, values)
        elif version in _STRICT_VERSIONS and not field.startswith("x-"):
            yield f"the field {quoted(field)} is not known to core metadata {version}."


def _unparsed_problem(field: str, values: list[str]) -> str:
    if field == "project-url":
        return "Project-URL gives one label twice, or is not UTF-8."
    if field == "description" and len(values) > 1:
        return "the description is given both as a field and as the body, or twice."
    if len(values) > 1:
        return f"the field {_title(field)} is given {len(values)} times, or is not UTF-8."
    return f"the field {_title(field)} is not UTF-8."


def _field_problems(version: str, key: str, value: object) -> Iterator[str]:
    field = _title(_FIELD_OF[key])
    for item in _checked_apart(key, value):
        if key not in _FREE_TEXT and _longest(item) > _MAX_LINE:
            yield f"a value of {field} is longer than {_MAX_LINE} characters."
            continue
        alone = {"metadata_version": version, "name": "a", "version": "1", key: item}
        try:
            Metadata.from_raw(cast("RawMetadata", alone))
        except ExceptionGroup as group:
            for error in group.exceptions:
                yield _sentence(error)
        except _ACCIDENTS:
            text = item[0] if isinstance(item, list) else item
            yield f"{quoted(str(text))} is invalid for {field}."


def _checked_apart(key: str, value: object) -> list[object]:
    """Return one value at a time: `packaging` reports the first bad item of a list only."""
    if isinstance(value, list) and key in _PARSED_LISTS:
        return [[item] for item in value]
    return [value]


def _longest(item: object) -> int:
    texts = item if isinstance(item, list) else [item]
    return max((len(text) for text in texts if isinstance(text, str)), default=0)


def _sentence(error: Exception) -> str:
    cause = str(error.__cause__).splitlines()[0] if error.__cause__ else ""
    text = f"{error} ({cause})" if cause else str(error)
    return f"{printable(text, _MAX_SENTENCE)}."


def _title(field: str) -> str:
    return "-".join(word.upper() if word == "url" else word.title() for word in field.split("-"))


def _core_metadata(raw: RawMetadata) -> CoreMetadata:
    keywords = raw.get("keywords")
    return CoreMetadata(
        metadata_version=raw["metadata_version"],
        name=raw["name"],
        version=raw["version"],
        summary=raw.get("summary"),
        description=raw.get("description"),
        description_content_type=raw.get("description_content_type"),
        requires_python=raw.get("requires_python"),
        license_expression=raw.get("license_expression"),
        license=raw.get("license"),
        license_files=tuple(raw.get("license_files", ())),
        author=raw.get("author"),
        author_email=raw.get("author_email"),
        home_page=raw.get("home_page"),
        keywords=None if keywords is None else ",".join(keywords),
        project_urls=tuple(raw.get("project_urls", {}).items()),
        classifiers=tuple(raw.get("classifiers", ())),
        requires_dist=tuple(raw.get("requires_dist", ())),
        provides_extra=tuple(raw.get("provides_extra", ())),
        dynamic=tuple(raw.get("dynamic", ())),
    )
