"""Real wheels and sdists for tests: valid unless a test states a flaw.

The default installs (its sdist brings its own build back end, so nothing is fetched) and is the
same byte for byte in every run.
"""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

_ZIP_EPOCH = (2020, 2, 2, 0, 0, 0)
_TAR_EPOCH = 1_580_601_600
_REGULAR_FILE = 0o100644 << 16
_BUILD_SYSTEM = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
_BACKEND = '''\
"""Builds the wheel without fetching anything."""

import base64
import pathlib

WHEEL = {filename!r}
CONTENT = {content!r}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    pathlib.Path(wheel_directory, WHEEL).write_bytes(base64.b64decode(CONTENT))
    return WHEEL
'''


@dataclass(frozen=True, slots=True)
class Built:
    """A distribution's bytes with what an upload form says about them."""

    filename: str
    content: bytes
    filetype: str
    name: str
    version: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)

    def renamed(self, filename: str) -> Self:
        """Return the same bytes under another file name."""
        return replace(self, filename=filename)

    def holding(self, content: bytes) -> Self:
        """Return other bytes under the same file name."""
        return replace(self, content=content)


@dataclass(frozen=True, slots=True)
class ADistribution:
    """Describes a distribution; every method but the last two returns a changed copy."""

    name: str = "demo"
    version: str = "1.0"
    metadata_version: str = "2.4"
    fields: tuple[tuple[str, str], ...] = (("Summary", "A demonstration"),)
    description: str = ""
    metadata: str | bytes | None = None
    wheel_file: str | None = None
    record: str | None = None
    entry_points: str | None = None
    tag: str = "py3-none-any"
    build: str = ""
    dist_info: str | None = None
    top_folder: str | None = None
    members: tuple[tuple[str, bytes], ...] | None = None
    extra_members: tuple[tuple[str, bytes], ...] = ()
    missing: frozenset[str] = frozenset()
    sdist_filename: str | None = None

    def named(self, name: str, version: str = "1.0") -> Self:
        return replace(self, name=name, version=version)

    def versioned(self, version: str) -> Self:
        return replace(self, version=version)

    def of_metadata_version(self, metadata_version: str) -> Self:
        return replace(self, metadata_version=metadata_version)

    def with_field(self, field: str, value: str) -> Self:
        """Add a core metadata field, such as `Requires-Python`."""
        return replace(self, fields=(*self.fields, (field, value)))

    def requiring_python(self, specifier: str) -> Self:
        return self.with_field("Requires-Python", specifier)

    def requiring(self, *requirements: str) -> Self:
        more = tuple(("Requires-Dist", requirement) for requirement in requirements)
        return replace(self, fields=(*self.fields, *more))

    def described(self, description: str) -> Self:
        return replace(self, description=description)

    def with_metadata(self, metadata: str | bytes) -> Self:
        """Replace METADATA and PKG-INFO by exactly this."""
        return replace(self, metadata=metadata)

    def with_wheel_file(self, content: str) -> Self:
        return replace(self, wheel_file=content)

    def with_record(self, content: str) -> Self:
        return replace(self, record=content)

    def with_entry_points(self, content: str) -> Self:
        return replace(self, entry_points=content)

    def tagged(self, tag: str, build: str = "") -> Self:
        return replace(self, tag=tag, build=build)

    def with_dist_info(self, folder: str) -> Self:
        """Name the .dist-info folder; it ends in `.dist-info` unless that is the flaw."""
        return replace(self, dist_info=folder)

    def with_top_folder(self, folder: str) -> Self:
        return replace(self, top_folder=folder)

    def with_sdist_filename(self, filename: str) -> Self:
        return replace(self, sdist_filename=filename)

    def with_member(self, path: str, content: bytes = b"") -> Self:
        """Add a member; in an sdist it lies in the top folder."""
        return replace(self, extra_members=(*self.extra_members, (path, content)))

    def with_license_file(self, path: str, content: bytes = b"Do as you please.\n") -> Self:
        """Add a licence file and the field that names it (PEP 639), for wheels and sdists."""
        in_wheel = f"{self.dist_info_folder}/licenses/{path}"
        return (
            self.with_field("License-File", path)
            .with_member(in_wheel, content)
            .with_member(path, content)
        )

    def with_payload(self, content: bytes) -> Self:
        """Replace the content of the one module, so that two builds differ."""
        return replace(self, members=((f"{self.module}.py", content),))

    def without(self, *names: str) -> Self:
        """Leave out METADATA, WHEEL, RECORD or PKG-INFO."""
        return replace(self, missing=self.missing | frozenset(names))

    @property
    def module(self) -> str:
        return self.escaped_name.lower().replace(".", "_")

    @property
    def escaped_name(self) -> str:
        return self.name.replace("-", "_")

    @property
    def dist_info_folder(self) -> str:
        return self.dist_info or f"{self.escaped_name}-{self.version}.dist-info"

    def core_metadata(self) -> bytes:
        """Return what METADATA and PKG-INFO hold."""
        if self.metadata is not None:
            return self.metadata if isinstance(self.metadata, bytes) else self.metadata.encode()
        fields = (
            ("Metadata-Version", self.metadata_version),
            ("Name", self.name),
            ("Version", self.version),
            *self.fields,
        )
        head = "".join(f"{field}: {value}\n" for field, value in fields)
        return (head + (f"\n{self.description}" if self.description else "")).encode()

    def wheel_members(self) -> list[tuple[str, bytes]]:
        """Return the members of the wheel in their order, RECORD last."""
        folder = self.dist_info_folder
        members = [
            *self._modules(),
            *self.extra_members,
            (f"{folder}/WHEEL", self._wheel_file().encode()),
            (f"{folder}/METADATA", self.core_metadata()),
        ]
        if self.entry_points is not None:
            members.append((f"{folder}/entry_points.txt", self.entry_points.encode()))
        record = self.record if self.record is not None else record_of(members, folder)
        members.append((f"{folder}/RECORD", record.encode()))
        return [(path, content) for path, content in members if not self._is_missing(path)]

    def wheel(self) -> Built:
        build = f"-{self.build}" if self.build else ""
        filename = f"{self.escaped_name}-{self.version}{build}-{self.tag}.whl"
        content = zip_of(self.wheel_members())
        return Built(filename, content, "bdist_wheel", self.name, self.version)

    def sdist(self) -> Built:
        stem = f"{self.escaped_name}-{self.version}"
        members = [
            ("PKG-INFO", self.core_metadata()),
            ("pyproject.toml", _BUILD_SYSTEM.encode()),
            ("backend.py", self._backend().encode()),
            *self._modules(),
            *self.extra_members,
        ]
        top = stem if self.top_folder is None else self.top_folder
        content = tar_gz_of(
            (f"{top}/{path}", content) for path, content in members if not self._is_missing(path)
        )
        filename = self.sdist_filename or f"{stem}.tar.gz"
        return Built(filename, content, "sdist", self.name, self.version)

    def _modules(self) -> tuple[tuple[str, bytes], ...]:
        if self.members is not None:
            return self.members
        return ((f"{self.module}.py", f'VERSION = "{self.version}"\n'.encode()),)

    def _is_missing(self, path: str) -> bool:
        return path.rpartition("/")[2] in self.missing

    def _wheel_file(self) -> str:
        if self.wheel_file is not None:
            return self.wheel_file
        python, abi, platform = (part.split(".") for part in self.tag.split("-"))
        tags = "".join(f"Tag: {p}-{a}-{f}\n" for p in python for a in abi for f in platform)
        build = f"Build: {self.build}\n" if self.build else ""
        head = "Wheel-Version: 1.0\nGenerator: wheelyard-tests\nRoot-Is-Purelib: true\n"
        return head + build + tags

    def _backend(self) -> str:
        wheel = self.wheel()
        return _BACKEND.format(
            filename=wheel.filename, content=base64.b64encode(wheel.content).decode()
        )


