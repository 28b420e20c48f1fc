"""Whatever the bytes: a verdict; and what is accepted, the standard library reads the same way."""

import gzip
import io
import sys
import zipfile

from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.distributions import ADistribution, Built
from tests.support.raw_archives import BLOCK, pax_entry, raw_tar_gz, tar_entry

if sys.version_info >= (3, 12):
    import tarfile
else:  # Debian 12's Python is 3.11.2, and `data_filter` came with 3.11.4.
    from backports import tarfile

from wheelyard_core.domain.errors import InvalidDistribution
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.formats.limits import ArchiveLimits
from wheelyard_core.formats.verify import Verified, verify

DEMO = ADistribution().with_entry_points("[console_scripts]\nrun = demo:main\n")
WHEEL = DEMO.wheel()
SDIST = DEMO.sdist()
TAR = gzip.decompress(
    raw_tar_gz(
        tar_entry(b"demo-1.0/PKG-INFO", DEMO.core_metadata()),
        pax_entry(("path", "demo-1.0/" + "long/" * 30 + "name.py"), ("mtime", "1.25")),
        tar_entry(b"demo-1.0/short.py", b"x = 1\n"),
        tar_entry(b"L", b"demo-1.0/" + b"gnu/" * 30 + b"\0", kind=b"L"),
        tar_entry(b"demo-1.0/gnu/", kind=b"5"),
        tar_entry(b"demo-1.0/link", kind=b"2", link=b"PKG-INFO"),
    )
)
LIMITS = ArchiveLimits(max_expanded=1_000_000, max_members=100)
CHANGES = st.lists(
    st.tuples(st.integers(min_value=0), st.binary(min_size=1, max_size=12)), min_size=1, max_size=4
)


def verdict(built: Built) -> Verified | None:
    filename = DistributionFilename.parse(built.filename)
    try:
        return verify(io.BytesIO(built.content), filename, LIMITS)
    except InvalidDistribution as error:
        refusal = error
    assert refusal.problems
    assert all(problem.isprintable() for problem in refusal.problems)
    return None


def changed(content: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    result = bytearray(content)
    for place, piece in changes:
        start = place % len(result)
        result[start : start + len(piece)] = piece
    return bytes(result)


def with_true_checksums(tar: bytes) -> bytes:
    """Mend each block that looks like a header, so that changes get past the checksum."""
    blocks = [tar[start : start + BLOCK] for start in range(0, len(tar), BLOCK)]
    for index, block in enumerate(blocks):
        if len(block) == BLOCK and block[257:262] == b"ustar":
            blank = block[:148] + b" " * 8 + block[156:]
            blocks[index] = block[:148] + b"%06o\0 " % sum(blank) + block[156:]
    return b"".join(blocks)


@given(st.binary(max_size=600))
@example(b"PK\5\6" + bytes(18))
@example(b"\x1f\x8b")
def test_random_bytes_are_refused(content: bytes) -> None:
    assert verdict(WHEEL.holding(content)) is None
    assert verdict(SDIST.holding(content)) is None
    assert verdict(SDIST.holding(gzip.compress(content))) is None


@given(CHANGES)
def test_a_changed_wheel_means_the_same_to_zipfile_or_is_refused(
    changes: list[tuple[int, bytes]],
) -> None:
    wheel = WHEEL.holding(changed(WHEEL.content, changes))

    result = verdict(wheel)

    if result is not None:
        with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
            assert archive.testzip() is None
            assert archive.read("demo-1.0.dist-info/METADATA") == result.metadata_bytes
            assert dict(DEMO.wheel_members()) == {
                name: archive.read(name) for name in archive.namelist()
            }


@given(CHANGES)
def test_a_changed_tar_means_the_same_to_tarfile_or_is_refused(
    changes: list[tuple[int, bytes]],
) -> None:
    tar = with_true_checksums(changed(TAR, changes))

    result = verdict(SDIST.holding(gzip.compress(tar, 1)))

    if result is not None:
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            members = archive.getmembers()
            pkg_info = archive.extractfile("demo-1.0/PKG-INFO")
            assert pkg_info is not None
            assert pkg_info.read() == result.metadata_bytes
            assert archive.offset >= tar.rstrip(b"\0").__len__() - BLOCK
        assert all(tarfile.data_filter(member, "/nowhere") for member in members)


@given(CHANGES)
def test_a_changed_gzip_stream_is_refused_or_unchanged(changes: list[tuple[int, bytes]]) -> None:
    content = changed(SDIST.content, changes)

    if verdict(SDIST.holding(content)) is not None:
        assert gzip.decompress(content) == gzip.decompress(SDIST.content)
