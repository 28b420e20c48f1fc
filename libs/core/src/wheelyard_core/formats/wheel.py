"""Wheels: what the binary distribution format asks of one, and that RECORD tells the truth.

https://packaging.python.org/specifications/binary-distribution-format/
"""

import email.parser
import email.policy
import re
from typing import BinaryIO

from packaging.tags import InvalidTag, TooManyTagsError, parse_tag

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.metadata import CoreMetadata, parse_core_metadata
from wheelyard_core.domain.wording import printable, quoted
from wheelyard_core.formats import record as records
from wheelyard_core.formats.entry_points import entry_point_problems
from wheelyard_core.formats.identity import belongs, identity_problems
from wheelyard_core.formats.layout import layout_problems
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.problems import Problems
from wheelyard_core.formats.record import Record
from wheelyard_core.formats.zip_directory import Member
from wheelyard_core.formats.zip_reader import DamagedMember, ZipArchive, open_zip

_SUFFIX = ".dist-info"
_WHEEL_VERSION = re.compile(r"1\.[0-9]+", re.ASCII)
# As in manylinux1_x86_64, manylinux2014_x86_64, manylinux_2_17_x86_64, musllinux_1_2_x86_64.
_OF_LINUX = re.compile(r"-(?:manylinux|musllinux)(?:[0-9]+|(?:_[0-9]+){2})(?=_)", re.ASCII)
_MAX_TAGS = 1000
_MAX_TAGS_SHOWN = 10


def verify_wheel(
    content: BinaryIO, filename: DistributionFilename, limits: ArchiveLimits
) -> tuple[CoreMetadata, bytes]:
    """Return a wheel's metadata and its bytes, or raise `InvalidDistribution` with all problems."""
    problems = Problems()
    archive = open_zip(content, limits, problems)
    folder = _dist_info(archive, filename, problems)
    problems.extend(layout_problems(archive.by_name, folder, filename.build))
    check = _WheelCheck(archive, folder, filename, limits, problems)
    check.record()
    check.wheel_file()
    check.entry_points()
    metadata, metadata_bytes = check.metadata()
    problems.raise_any()
    return metadata, metadata_bytes


def _dist_info(archive: ZipArchive, filename: DistributionFilename, problems: Problems) -> str:
    tops = {name.partition("/")[0] for name in archive.by_name if "/" in name}
    folders = sorted(top for top in tops if top.lower().endswith(_SUFFIX))
    expected = f"{filename.name.text}-{filename.version.text}{_SUFFIX}"
    if not folders:
        problems.stop(f"The wheel has no folder {expected}.")
    if len(folders) > 1:
        shown = ", ".join(quoted(folder) for folder in folders[:3])
        problems.stop(f"The wheel has {len(folders)} .dist-info folders ({shown}), not one.")
    folder = folders[0]
    if not folder.endswith(_SUFFIX) or not belongs(folder.removesuffix(_SUFFIX), filename):
        problems.add(f"The folder {quoted(folder)} is not named for the file: {expected}.")
    return folder


