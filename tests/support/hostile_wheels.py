"""Wheels that must be refused: name of the case, what the sentence must say, and the wheel."""

# ruff: noqa: E501 -- one case a line: it is read as a table

import random
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.support.distributions import ADistribution, Built, record_of
from tests.support.raw_archives import RawMember, raw_zip

Case = tuple[str, str, Callable[[], Built]]

DEMO = ADistribution()
INFO = DEMO.dist_info_folder
_MODULE = DEMO.wheel_members()[0][1]
_LINK, _DEVICE, _PIPE, _FOLDER = 0o120777, 0o020666, 0o010644, 0o040755
_65_MIB = 65 * 1024 * 1024


def _wheel(members: Iterable[RawMember], **lies: bytes | int) -> Built:
    content = raw_zip(members, **lies)  # type: ignore[arg-type]  # keywords of raw_zip
    return DEMO.wheel().holding(content)


def _raw_members() -> list[RawMember]:
    return [RawMember.of(path, content) for path, content in DEMO.wheel_members()]


def _lying(**lies: bytes | int) -> Built:
    """Return the plain wheel with a lie of the whole archive."""
    return _wheel(_raw_members(), **lies)


def _changed(change: Callable[[RawMember], RawMember]) -> Built:
    """Return the plain wheel with another raw form of its module, demo.py."""
    module, *rest = _raw_members()
    return _wheel([change(module), *rest])


def _with(*members: RawMember) -> Built:
    """Return a wheel with further raw members; RECORD does not know them."""
    return _wheel([*_raw_members(), *members])


def _named(path: str) -> Built:
    """Return a wheel with a member whose only flaw is its path."""
    return DEMO.with_member(path, b"evil").wheel()


def _of_mode(mode: int, path: str = "member") -> Built:
    return _with(replace(RawMember.of(path, b"/etc/passwd"), mode=mode))


def _recorded(old: str, new: str) -> Built:
    """Return a wheel whose RECORD has `new` where the true one has `old`."""
    record = record_of(DEMO.wheel_members()[:-1], INFO)
    assert old in record
    return DEMO.with_record(record.replace(old, new, 1)).wheel()


def _without_row(path: str) -> Built:
    rows = record_of(DEMO.wheel_members()[:-1], INFO).splitlines(keepends=True)
    return DEMO.with_record("".join(row for row in rows if not row.startswith(path))).wheel()


def _overlapping() -> Built:
    """Return a bomb of many members that share one content, as David Fifield built it."""
    kernel = RawMember.of("0.py", bytes(1000))
    return _wheel(
        [
            kernel,
            *(replace(kernel.saying(name=b"%d.py" % n), offset=0, data=b"") for n in range(1, 9)),
        ]
    )


