"""Unusual archives that are right, or that real builders wrote: all of them are published."""

import io
import struct
import tarfile
import zipfile

import pytest
from tests.support.distributions import (
    ADistribution,
    Built,
    record_of,
    record_row,
    tar_gz_of_entries,
    tar_info,
    zip_info,
)
from tests.support.raw_archives import (
    BLOCK,
    RawMember,
    pax_entry,
    raw_tar_gz,
    raw_zip,
    tar_entry,
)

from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import Verified, verify

DEMO = ADistribution()
INFO = DEMO.dist_info_folder
PKG_INFO = tar_entry(b"demo-1.0/PKG-INFO", DEMO.core_metadata())
LONG = "demo-1.0/" + "deep/" * 40 + "module.py"


def verified(built: Built) -> Verified:
    filename = DistributionFilename.parse(built.filename)
    return verify(io.BytesIO(built.content), filename, ArchiveLimits())


def is_published(built: Built) -> bool:
    return verified(built).metadata_bytes.startswith(b"Metadata-Version")


def sdist(*entries: bytes, end: bytes = bytes(2 * BLOCK)) -> Built:
    return DEMO.sdist().holding(raw_tar_gz(PKG_INFO, *entries, end=end))


@pytest.mark.parametrize(
    "wheel",
    [
        DEMO.named("Zope.Interface").wheel(),
        DEMO.named("Zope.Interface").with_dist_info("zope_interface-1.0.dist-info").wheel(),
        DEMO.named("My-Demo", "1.0+ubuntu.1").wheel(),
        DEMO.named("demo", "1!2.0").wheel(),
        DEMO.with_dist_info("Demo-1.0.0.dist-info").wheel(),
        DEMO.with_dist_info("demo-v1.0.dist-info").wheel(),
        DEMO.tagged("cp311-cp311-linux_x86_64").wheel(),
        DEMO.tagged("py2.py3-none-any", build="1local").wheel(),
        DEMO.tagged("py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64").wheel(),
        DEMO.tagged("py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64")
        .with_wheel_file("Wheel-Version: 1.0\nTag: py3-none-linux_aarch64\n")
        .wheel(),
        DEMO.tagged("py3-none-musllinux_1_2_x86_64")
        .with_wheel_file("Wheel-Version: 1.0\nTag: py3-none-linux_x86_64\n")
        .wheel(),
        DEMO.with_wheel_file("Wheel-Version: 1.9\nTag: py3-none-any\n").wheel(),
        DEMO.tagged("py2.py3-none-any")
        .with_wheel_file("Wheel-Version: 1.0\nTag: py2.py3-none-any\n")
        .wheel(),
        DEMO.with_metadata("Metadata-Version: 2.1\nName: DEMO\nVersion: v1.0 \n").wheel(),
        DEMO.with_member("vendored/other-1.0.dist-info/METADATA", b"x").wheel(),
        DEMO.with_member("folder/").with_member("folder/a.py").wheel(),
        DEMO.with_member("demo-1.0.data/scripts/run", b"#!python\n").wheel(),
        DEMO.with_member("demo-1.0.data/").with_member("demo-1.0.data/headers/").wheel(),
        DEMO.with_member("demo-1.0.data/purelib/vendored/other-1.0.dist-info/METADATA").wheel(),
        # As setuptools names it where there is a build number.
        DEMO.tagged("py3-none-any", build="1")
        .with_member("demo-1.0-1.data/scripts/run", b"#!python\n")
        .wheel(),
        # A number that was given when all was built.
        DEMO.tagged("py2.py3-none-any", build="2")
        .with_member("demo-1.0.data/scripts/run", b"#!python\n")
        .wheel(),
        DEMO.with_member("demo-1.0.data/data/share/other-1.0.dist-info/METADATA").wheel(),
        DEMO.named("Zope.Interface")
        .with_dist_info("Zope.Interface-1.0.dist-info")
        .with_member("Zope.Interface-1.0.data/headers/a.h")
        .wheel(),
        DEMO.with_member(f"{INFO}/licenses/record").with_member(f"{INFO}/metadata.json").wheel(),
        DEMO.with_member("Ünïcode, with comma.txt", b"x").wheel(),
        DEMO.with_license_file("LICENSES/MIT.txt").wheel(),
        DEMO.of_metadata_version("2.3").with_field("License-File", "GONE").wheel(),
        DEMO.with_entry_points("").wheel(),
        DEMO.with_entry_points(
            "# comment\n[console_scripts]\nrun-it = demo.sub:main.go [fast,safe]\n\n"
            "[a.b]\ntext/html = demo\nName: x = demo:A\n"
        ).wheel(),
    ],
    ids=lambda built: str(built.filename),
)
def test_wheels_as_real_builders_write_them_pass(wheel: Built) -> None:
    assert is_published(wheel)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sha3_256", "blake2b"])
def test_digests_stronger_than_sha256_pass(algorithm: str) -> None:
    members = DEMO.wheel_members()[:-1]
    record = "".join(record_row(path, content, algorithm) for path, content in members)

    assert is_published(DEMO.with_record(record).wheel())


def test_a_record_without_sizes_and_with_padding_passes() -> None:
    record = record_of(DEMO.wheel_members()[:-1], INFO)
    rows = [row.rpartition(",")[0] for row in record.splitlines()]
    padded = [row + "=" if "=" in row else row for row in rows]

    assert is_published(DEMO.with_record("\r\n".join(row + "," for row in padded) + "\n\n").wheel())