class _WheelCheck:
    """The checks of one wheel; each notes its problems and leaves the others their turn."""

    def __init__(
        self,
        archive: ZipArchive,
        folder: str,
        filename: DistributionFilename,
        limits: ArchiveLimits,
        problems: Problems,
    ) -> None:
        self._archive = archive
        self._folder = folder
        self._filename = filename
        self._limits = limits
        self._problems = problems

    def record(self) -> None:
        """RECORD names every member, and every member is what RECORD says."""
        content = self._read("RECORD", self._limits.max_record_size)
        record = None
        if content is not None:
            record = records.parse_record(
                content, self._folder, self._limits.max_record_rows, self._problems
            )
            records.check_names(record, self._archive.by_name, self._problems)
        for member in self._archive.members:
            try:
                self._check_member(member, record)
            except DamagedMember as damage:
                self._problems.add(str(damage))

    def wheel_file(self) -> None:
        """WHEEL is of version 1 and has the tags of the file name."""
        content = self._read("WHEEL", self._limits.max_wheel_file_size)
        if content is None:
            return
        member = f"{self._folder}/WHEEL"
        headers = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content)
        versions = [str(value).strip() for value in headers.get_all("Wheel-Version", [])]
        if len(versions) != 1 or not _WHEEL_VERSION.fullmatch(versions[0]):
            said = quoted(versions[0]) if versions else "missing"
            self._problems.add(
                f"{member}: Wheel-Version is {said}; it must be 1.x, and there once."
            )
        try:
            tags = _expanded([str(value).strip() for value in headers.get_all("Tag", [])])
        except (InvalidTag, TooManyTagsError) as error:
            self._problems.add(f"{member}: has a broken Tag: {printable(str(error))}.")
            return
        # Vendors rename what they built as `linux_…` and leave WHEEL as it was: Ray and CuPy do.
        built_as = frozenset(_OF_LINUX.sub("-linux", tag) for tag in self._filename.tags)
        if tags not in (self._filename.tags, built_as):
            self._problems.add(
                f"{member}: its tags ({_listed(tags)}) are not those of the file name "
                f"({_listed(self._filename.tags)})."
            )

    def entry_points(self) -> None:
        """entry_points.txt, where there is one, can be read and is safe."""
        if f"{self._folder}/entry_points.txt" not in self._archive.by_name:
            return
        content = self._read("entry_points.txt", self._limits.max_entry_points_size)
        if content is not None:
            for problem in entry_point_problems(content, f"{self._folder}/entry_points.txt"):
                self._problems.add(problem)

    def metadata(self) -> tuple[CoreMetadata, bytes]:
        """METADATA is valid, belongs to the file name, and its licence files exist."""
        member = f"{self._folder}/METADATA"
        content = self._read("METADATA", self._limits.max_metadata_size)
        if content is None:
            self._problems.stop()
        try:
            metadata = parse_core_metadata(content, member)
        except InvalidDistribution as error:
            self._problems.stop(*error.problems)
        self._problems.extend(identity_problems(metadata, member, self._filename))
        if metadata.requires_license_files:
            for path in metadata.license_files:
                name = f"{self._folder}/licenses/{path}"
                if name not in self._archive.by_name:
                    self._problems.add(f"{member}: the License-File {quoted(name)} is not there.")
        return metadata, content

    def _read(self, name: str, limit: int) -> bytes | None:
        path = f"{self._folder}/{name}"
        if path not in self._archive.by_name:
            self._problems.add(f"The wheel has no {path}.")
            return None
        try:
            return self._archive.read(path, limit)
        except DamagedMember as damage:
            self._problems.add(str(damage))
            return None

    def _check_member(self, member: Member, record: Record | None) -> None:
        hasher = None
        if record is not None and not member.is_folder:
            hasher = records.hasher_for(record, member.name, self._problems)
            records.check_size(record, member.name, member.size, self._problems)
        for chunk in self._archive.chunks(member):
            if hasher is not None:
                hasher.update(chunk)
        if record is not None and hasher is not None:
            records.check_digest(record, member.name, hasher, self._problems)


def _expanded(lines: list[str]) -> frozenset[str]:
    # Tools write one tag a line, a few write compressed sets; a million lines are nobody's wheel.
    if len(lines) > _MAX_TAGS:
        raise TooManyTagsError(f"more than {_MAX_TAGS} of them")
    return frozenset(str(tag) for line in lines for tag in parse_tag(line, limit=_MAX_TAGS))


def _listed(tags: frozenset[str]) -> str:
    shown = ", ".join(sorted(tags)[:_MAX_TAGS_SHOWN]) or "none"
    return printable(shown, 400) + (", …" if len(tags) > _MAX_TAGS_SHOWN else "")