def record_of(members: Iterable[tuple[str, bytes]], folder: str) -> str:
    """Return a RECORD that tells the truth about `members` and leaves its own row open."""
    rows = [record_row(path, content) for path, content in members if not path.endswith("/")]
    return "".join([*rows, f"{folder}/RECORD,,\n"])


def record_row(path: str, content: bytes, algorithm: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode()
    shown = f'"{path}"' if "," in path else path
    return f"{shown},{algorithm}={digest.rstrip('=')},{len(content)}\n"


def zip_of(members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of `members`, with fixed times and modes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in members:
            archive.writestr(zip_info(path, compression), content)
    return file.getvalue()


def zip_info(path: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _ZIP_EPOCH)
    info.compress_type = compression
    info.create_system = 3  # Unix, on every machine that runs the tests
    info.external_attr = (0o040755 << 16) if path.endswith("/") else _REGULAR_FILE
    return info


def tar_gz_of(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a gzipped tar archive of `members`, with fixed times, owners and modes."""
    return tar_gz_of_entries((tar_info(path), content) for path, content in members)


def tar_gz_of_entries(
    entries: Iterable[tuple[tarfile.TarInfo, bytes]], tar_format: int = tarfile.PAX_FORMAT
) -> bytes:
    """Return a gzipped tar archive of entries of any kind."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tar_format) as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(file.getvalue(), mtime=0)


def tar_info(path: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.mtime = _TAR_EPOCH
    info.type = kind
    info.linkname = target
    return info