def test_signatures_of_record_need_no_digest() -> None:
    members = [
        *DEMO.wheel_members(),
        (f"{INFO}/RECORD.jws", b"{}"),
        (f"{INFO}/RECORD.p7s", b"sig"),
    ]
    content = raw_zip(RawMember.of(*member) for member in members)

    assert is_published(DEMO.wheel().holding(content))


def test_stored_members_and_zip64_headers_pass() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in DEMO.wheel_members():
            info = zip_info(path, zipfile.ZIP_STORED)
            with archive.open(info, "w", force_zip64=True) as member:
                member.write(content)

    assert is_published(DEMO.wheel().holding(file.getvalue()))


def test_sizes_that_python_before_3_11_4_said_twice_pass() -> None:
    members = []
    for path, content in DEMO.wheel_members():
        member = RawMember.of(path, content)
        sizes = struct.pack("<2H2Q", 1, 16, member.local.size, member.local.compressed)
        members.append(member.locally(extra=sizes))

    assert is_published(DEMO.wheel().holding(raw_zip(members)))


def test_more_members_than_plain_zip_counts_pass() -> None:
    modules = tuple((f"m{n}.py", b"") for n in range(66_000))
    members = ADistribution(members=modules).wheel_members()
    content = raw_zip(RawMember.of(path, data, method=0) for path, data in members)

    assert is_published(DEMO.wheel().holding(content))


@pytest.mark.parametrize(
    "built",
    [
        DEMO.named("foo.bar").sdist().renamed("foo.bar-1.0.tar.gz"),
        DEMO.named("Foo.Bar").with_top_folder("foo_bar-1.0").sdist(),
        DEMO.named("foo-bar").with_top_folder("foo-bar-1.0").sdist(),
        DEMO.with_top_folder("demo-1.0.0").sdist(),
        DEMO.with_top_folder("./demo-1.0").sdist(),
        DEMO.with_member("demo.egg-info/PKG-INFO", b"another one").sdist(),
        DEMO.with_member("tests/we\\ird.py", b"x").sdist(),
        DEMO.with_license_file("LICENSE").sdist(),
        sdist(tar_entry(b"demo-1.0/", kind=b"5"), tar_entry(b"demo-1.0/", kind=b"5")),
        sdist(tar_entry(b"demo-1.0/old/", kind=b"\0", magic=bytes(8))),
        sdist(tar_entry(b"demo-1.0/old.py", b"x", kind=b"\0", magic=bytes(8))),
        sdist(tar_entry(b"demo-1.0/contiguous", b"x", kind=b"7")),
        sdist(tar_entry("demo-1.0/é".encode(), b"x", signed=True)),
        sdist(tar_entry(b"module.py", b"x", prefix=b"demo-1.0/prefixed")),
        sdist(tar_entry(b"demo-1.0/a", b"x", size=b"\x80" + b"\0" * 10 + b"\1")),
        sdist(tar_entry(b"demo-1.0/a", b"x", size=b"          1 ")),
        sdist(pax_entry(("comment", "0123abc"), kind=b"g")),
        sdist(pax_entry(("path", LONG), ("mtime", "1.5")), tar_entry(b"short", b"x")),
        sdist(pax_entry(("size", "1")), tar_entry(b"demo-1.0/a", b"x")),
        sdist(tar_entry(b"L", LONG.encode() + b"\0", kind=b"L"), tar_entry(b"short", b"x")),
        sdist(end=bytes(20 * BLOCK)),
        sdist(end=bytes(BLOCK)),
    ],
)
def test_sdists_as_real_builders_write_them_pass(built: Built) -> None:
    assert is_published(built)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", "PKG-INFO"),
        ("a/b/link", "../../PKG-INFO"),
        ("a/link", "../a/../a"),
        ("link", "../demo-1.0/PKG-INFO"),
        ("link", "nowhere"),
        ("link", "."),
        ("circle", "circle"),
    ],
)
def test_links_inside_the_top_folder_pass(name: str, target: str) -> None:
    link = tar_entry(f"demo-1.0/{name}".encode(), kind=b"2", link=target.encode())

    assert is_published(sdist(link))


def test_a_link_through_another_link_passes() -> None:
    links = [
        tar_entry(b"demo-1.0/current", kind=b"2", link=b"releases/one"),
        tar_entry(b"demo-1.0/conf", kind=b"2", link=b"current/../../PKG-INFO"),
    ]

    assert is_published(sdist(*links))


def test_a_hard_link_to_an_earlier_member_passes() -> None:
    link = tar_entry(b"demo-1.0/copy", kind=b"1", link=b"demo-1.0/PKG-INFO")

    assert is_published(sdist(link))


@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_every_format_that_tarfile_writes_passes(tar_format: int) -> None:
    pkg_info = tar_info("demo-1.0/PKG-INFO")
    long = tar_info("demo-1.0/" + "folder/" * 20 + "module.py")
    long.uid = 2_000_000
    entries = [(pkg_info, DEMO.core_metadata()), (long, b"x" * 1000)]

    assert is_published(DEMO.sdist().holding(tar_gz_of_entries(entries, tar_format)))


def test_an_old_sdist_has_metadata_that_is_not_available() -> None:
    result = verified(DEMO.of_metadata_version("2.1").sdist())

    assert not result.metadata_available
    assert result.metadata_bytes == DEMO.of_metadata_version("2.1").core_metadata()
