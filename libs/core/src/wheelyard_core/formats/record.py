"""RECORD: the list of a wheel's members with their digests and sizes.

https://packaging.python.org/specifications/recording-installed-packages/#the-record-file. Neither
pip nor uv compares it with the content, so the registry is the only link that does.
"""

import base64
import csv
import hashlib
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from wheelyard_core.domain.wording import printable, quoted
from wheelyard_core.formats import paths
from wheelyard_core.formats.problems import Problems

# "sha256 or better"; hashlib names them so, and pip and wheel write `sha256`.
ALGORITHMS = frozenset(
    {"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"}
)
_COLUMNS = 3
_MAX_SIZE_DIGITS = 20
# Signatures of RECORD, and RECORD itself, cannot be in it with a digest.
_UNSIGNED = ("RECORD", "RECORD.jws", "RECORD.p7s")


class Row(NamedTuple):
    """What RECORD says about a member; `size` is `None` where it says nothing."""

    algorithm: str
    digest: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """The rows of a RECORD by path, and the folder whose RECORD it is."""

    folder: str
    rows: Mapping[str, Row]

    def is_exempt(self, path: str) -> bool:
        """Whether the member needs no digest: RECORD and its signatures."""
        folder, _, name = path.rpartition("/")
        return folder == self.folder and name in _UNSIGNED


def parse_record(content: bytes, folder: str, max_rows: int, problems: Problems) -> Record:
    """Read RECORD; every row that cannot be understood is noted."""
    rows: dict[str, Row] = {}
    member = f"{folder}/RECORD"
    try:
        # Decoded line by line: a StringIO takes four bytes a character.
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
        lines = csv.reader(text, strict=True)
        for number, line in enumerate(filter(None, lines)):
            if number == max_rows:
                problems.stop(f"{member} has more than {max_rows} rows.")
            path = line[0]
            if path in rows:
                problems.add(f"{member} lists {quoted(path)} twice.")
            flaw = paths.escape_of(path)
            if flaw:
                problems.add(f"{member} lists {quoted(path)}, which {flaw}.")
            rows[path] = _row(line, member, problems)
    except UnicodeDecodeError:
        problems.add(f"{member} is not UTF-8.")
    except csv.Error as error:
        problems.add(f"{member} is not a valid CSV file: {printable(str(error))}.")
    return Record(folder, rows)


def check_names(record: Record, members: Mapping[str, object], problems: Problems) -> None:
    """Note each row that names nothing in the archive."""
    for path in record.rows:
        if path not in members and not paths.escape_of(path):
            problems.add(f"{record.folder}/RECORD lists {quoted(path)}, which is not there.")


def hasher_for(record: Record, path: str, problems: Problems) -> "hashlib._Hash | None":
    """Return what computes the digest that a member must have, or note why none can be had."""
    row = record.rows.get(path)
    if record.is_exempt(path):
        return None
    if row is None:
        problems.add(f"The member {quoted(path)} is not listed in {record.folder}/RECORD.")
        return None
    if row.algorithm not in ALGORITHMS:
        given = f"has a digest by {quoted(row.algorithm)}" if row.algorithm else "has no digest"
        problems.add(
            f"The member {quoted(path)} {given} in {record.folder}/RECORD; "
            "it must have one by sha256 or stronger."
        )
        return None
    return hashlib.new(row.algorithm)


def check_digest(record: Record, path: str, hasher: "hashlib._Hash", problems: Problems) -> None:
    """Note it if a member's content is not what RECORD says."""
    actual = base64.urlsafe_b64encode(hasher.digest()).decode().rstrip("=")
    if record.rows[path].digest.rstrip("=") != actual:
        problems.add(
            f"The member {quoted(path)} does not have the digest that {record.folder}/RECORD "
            f"states; its content has {record.rows[path].algorithm}={actual}."
        )


def check_size(record: Record, path: str, size: int, problems: Problems) -> None:
    """Note it if RECORD states a size that is not the member's."""
    row = record.rows.get(path)
    if row is not None and row.size is not None and row.size != size:
        problems.add(
            f"The member {quoted(path)} has {size} bytes, "
            f"but {record.folder}/RECORD states {row.size}."
        )


def _row(line: list[str], member: str, problems: Problems) -> Row:
    if len(line) != _COLUMNS:
        problems.add(
            f"{member} has a row of {len(line)} columns for {quoted(line[0])}; "
            "a row is path, digest and size."
        )
        return Row("", "", None)
    path, digest, size = line
    algorithm, _, value = digest.partition("=")
    # int() also takes signs, white space, underscores and digits of other scripts.
    if size and not (size.isascii() and size.isdigit() and len(size) <= _MAX_SIZE_DIGITS):
        problems.add(f"{member} states the size {quoted(size)} for {quoted(path)}.")
        size = ""
    return Row(sys.intern(algorithm.lower()), value, int(size) if size else None)
