"""Sdists: a gzipped tar archive of one folder with PKG-INFO in it.

https://packaging.python.org/specifications/source-distribution-format/ (PEP 625, PEP 643), and
what was built before it.
"""

from typing import BinaryIO

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.metadata import CoreMetadata, parse_core_metadata
from wheelyard_core.domain.wording import printable, quoted
from wheelyard_core.formats import paths
from wheelyard_core.formats.gzip_stream import BrokenStream, GzipStream
from wheelyard_core.formats.identity import belongs, identity_problems
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.links import Links, TooManySteps
from wheelyard_core.formats.problems import Problems
from wheelyard_core.formats.tar_reader import Kind, TarMember, TarReader


def verify_sdist(
    content: BinaryIO, filename: DistributionFilename, limits: ArchiveLimits
) -> tuple[CoreMetadata, bytes]:
    """Return an sdist's metadata and its bytes, or raise `InvalidDistribution`."""
    problems = Problems()
    tree = _Tree(limits, problems)
    try:
        reader = TarReader(GzipStream(content, limits), limits)
        for member in reader:
            tree.add(member, reader)
    except BrokenStream as error:
        problems.stop(str(error))
    tree.check_links()
    top = tree.check_top(filename)
    return _metadata(tree, top, filename, problems)


def _metadata(
    tree: "_Tree", top: str, filename: DistributionFilename, problems: Problems
) -> tuple[CoreMetadata, bytes]:
    member = f"{top}/PKG-INFO"
    if tree.pkg_info is None:
        problems.stop(f"The sdist has no {printable(member)}.")
    try:
        metadata = parse_core_metadata(tree.pkg_info, member)
    except InvalidDistribution as error:
        problems.stop(*error.problems)
    problems.extend(identity_problems(metadata, member, filename))
    if metadata.requires_license_files:
        for path in metadata.license_files:
            if f"{top}/{path}" not in tree.files:
                problems.add(f"{member}: the License-File {quoted(path)} is not there.")
    problems.raise_any()
    return metadata, tree.pkg_info


class _Tree:
    """What the members of an archive make up; each member is checked as it passes."""

    def __init__(self, limits: ArchiveLimits, problems: Problems) -> None:
        self.files: set[str] = set()
        self.pkg_info: bytes | None = None
        self._tops: set[str] = set()
        self._targets: dict[str, str] = {}
        self._limits = limits
        self._problems = problems

    def add(self, member: TarMember, reader: TarReader) -> None:
        """Note a member and what is wrong with it."""
        flaw = member.flaw or paths.escape_of(member.name)
        if flaw or member.kind is None:
            self._problems.add(f"The member {quoted(member.name)} {flaw}.")
            return
        path = _normal(member.name)
        if path:
            self._tops.add(path.partition("/")[0])
        if member.kind is Kind.FOLDER:
            return
        if flaw := self._flaw(path, member):
            self._problems.add(f"The member {quoted(member.name)} {flaw}.")
            return
        self.files.add(path)
        if member.kind is Kind.LINK:
            self._targets[path] = member.target
        if member.kind is Kind.FILE and path.partition("/")[2] == "PKG-INFO":
            self.pkg_info = reader.read(self._limits.max_metadata_size)

    def check_links(self) -> None:
        """Note each link that leads out, and each member that lies below a file or a link."""
        for path in paths.files_used_as_folders(self.files):
            self._problems.add(f"The member {quoted(path)} is both a file or link and a folder.")
        links = Links(self._targets)
        try:
            for path, target in self._targets.items():
                if links.escapes(path):
                    self._problems.add(_leads_out(path, target))
        except TooManySteps:
            self._problems.stop("The archive's links lead through too many other links.")

    def check_top(self, filename: DistributionFilename) -> str:
        """Return the name of the one top folder, and note it if it is not the file's."""
        expected = filename.text.removesuffix(".tar.gz")
        if not self._tops:
            self._problems.stop("The archive has no members.")
        if len(self._tops) > 1:
            shown = ", ".join(quoted(top) for top in sorted(self._tops)[:3])
            self._problems.stop(
                f"The archive has {len(self._tops)} folders or files at its top ({shown}); "
                f"an sdist has one, {quoted(expected)}."
            )
        top = next(iter(self._tops))
        if top != expected and not belongs(top, filename):
            self._problems.add(
                f"The archive's top folder {quoted(top)} is not named for the file: "
                f"{quoted(expected)}."
            )
        return top

    def _flaw(self, path: str, member: TarMember) -> str | None:
        if "/" not in path:
            return "lies beside the top folder, not in it"
        if path in self.files:
            return "is there twice"
        if member.kind is Kind.LINK and (flaw := _absolute(member.target)):
            return f"links to {quoted(member.target)}, which {flaw}"
        if member.kind is Kind.HARD_LINK and _normal(member.target) not in self.files:
            return f"is a hard link to {quoted(member.target)}, which is not there before it"
        return None


def _absolute(target: str) -> str | None:
    flaw = paths.escape_of(target)
    return None if flaw == paths.PARENT else flaw


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def _leads_out(path: str, target: str) -> str:
    return f"The member {quoted(path)} links to {quoted(target)}, which leads out of the sdist."
