"""Blobs as files of one folder: for `make run` and for a machine with one volume.

`<root>/blobs/<key>` is the blob itself; keys are derived from digests, which shards the folders.
`<root>/incoming` holds what is being written. A blob appears under its key by a rename, whole and
already on the disk. Several processes of one user may share the folder.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wheelyard_core.adapters.blobs.keys import checked_key
from wheelyard_core.adapters.blobs.reading import PiecewiseReader
from wheelyard_core.ports import BinaryReader, BlobNotFound, StorageUnavailable

_PIECE = 256 * 1024
_RENAME_ATTEMPTS = 5


@dataclass(frozen=True)
class DirectoryBlobSettings:
    """Where the blobs are. The folder is made when first needed."""

    root: Path


class DirectoryBlobStore:
    """A BlobStore on one file system."""

    def __init__(self, settings: DirectoryBlobSettings) -> None:
        self.root = settings.root
        self._blobs = settings.root / "blobs"
        self._incoming = settings.root / "incoming"

    def put(self, key: str, content: BinaryReader, size: int | None) -> None:
        """Write beside the blobs, then rename: no reader ever sees half a blob."""
        path = self._path(key)
        with self._incoming_file(key) as (file, name):
            received = 0
            # Outside of the translation: what the reader raises is not an outage of ours.
            while piece := content.read(_PIECE):
                received += len(piece)
                with _outages():
                    file.write(piece)
            if size not in (None, received):
                raise ValueError(f"The content of {key} has {received} bytes, not {size}.")
            with _outages():
                file.flush()
                os.fsync(file.fileno())
                _move(name, path)

    def open(self, key: str, start: int = 0, length: int | None = None) -> "FileReader":
        """Open the file and go to *start*; the reader stops after *length* bytes."""
        path = self._path(key)
        if start < 0 or (length is not None and length < 0):
            raise ValueError("A range has no negative numbers.")
        with _outages(key):
            file = path.open("rb", buffering=0)
        status = os.fstat(file.fileno())
        file.seek(start)
        rest = max(0, status.st_size - start)
        return FileReader(file, status.st_size, rest if length is None else min(length, rest))

    def size(self, key: str) -> int:
        """Return the file's size; a folder is no blob."""
        path = self._path(key)
        with _outages(key):
            status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BlobNotFound(f"There is no blob {key}.")
        return status.st_size

    def delete(self, key: str) -> None:
        """Remove the file, what dead writers left of it, and the folders this empties."""
        path = self._path(key)
        with _outages():
            for left in self._incoming.glob(f"{_name_of(key)}.*"):
                _remove_unless_being_written(left)
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
                _sync_folder(path.parent)
            self._prune(path.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Walk from the deepest folder that the prefix names."""
        folder = self._blobs / prefix.rpartition("/")[0]
        if ".." in prefix.split("/") or prefix.startswith("/"):
            return
        for where, _, names in os.walk(folder, onerror=_raise_unless_missing):
            below = Path(where).relative_to(self._blobs)
            for name in names:
                key = (below / name).as_posix()
                if key.startswith(prefix):
                    yield key

    def presigned_url(self, key: str, filename: str | None, seconds: int) -> str | None:
        """Return None: a folder has no address of its own."""
        del filename, seconds
        checked_key(key)
        return None

    def check(self) -> None:
        """Write a byte to the disk."""
        with _outages(), self._incoming_file("check") as (file, _):
            file.write(b"w")
            file.flush()
            os.fsync(file.fileno())

    def _path(self, key: str) -> Path:
        return self._blobs / checked_key(key)

    @contextmanager
    def _incoming_file(self, key: str) -> Iterator[tuple[BinaryIO, Path]]:
        """Give a locked file on the blobs' file system; it is gone, or a blob, afterwards."""
        with _outages():
            _make_folders(self._incoming)
            descriptor, made = tempfile.mkstemp(prefix=f"{_name_of(key)}.", dir=self._incoming)
            name, file = Path(made), os.fdopen(descriptor, "wb")
        try:
            # The kernel drops the lock with the process: a lock means a living writer.
            with _outages():
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file, name
        finally:
            # What mattered was flushed before; a full disk must not hide the reader's exception.
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                name.unlink()

    def _prune(self, folder: Path) -> None:
        while folder != self._blobs and self._blobs in folder.parents:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return  # not empty, or someone else's matter
            folder = folder.parent


class FileReader(PiecewiseReader):
    """An OpenFile, and so a BlobReader; its *length* is what the file had when it was opened."""

    def __init__(self, file: BinaryIO, size: int, length: int) -> None:
        super().__init__(size, length)
        self._file = file

    def fileno(self) -> int:
        """Return the descriptor, at the first byte that was not read yet."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _piece(self, n: int) -> bytes:
        with _outages():
            piece = self._file.read(n)
        if not piece:
            raise StorageUnavailable("The file of the blob ended early.")
        return piece


@contextmanager
def _outages(key: str | None = None) -> Iterator[None]:
    """Translate the system's errors; with a *key*, a missing file is a missing blob."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if key is None:
            raise StorageUnavailable(f"The blob folder failed: {error}") from error
        raise BlobNotFound(f"There is no blob {key}.") from error
    except OSError as error:
        raise StorageUnavailable(f"The blob folder failed: {error}") from error


def _name_of(key: str) -> str:
    """Return a file name for what is written to *key*: any length, any characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _move(source: Path, target: Path) -> None:
    for attempt in range(1, _RENAME_ATTEMPTS + 1):
        try:
            _make_folders(target.parent)
            source.replace(target)
            break
        except (FileNotFoundError, FileExistsError):
            # A delete next door has just pruned a folder that we found, or made.
            if attempt == _RENAME_ATTEMPTS:
                raise
    _sync_folder(target.parent)


def _make_folders(folder: Path) -> None:
    """Make *folder*, each new level on the disk before a level below it relies on it."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unless_being_written(path: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _raise_unless_missing(error: OSError) -> None:
    # A folder that vanished between being listed and being entered was pruned by a delete.
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise StorageUnavailable(f"The blob folder failed: {error}") from error
