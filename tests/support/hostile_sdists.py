"""Sdists that must be refused: name of the case, what the sentence must say, and the sdist."""

# ruff: noqa: E501 -- one case a line: it is read as a table

import gzip
import random
from collections.abc import Callable

from tests.support.distributions import ADistribution, Built
from tests.support.raw_archives import BLOCK, pax_entry, raw_tar_gz, tar_entry

Case = tuple[str, str, Callable[[], Built]]

DEMO = ADistribution()
_END = bytes(2 * BLOCK)
_PKG_INFO = tar_entry(b"demo-1.0/PKG-INFO", DEMO.core_metadata())
_SETUP = tar_entry(b"demo-1.0/setup.py", b"import os\n")
_65_MIB = 65 * 1024 * 1024


def _sdist(*entries: bytes, end: bytes = _END, behind: bytes = b"") -> Built:
    """Return an sdist of PKG-INFO and raw entries."""
    return DEMO.sdist().holding(raw_tar_gz(_PKG_INFO, *entries, end=end, behind=behind))


def _member(name: str) -> Built:
    return _sdist(tar_entry(name.encode(), b"evil"))


def _link(target: str, kind: bytes = b"2", name: str = "demo-1.0/link") -> Built:
    return _sdist(tar_entry(name.encode(), kind=kind, link=target.encode()))


def _pax(key: str, value: str) -> Built:
    return _sdist(pax_entry((key, value)), _SETUP)


def _below_link() -> Built:
    return _sdist(
        tar_entry(b"demo-1.0/a", kind=b"2", link=b"."), tar_entry(b"demo-1.0/a/PKG-INFO", b"evil")
    )


def _chain() -> Built:
    """Return links of which each stays inside by its letters, but not through the other."""
    return _sdist(
        tar_entry(b"demo-1.0/d/e/up", kind=b"2", link=b"../.."),
        tar_entry(b"demo-1.0/out", kind=b"2", link=b"d/e/up/../evil"),
    )


def _labyrinth() -> Built:
    """Return links that take a thousand steps each, and lead nowhere."""
    steps = pax_entry(("linkpath", "a/../" * 800))
    return _sdist(*(steps + tar_entry(b"demo-1.0/%d" % n, kind=b"2") for n in range(1000)))