def _bomb() -> Built:
    """Return a wheel that is a bomb as a whole only."""
    half = bytes(_65_MIB // 2)
    return DEMO.with_member("1.bin", half).with_member("2.bin", half).wheel()


def _bomb_beside_noise() -> Built:
    """Return a wheel that is no bomb as a whole, for what is beside the bomb does not compress."""
    noise = random.Random(1).randbytes(2 * 1024 * 1024)
    return DEMO.with_member("bomb.bin", bytes(_65_MIB)).with_member("noise.bin", noise).wheel()


def _zip64(size: int) -> bytes:
    return struct.pack("<2HQ", 1, 8, size)


def _of_two_sizes(member: RawMember) -> RawMember:
    """Say one size in the header of the data, and another one in its zip64 field."""
    size, compressed = member.local.size, member.local.compressed
    return member.locally(extra=struct.pack("<2H2Q", 1, 16, size + 1, compressed))


def _broken_deflate(member: RawMember) -> RawMember:
    return replace(member, data=b"\xff" * len(member.data))


def _longer_deflate(member: RawMember) -> RawMember:
    """Put more behind the end of the deflate stream, within the compressed size."""
    data = member.data + b"hidden"
    return replace(member, data=data).saying(compressed=len(data))


def _unfinished_deflate(member: RawMember) -> RawMember:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflater.compress(_MODULE) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return replace(member, data=data).saying(compressed=len(data))


def _with_gap() -> Built:
    module, second, *rest = _raw_members()
    return _wheel([module, replace(second, before=b"gap"), *rest])


def _no_local() -> Built:
    content = bytearray(DEMO.wheel().content)
    content[:4] = b"PK\3\5"
    return DEMO.wheel().holding(bytes(content))


def _no_zip64_end() -> Built:
    content = bytearray(_lying(zip64=b"").content)
    content[content.rindex(b"PK\6\6")] = 0
    return DEMO.wheel().holding(bytes(content))


def _false_zip64_length() -> Built:
    content = bytearray(_lying(zip64=b"").content)
    content[content.rindex(b"PK\6\6") + 4] += 1
    return DEMO.wheel().holding(bytes(content))


def _broken_list() -> Built:
    content = bytearray(DEMO.wheel().content)
    content[content.index(b"PK\1\2")] = 0
    return DEMO.wheel().holding(bytes(content))


def _reaching() -> Built:
    """Return a wheel whose last member states more data than there is before the list."""
    *members, record = _raw_members()
    return _wheel([*members, record.saying(compressed=100_000)])


def _raw_file(name: str, content: bytes) -> Built:
    """Return a wheel with those bytes in its .dist-info folder."""
    members = [member for member in DEMO.wheel_members() if not member[0].endswith(f"/{name}")]
    return _wheel(RawMember.of(*member) for member in [*members, (f"{INFO}/{name}", content)])


def _scripts(lines: str) -> Built:
    return DEMO.with_entry_points(f"[console_scripts]\n{lines}\n").wheel()


_STRUCTURE: tuple[Case, ...] = (
    ("not a zip", "not a zip", lambda: DEMO.wheel().holding(b"<html>502</html>")),
    ("an empty wheel", "not a zip", lambda: DEMO.wheel().holding(b"")),
    ("a cut wheel", "cut off", lambda: DEMO.wheel().holding(DEMO.wheel().content[:-30])),
    ("trailing data", "behind", lambda: DEMO.wheel().holding(DEMO.wheel().content + b"more")),
    ("leading data", "before", lambda: _lying(leading=b"#!/bin/sh\n")),
    ("leading data, offsets kept", "before, between or behind", lambda: DEMO.wheel().holding(b"#!" + DEMO.wheel().content)),
    ("an archive comment", "comment", lambda: _lying(comment=b"hello")),
    ("data before the list", "belongs to no member", lambda: _lying(before_directory=b"x")),
    ("data behind the list", "before, between or behind", lambda: _lying(behind_directory=b"x")),
    ("data between members", "'demo.py' is followed by data", _with_gap),
    ("a member comment", "'demo.py' has a comment", lambda: _changed(lambda m: replace(m, comment=b"x"))),
    ("extensible zip64 data", "extensible zip64 data", lambda: _lying(zip64=b"x" * 12)),
    ("a zip64 end elsewhere", "between its parts", lambda: _lying(zip64=b"", zip64_shift=-4)),
    ("a longer zip64 end", "extensible zip64 data, which", _false_zip64_length),
    ("no zip64 end", "zip64 end is not where", _no_zip64_end),
    ("two ends that disagree", "plain end disagree", lambda: _lying(zip64=b"", zip64_surplus=1)),
    ("a part of several", "one of several parts", lambda: _lying(disk=1)),
    ("a broken list", "list of members is broken", _broken_list),
    ("an end without members", "before, between or behind", lambda: _wheel([], leading=b"x")),
    ("a list of 30 MB", "list of members is too long", lambda: _wheel([RawMember.of("a" * 60_000, method=0)] * 500)),
    ("a newer zip format", "needs a newer reader", lambda: _changed(lambda m: m.saying(version=64))),
    ("two zip64 fields", "extra fields", lambda: _changed(lambda m: m.centrally(extra=_zip64(5) * 2))),
    ("a false local zip64 field", "described differently", lambda: _changed(lambda m: m.locally(extra=_zip64(5)))),
    ("local sizes that disagree", "described differently", lambda: _changed(_of_two_sizes)),
    ("members in the list of members", "reach into", _reaching),
    ("more entries than stated", "list of members and its end", lambda: _lying(count=3)),
    ("fewer entries than stated", "cut off", lambda: _lying(count=5)),
    ("a million members", "1000000 members; at most 100000", lambda: _lying(count=1_000_000)),
    ("an overlapping bomb", "overlaps", _overlapping),
    ("a bomb as a member", "'bomb.bin' expands more than 50-fold", _bomb_beside_noise),
    ("a bomb as a whole", "The archive expands more than 50-fold", _bomb),
    ("a size of exabytes", "expands to more than", lambda: _changed(lambda m: m.centrally(size=0xFFFFFFFF, extra=_zip64(2**62)))),
    ("zip64 for nothing", "zip64 sizes that disagree", lambda: _changed(lambda m: m.centrally(extra=_zip64(5)))),
    ("zip64 missing", "zip64 sizes that disagree", lambda: _changed(lambda m: m.centrally(size=0xFFFFFFFF))),
    ("an extra field cut off", "extra fields", lambda: _changed(lambda m: m.centrally(extra=b"\1\2\3"))),
    ("a second name", "extra fields", lambda: _changed(lambda m: m.centrally(extra=b"\x75\x70\1\0x"))),
    ("a second local name", "extra fields", lambda: _changed(lambda m: m.locally(extra=b"\x75\x70\1\0x"))),
)  # fmt: skip

_MEMBERS: tuple[Case, ...] = (
    ("an absolute path", "'/evil.py' is absolute", lambda: _named("/evil.py")),
    ("a path that leaves", "'../evil.py' contains '..'", lambda: _named("../evil.py")),
    ("a backslash", "contains a backslash", lambda: _named("a\\evil.py")),
    ("a drive letter", "drive letter", lambda: _named("C:evil.py")),
    ("a dot in a path", "empty or '.' part", lambda: _named("./evil.py")),
    ("an empty part", "empty or '.' part", lambda: _named("a//evil.py")),
    ("a line feed in a path", "control characters", lambda: _named("a\nb.py")),
    ("a null byte in a path", "control characters", lambda: _with(RawMember.of("a.py\0.txt"))),
    ("no name", "without a name", lambda: _with(RawMember.of(b""))),
    ("a very long path", "longer than", lambda: _with(RawMember.of("a/" * 3000 + "b.py"))),
    ("a name that is not UTF-8", "not UTF-8", lambda: _with(RawMember.of(b"caf\xe9.py"))),
    ("a name not marked as UTF-8", "not marked as UTF-8", lambda: _with(RawMember.of("café.py").saying(flags=0))),
    ("a symbolic link", "is a symbolic link", lambda: _of_mode(_LINK)),
    ("a device", "is a device", lambda: _of_mode(_DEVICE)),
    ("a pipe", "is a device, a pipe", lambda: _of_mode(_PIPE)),
    ("a folder by mode only", "is a folder by", lambda: _of_mode(_FOLDER)),
    ("a folder with content", "folder with content", lambda: _of_mode(_FOLDER, "member/")),
    ("an encrypted member", "is encrypted", lambda: _changed(lambda m: m.saying(flags=0x801))),
    ("a data descriptor", "data descriptor", lambda: _changed(lambda m: m.saying(flags=0x808))),
    ("patched data", "features", lambda: _changed(lambda m: m.saying(flags=0x820))),
    ("bzip2", "other than deflate", lambda: _changed(lambda m: m.saying(method=12))),
    ("a member twice", "'demo.py' is there twice", lambda: _with(RawMember.of("demo.py", b"evil"))),
    ("a file and a folder", "both a file and a folder", lambda: _with(RawMember.of("demo.py/evil.py"))),
    ("a file and a folder of one name", "there twice", lambda: _with(RawMember.of("demo.py/"))),
    ("two names", "described differently", lambda: _changed(lambda m: m.locally(name=b"evil.py"))),
    ("two sizes", "described differently", lambda: _changed(lambda m: m.locally(size=3))),
    ("two checksums", "described differently", lambda: _changed(lambda m: m.locally(crc=3))),
    ("two methods", "described differently", lambda: _changed(lambda m: m.locally(method=0))),
    ("no local header", "is not where", _no_local),
    ("a wrong checksum", "checksum", lambda: _changed(lambda m: m.saying(crc=3))),
    ("a size too small", "more than the size", lambda: _changed(lambda m: m.saying(size=3))),
    ("a size too large", "less than the size", lambda: _changed(lambda m: m.saying(size=300))),
    ("a stored member of two sizes", "two sizes", lambda: _changed(lambda _: RawMember.of("demo.py", _MODULE, 0).saying(size=3))),
    ("broken data", "broken compressed data", lambda: _changed(_broken_deflate)),
    ("data behind the compressed", "cut off or too long", lambda: _changed(_longer_deflate)),
    ("compressed data without end", "cut off or too long", lambda: _changed(_unfinished_deflate)),
)  # fmt: skip

_RECORD: tuple[Case, ...] = (
    ("no RECORD", "no demo-1.0.dist-info/RECORD", lambda: DEMO.without("RECORD").wheel()),
    ("a member not in RECORD", "'demo.py' is not listed", lambda: _without_row("demo.py")),
    ("no digest", "'demo.py' has no digest", lambda: _recorded("demo.py,sha256", "demo.py,,\nx,sha256")),
    ("md5 in RECORD", "digest by 'md5'", lambda: _recorded("demo.py,sha256", "demo.py,md5")),
    ("a wrong digest", "'demo.py' does not have the digest", lambda: _recorded("demo.py,sha256=", "demo.py,sha256=A")),
    ("a wrong size", "'demo.py' has 16 bytes", lambda: _recorded(",16\n", ",17\n")),
    ("no number as size", "states the size '1_6'", lambda: _recorded(",16\n", ",1_6\n")),
    ("a ghost in RECORD", "'ghost.py', which is not there", lambda: _recorded("demo.py", "ghost.py,,\ndemo.py")),
    ("a row twice", "'demo.py' twice", lambda: _recorded("demo.py", "demo.py,,\ndemo.py")),
    ("a row outside", "'../x', which contains '..'", lambda: _recorded("demo.py", "../x,,\ndemo.py")),
    ("an absolute row", "'/etc/x', which is absolute", lambda: _recorded("demo.py", "/etc/x,,\ndemo.py")),
    ("a row of one column", "row of 1 columns", lambda: _recorded("demo.py", "x\ndemo.py")),
    ("RECORD is no CSV", "not a valid CSV", lambda: DEMO.with_record('"').wheel()),
    ("RECORD is not UTF-8", "RECORD is not UTF-8", lambda: _raw_file("RECORD", b"caf\xe9,,\n")),
    ("RECORD of too many rows", "more than 100003 rows", lambda: DEMO.with_record(",,\n" * 100_004).wheel()),
    ("a signature of another folder", "'sub/RECORD.jws' is not listed", lambda: _with(RawMember.of("sub/RECORD.jws"))),
)  # fmt: skip

_DIST_INFO: tuple[Case, ...] = (
    ("no .dist-info", "no folder demo-1.0.dist-info", lambda: DEMO.with_dist_info("demo-1.0.info").wheel()),
    ("two .dist-info", "2 .dist-info folders", lambda: _with(RawMember.of("a-1.0.dist-info/METADATA"))),
    (".dist-info of another name", "not named for the file", lambda: DEMO.with_dist_info("evil-1.0.dist-info").wheel()),
    (".dist-info of another version", "not named for the file", lambda: DEMO.with_dist_info("demo-2.0.dist-info").wheel()),
    ("no METADATA", "no demo-1.0.dist-info/METADATA", lambda: DEMO.without("METADATA").wheel()),
    ("no WHEEL", "no demo-1.0.dist-info/WHEEL", lambda: DEMO.without("WHEEL").wheel()),
    ("another name in METADATA", "name 'evil' is not", lambda: DEMO.with_metadata("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n").wheel()),
    ("another version in METADATA", "version '2.0' is not", lambda: DEMO.with_metadata("Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n").wheel()),
    ("METADATA 2.0", "accepted are 1.0, 1.1", lambda: DEMO.of_metadata_version("2.0").wheel()),
    ("METADATA too large", "larger than", lambda: DEMO.described("a" * 5_000_000).wheel()),
    ("Wheel-Version 2.0", "Wheel-Version is '2.0'", lambda: DEMO.with_wheel_file("Wheel-Version: 2.0\nTag: py3-none-any\n").wheel()),
    ("no Wheel-Version", "Wheel-Version is missing", lambda: DEMO.with_wheel_file("Tag: py3-none-any\n").wheel()),
    ("other tags", "tags", lambda: DEMO.with_wheel_file("Wheel-Version: 1.0\nTag: py2-none-any\n").wheel()),
    ("tags of another Linux", "tags", lambda: DEMO.tagged("py3-none-manylinux2014_x86_64").with_wheel_file("Wheel-Version: 1.0\nTag: py3-none-linux_aarch64\n").wheel()),
    ("tags of one Linux in the name", "tags", lambda: DEMO.tagged("py3-none-linux_x86_64").with_wheel_file("Wheel-Version: 1.0\nTag: py3-none-manylinux2014_x86_64\n").wheel()),
    ("a broken tag", "broken Tag", lambda: DEMO.with_wheel_file("Wheel-Version: 1.0\nTag: py2\n").wheel()),
    ("ten thousand tags", "broken Tag", lambda: DEMO.with_wheel_file("Wheel-Version: 1.0\n" + "Tag: py3-none-any\n" * 10_000).wheel()),
    ("a missing licence file", "License-File '.*licenses/NONE' is not there", lambda: DEMO.with_field("License-File", "NONE").wheel()),
    ("a script that is a path", "'../evil' .*is a path", lambda: _scripts("../evil = demo:main")),
    ("a script in a folder", "'a/b' .*is a path", lambda: _scripts("a/b = demo:main")),
    ("a script without function", "without the function", lambda: _scripts("run = demo")),
    ("a broken reference", "not 'module:object'", lambda: _scripts("run = demo main")),
    ("a broken object", "not 'module:object'", lambda: _scripts("run = demo:1x")),
    ("a broken group", "group with an invalid name", lambda: DEMO.with_entry_points("[a b]\n").wheel()),
    ("a version of 300 digits", "longer than 255", lambda: DEMO.with_metadata(f"Metadata-Version: 2.1\nName: demo\nVersion: {'1' * 300}\n").wheel()),
    ("a script twice", "not a valid entry points file", lambda: _scripts("run = demo:main\nrun = demo:main")),
    ("entry points without group", "not a valid entry points file", lambda: DEMO.with_entry_points("run = demo:main").wheel()),
    ("entry points not in UTF-8", "not UTF-8", lambda: _raw_file("entry_points.txt", b"[caf\xe9]\n")),
)  # fmt: skip

_METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: evil\n"
_LAYOUT: tuple[Case, ...] = (
    ("METADATA by way of purelib", "'demo-1.0.data/purelib/.*' would be installed as metadata", lambda: DEMO.with_member(f"demo-1.0.data/purelib/{INFO}/METADATA", _METADATA).wheel()),
    ("another distribution by way of platlib", "'demo-1.0.data/platlib/.*' would be installed as metadata", lambda: DEMO.with_member("demo-1.0.data/platlib/pip-99.dist-info/METADATA").wheel()),
    ("METADATA by way of data", "'demo-1.0.data/data/.*' would be installed as metadata", lambda: DEMO.with_member(f"demo-1.0.data/data/lib/python3.11/site-packages/{INFO}/METADATA", _METADATA).wheel()),
    ("a data folder of another name", "'evil-1.data/scripts/pip' is in a data folder that is not named demo-1.0.data", lambda: DEMO.with_member("evil-1.data/scripts/pip").wheel()),
    ("a data folder of another build", "'demo-1.0-2.data/scripts/run' is in a data folder", lambda: DEMO.tagged("py3-none-any", build="1").with_member("demo-1.0-2.data/scripts/run").wheel()),
    ("a data folder of an empty build", "'demo-1.0-.data/scripts/run' is in a data folder", lambda: DEMO.with_member("demo-1.0-.data/scripts/run").wheel()),
    ("METADATA by way of a build's purelib", "'demo-1.0-1.data/purelib/.*' would be installed as metadata", lambda: DEMO.tagged("py3-none-any", build="1").with_member(f"demo-1.0-1.data/purelib/{INFO}/METADATA", _METADATA).wheel()),
    ("a data folder of another spelling", "'Demo-1.0.data/scripts/run' is in a data folder", lambda: DEMO.with_member("Demo-1.0.data/scripts/run").wheel()),
    ("a data folder in capitals", "'demo-1.0.DATA/.*' is in a data folder", lambda: DEMO.with_member(f"demo-1.0.DATA/purelib/{INFO}/METADATA", _METADATA).wheel()),
    ("a place that no installer knows", "'demo-1.0.data/stdlib/os.py' is in none of the folders", lambda: DEMO.with_member("demo-1.0.data/stdlib/os.py").wheel()),
    ("a file in the data folder itself", "'demo-1.0.data/scripts' is in none of the folders", lambda: DEMO.with_member("demo-1.0.data/scripts").wheel()),
    ("METADATA in small letters", "'.*/metadata' differs from METADATA by its case", lambda: DEMO.with_member(f"{INFO}/metadata", _METADATA).wheel()),
    ("RECORD in mixed letters", "'.*/Record' differs from RECORD by its case", lambda: DEMO.with_member(f"{INFO}/Record").wheel()),
)  # fmt: skip

WHEELS = (*_STRUCTURE, *_MEMBERS, *_RECORD, *_DIST_INFO, *_LAYOUT)