def _bomb() -> Built:
    """Return an sdist that is a bomb as a whole only."""
    half = bytes(_65_MIB // 2)
    return _sdist(tar_entry(b"demo-1.0/1", half), tar_entry(b"demo-1.0/2", half))


def _bomb_beside_noise() -> Built:
    """Return an sdist that is no bomb as a whole, for what is beside the bomb does not compress."""
    noise = random.Random(1).randbytes(2 * 1024 * 1024)
    return _sdist(tar_entry(b"demo-1.0/a", noise), tar_entry(b"demo-1.0/b", bytes(_65_MIB + 2**22)))


def _pax_records() -> Built:
    records = tar_entry(b"x", b"5 a=\n" * 13_000, kind=b"g")
    return _sdist(*[records] * 80)


def _damaged() -> Built:
    content = bytearray(DEMO.sdist().content)
    content[-6] ^= 0xFF  # the checksum of the whole
    return DEMO.sdist().holding(bytes(content))


def _linked_pkg_info() -> Built:
    other = tar_entry(b"demo-1.0/other", DEMO.core_metadata())
    link = tar_entry(b"demo-1.0/PKG-INFO", kind=b"1", link=b"demo-1.0/other")
    return DEMO.sdist().holding(raw_tar_gz(other, link))


_STRUCTURE: tuple[Case, ...] = (
    ("not a gzip file", "not a gzip file", lambda: DEMO.sdist().holding(b"<html>502</html>")),
    ("an empty sdist", "does not end", lambda: DEMO.sdist().holding(b"")),
    ("a zip as an sdist", "not a gzip file", lambda: DEMO.sdist().holding(DEMO.wheel().content)),
    ("a gzipped text", "cut off", lambda: DEMO.sdist().holding(gzip.compress(b"hello"))),
    ("gzipped noise", "not a number|checksum", lambda: DEMO.sdist().holding(gzip.compress(b"\x07" * BLOCK))),
    ("a cut gzip stream", "does not end", lambda: DEMO.sdist().holding(DEMO.sdist().content[:-20])),
    ("a damaged gzip stream", "broken", _damaged),
    ("data behind the gzip stream", "behind its gzip stream", lambda: _sdist(behind=b"more")),
    ("a second gzip stream", "behind its gzip stream", lambda: _sdist(behind=gzip.compress(_SETUP))),
    ("data behind the end", "behind its end marker", lambda: _sdist(end=_END + _SETUP)),
    ("one zero block in the middle", "behind its end marker", lambda: _sdist(bytes(BLOCK), _SETUP)),
    ("no end marker", "no end marker", lambda: _sdist(end=b"")),
    ("a member cut off", "middle of a member", lambda: _sdist(tar_entry(b"demo-1.0/a", size=b"00000100000\0"), end=b"")),
    ("a bad header in the middle", "checksum", lambda: _sdist(b"x" * 148 + b"0000000\0" + b"x" * 356, _SETUP)),
    ("a mode that is no number", "not a number", lambda: _sdist(tar_entry(b"demo-1.0/a", mode=b"rw-r--r-"))),
    ("a negative size", "negative size", lambda: _sdist(tar_entry(b"demo-1.0/a", size=b"\xff" * 12))),
    ("a size with a sign", "not a number", lambda: _sdist(tar_entry(b"demo-1.0/a", size=b"-0000001000\0"))),
    ("a size of exabytes", "middle of a member", lambda: _sdist(tar_entry(b"demo-1.0/a", size=b"\x80\0\0\0" + b"\x7f" * 8))),
    ("a bomb as a whole", "The archive expands more than 50-fold", _bomb),
    ("a bomb as a member", "A member expands more than 50-fold", _bomb_beside_noise),
    ("too many members", "more than 100000 members", lambda: _sdist(tar_entry(b"demo-1.0/a") * 100_001)),
    ("no members", "no members", lambda: DEMO.sdist().holding(gzip.compress(_END))),
)  # fmt: skip

_EXTENSIONS: tuple[Case, ...] = (
    ("a contradicting pax size", "contradicts its pax size", lambda: _pax("size", "512")),
    ("a pax size of nothing", "contradicts its pax size", lambda: _pax("size", "0")),
    ("a pax size with a sign", "contradicts its pax size", lambda: _pax("size", "-1")),
    ("a pax sparse file", "sparse", lambda: _pax("GNU.sparse.major", "1")),
    ("a GNU sparse file", "sparse", lambda: _sdist(tar_entry(b"demo-1.0/a", kind=b"S"))),
    ("a global path", "gives all members", lambda: _sdist(pax_entry(("path", "x"), kind=b"g"))),
    ("two pax headers", "second time", lambda: _sdist(pax_entry(("path", "x")), pax_entry(("path", "y")), _SETUP)),
    ("two paths in a pax header", "path of a member for the second time", lambda: _sdist(pax_entry(("path", "x"), ("path", "y")), _SETUP)),
    ("a pax path and a long name", "second time", lambda: _sdist(tar_entry(b"L", b"x\0", kind=b"L"), pax_entry(("path", "y")), _SETUP)),
    ("data behind a long name", "behind a long name", lambda: _sdist(tar_entry(b"L", b"x\0y", kind=b"L"), _SETUP)),
    ("a pax record without length", "without a length", lambda: _sdist(tar_entry(b"x", b"path=x\n", kind=b"x"), _SETUP)),
    ("a pax record too long", "broken pax record", lambda: _sdist(tar_entry(b"x", b"99 path=x\n", kind=b"x"), _SETUP)),
    ("a large pax header", "by more than", lambda: _sdist(pax_entry(("comment", "x" * 70_000)), _SETUP)),
    ("pax records by the million", "too many pax records", _pax_records),
    ("a pax header of nothing", "not there", lambda: _sdist(pax_entry(("path", "x")))),
    ("a null byte in a pax path", "null byte", lambda: _pax("path", "demo-1.0/a\0b")),
    ("an absolute pax path", "is absolute", lambda: _pax("path", "/etc/passwd")),
    ("a path of 5,000 bytes", "longer than 4096", lambda: _pax("path", "demo-1.0/" + "a" * 5000)),
)  # fmt: skip

_MEMBERS: tuple[Case, ...] = (
    ("an absolute member", "'/etc/evil' is absolute", lambda: _member("/etc/evil")),
    ("a member that leaves", "'demo-1.0/../../evil' contains '..'", lambda: _member("demo-1.0/../../evil")),
    ("a member that leaves on Windows", "contains '..'", lambda: _member("demo-1.0/..\\..\\evil")),
    ("a member on a drive", "drive letter", lambda: _member("C:evil")),
    ("two top folders", "2 folders or files at its top", lambda: _member("evil-1.0/setup.py")),
    ("a file beside the top folder", "lies beside", lambda: _member("evil")),
    ("a member not in UTF-8", "not UTF-8", lambda: _sdist(tar_entry(b"demo-1.0/caf\xe9"))),
    ("PKG-INFO twice", "'demo-1.0/PKG-INFO' is there twice", lambda: _sdist(_PKG_INFO)),
    ("a file and a folder", "'demo-1.0/PKG-INFO' is both", lambda: _member("demo-1.0/PKG-INFO/a")),
    ("a file with a folder's name", "folder's name", lambda: _member("demo-1.0/a/")),
    ("a folder with content", "no file, a content", lambda: _sdist(tar_entry(b"demo-1.0/a", b"x", kind=b"5"))),
    ("a device", "is a device", lambda: _sdist(tar_entry(b"demo-1.0/a", kind=b"3"))),
    ("a pipe", "is a pipe", lambda: _sdist(tar_entry(b"demo-1.0/a", kind=b"6"))),
    ("a kind nobody knows", "of a kind", lambda: _sdist(tar_entry(b"demo-1.0/a", kind=b"V"))),
    ("a link that leaves", "leads out", lambda: _link("../../etc/passwd")),
    ("a link to the folder above", "leads out", lambda: _link("..")),
    ("an absolute link", "'/etc/passwd', which is absolute", lambda: _link("/etc/passwd")),
    ("a link that leaves through another", "'demo-1.0/out' links to", _chain),
    ("a labyrinth of links", "through too many other links", _labyrinth),
    ("a member below a link", "'demo-1.0/a' is both", _below_link),
    ("a hard link that leaves", "is a hard link to", lambda: _link("../../etc/passwd", b"1")),
    ("a hard link to nothing", "is a hard link to", lambda: _link("demo-1.0/none", b"1")),
)  # fmt: skip

_METADATA: tuple[Case, ...] = (
    ("no PKG-INFO", "no demo-1.0/PKG-INFO", lambda: DEMO.without("PKG-INFO").sdist()),
    ("PKG-INFO is a link", "no demo-1.0/PKG-INFO", _linked_pkg_info),
    ("PKG-INFO too large", "must be small", lambda: DEMO.described("a" * 5_000_000).sdist()),
    ("a top folder of another name", "not named for the file", lambda: DEMO.with_top_folder("evil-1.0").sdist()),
    ("a top folder of another version", "not named for the file", lambda: DEMO.with_top_folder("demo-2.0").sdist()),
    ("no top folder", "lies beside", lambda: DEMO.with_top_folder(".").sdist()),
    ("another name in PKG-INFO", "name 'evil' is not", lambda: DEMO.with_metadata("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n").sdist()),
    ("another version in PKG-INFO", "version '2.0' is not", lambda: DEMO.with_metadata("Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n").sdist()),
    ("an unknown field in PKG-INFO", "'foo' is not known", lambda: DEMO.with_field("Foo", "bar").sdist()),
    ("a missing licence file in an sdist", "License-File 'NONE' is not there", lambda: DEMO.with_field("License-File", "NONE").sdist()),
)  # fmt: skip


SDISTS = (*_STRUCTURE, *_EXTENSIONS, *_MEMBERS, *_METADATA)
