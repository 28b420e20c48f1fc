"""What every BlobStore does, whatever is behind it."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore, S3Settings
from wheelyard_core.adapters.blobs.s3_client import Client, Patience, Place
from wheelyard_core.ports import BlobNotFound, BlobReader, BlobStore, StorageUnavailable

if TYPE_CHECKING:
    from tests.support.servers.s3 import Buckets

KEY = "files/ab/cd/demo-1.0-py3-none-any.whl"
SIDE = f"{KEY}.metadata"
MIB = 1024 * 1024
STORES = [
    "directory",
    pytest.param("minio", marks=pytest.mark.integration),
    pytest.param("versitygw", marks=pytest.mark.integration),
]
S3_STORES = STORES[1:]


class Content:
    """Gives *size* bytes, in pieces as small as a socket's, then raises *ending*, if any."""

    def __init__(self, size: int, ending: BaseException | None = None) -> None:
        self.given = hashlib.sha256()
        self._left = size
        self._ending = ending
        self._piece = os.urandom(64 * 1024)

    def read(self, n: int, /) -> bytes:
        if not self._left and self._ending:
            raise self._ending
        piece = self._piece[: min(n, self._left)]
        self._left -= len(piece)
        self.given.update(piece)
        return piece


class Interrupted(BaseException):
    """As a signal would raise it: no `except Exception` sees it."""


@pytest.fixture
def s3_settings(request: pytest.FixtureRequest) -> S3Settings:
    buckets: Buckets = request.getfixturevalue(request.param)
    return replace(buckets.fresh_bucket(), prefix="some/where")


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    if request.param == "directory":
        yield DirectoryBlobStore(DirectoryBlobSettings(tmp_path / "root"))
        return
    buckets: Buckets = request.getfixturevalue(request.param)
    store = S3BlobStore(replace(buckets.fresh_bucket(), prefix="some/where"))
    yield store
    store.close()


def traces(blobs: BlobStore) -> list[str]:
    """Return everything that lies in the store, finished or not."""
    if isinstance(blobs, S3BlobStore):
        return [
            *blobs.keys(""),
            *unfinished(blobs.settings, KEY),
            *unfinished(blobs.settings, SIDE),
        ]
    assert isinstance(blobs, DirectoryBlobStore)
    return [str(path) for path in blobs.root.rglob("*") if path.is_file()]


def unfinished(chosen: S3Settings, key: str) -> list[str]:
    place = Place.parse(
        chosen.endpoint,
        region=chosen.region,
        access_key=chosen.access_key,
        secret_key=chosen.secret_key,
        path_style=True,
        ca_file=None,
    )
    client = Client.connecting(place, Patience(), 1)
    try:
        # MinIO answers for whole names only.
        return client.unfinished(chosen.bucket, f"{chosen.prefix}/{key}")
    finally:
        client.close()


def content_of(reader: BlobReader) -> bytes:
    with reader:
        return reader.read()


def digest_of(reader: BlobReader) -> str:
    digest = hashlib.sha256()
    with reader:
        while piece := reader.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def test_what_is_put_is_what_is_read(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"hello"), 5)

    with blobs.open(KEY) as reader:
        assert reader.size == 5
        assert reader.read(2) == b"he"
        assert reader.read() == b"llo"
        assert reader.read() == b""
    assert blobs.size(KEY) == 5


def test_an_empty_blob_is_a_blob(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(), 0)

    assert blobs.size(KEY) == 0
    assert content_of(blobs.open(KEY)) == b""
    assert content_of(blobs.open(KEY, 0, 10)) == b""


@pytest.mark.parametrize("size", [16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 33 * MIB])
def test_content_of_unknown_size_arrives_whole(blobs: BlobStore, size: int) -> None:
    content = Content(size)

    blobs.put(KEY, content, None)

    assert blobs.size(KEY) == size
    assert digest_of(blobs.open(KEY)) == content.given.hexdigest()
    assert len(traces(blobs)) == 1


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, 4, b"0123"),
        (3, 4, b"3456"),
        (7, None, b"789"),
        (9, 1, b"9"),
        (7, 100, b"789"),
        (3, 0, b""),
        (10, None, b""),
        (99, 5, b""),
    ],
)
def test_a_range_gives_just_its_bytes(
    blobs: BlobStore, start: int, length: int | None, expected: bytes
) -> None:
    blobs.put(KEY, io.BytesIO(b"0123456789"), 10)

    with blobs.open(KEY, start, length) as reader:
        assert reader.size == 10
        assert reader.read() == expected


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, -1)])
def test_negative_ranges_are_refused(blobs: BlobStore, start: int, length: int | None) -> None:
    with pytest.raises(ValueError, match="negative"):
        blobs.open(KEY, start, length)


def test_a_second_put_replaces_the_first(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"one"), 3)

    blobs.put(KEY, io.BytesIO(b"longer"), 6)

    assert content_of(blobs.open(KEY)) == b"longer"


def test_a_missing_blob_is_named_in_the_error(blobs: BlobStore) -> None:
    for ask in (blobs.open, blobs.size, lambda key: blobs.open(key, 3, 4)):
        with pytest.raises(BlobNotFound, match="no/such"):
            ask("no/such")


def test_a_folder_of_blobs_is_no_blob(blobs: BlobStore) -> None:
    blobs.put("a/b/c", io.BytesIO(b"x"), 1)

    for ask in (blobs.open, blobs.size):
        with pytest.raises(BlobNotFound):
            ask("a/b")
        with pytest.raises(BlobNotFound):
            ask("a/b/c/d")


def test_deleting_twice_is_deleting_once(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"hello"), 5)

    blobs.delete(KEY)
    blobs.delete(KEY)

    assert traces(blobs) == []
    with pytest.raises(BlobNotFound):
        blobs.size(KEY)


def test_deleting_one_blob_leaves_its_neighbours(blobs: BlobStore) -> None:
    for key in ("a/b", "a/b.metadata", "a/c"):
        blobs.put(key, io.BytesIO(b"x"), 1)

    blobs.delete("a/b")

    assert sorted(blobs.keys("")) == ["a/b.metadata", "a/c"]


@pytest.mark.parametrize("size", [20_000, 40 * MIB])
@pytest.mark.parametrize("ending", [ZeroDivisionError("mine"), OSError("mine"), Interrupted()])
def test_an_exception_of_the_reader_comes_out_unchanged_and_leaves_nothing(
    blobs: BlobStore, size: int, ending: BaseException
) -> None:
    with pytest.raises(type(ending)) as caught:
        blobs.put(KEY, Content(size, ending), None)

    assert caught.value is ending
    assert traces(blobs) == []


def test_a_broken_put_leaves_the_older_blob_alone(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"older"), 5)

    with pytest.raises(ZeroDivisionError):
        blobs.put(KEY, Content(20 * MIB, ZeroDivisionError()), None)

    assert content_of(blobs.open(KEY)) == b"older"


@pytest.mark.parametrize("size", [20_000, 20 * MIB])
@pytest.mark.parametrize("wrong_by", [-1, 1])
def test_content_of_another_size_than_promised_is_not_stored(
    blobs: BlobStore, size: int, wrong_by: int
) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes, not {size + wrong_by}"):
        blobs.put(KEY, Content(size), size + wrong_by)

    assert traces(blobs) == []


@pytest.mark.parametrize(
    "key",
    [
        "a+b/c+d-1.0+local.whl",
        "a b/c  d",
        "50%/%41%2F",
        "!$&'()*,;=:@~#?[]{}|^`<>\"",
        "käse/日本語/🎡.whl",
        "a/" + "x" * 255,
        "-dash/.hidden/...",
    ],
)
def test_a_key_of_unusual_characters_is_kept_as_it_is(blobs: BlobStore, key: str) -> None:
    blobs.put(key, io.BytesIO(key.encode()), None)

    assert content_of(blobs.open(key)) == key.encode()
    assert list(blobs.keys("")) == [key]
    assert list(blobs.keys(key[:2])) == [key]
    blobs.delete(key)
    assert list(blobs.keys("")) == []


@pytest.mark.parametrize(
    "key",
    [
        *("", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "..", "a\\b", "a\nb", "a\0b"),
        *("\ud800", "x/" * 450 + "y", "a" * 256),
    ],
)
def test_a_key_that_is_no_plain_relative_path_is_refused(blobs: BlobStore, key: str) -> None:
    for ask in (
        lambda: blobs.put(key, io.BytesIO(b""), 0),
        lambda: blobs.open(key),
        lambda: blobs.size(key),
        lambda: blobs.delete(key),
        lambda: blobs.presigned_url(key, "name", 60),
    ):
        with pytest.raises(ValueError, match="blob key"):
            ask()


def test_a_listing_goes_past_its_first_thousand(blobs: BlobStore) -> None:
    keys = {f"many/{number % 7}/{number}" for number in range(1003)}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: blobs.put(key, io.BytesIO(b"x"), 1), keys))

    listed = list(blobs.keys("many/"))

    assert len(listed) == 1003
    assert set(listed) == keys
    assert set(blobs.keys("many/3/10")) == {key for key in keys if key.startswith("many/3/10")}
    assert list(blobs.keys("none/such/")) == []


def test_many_threads_put_and_read_at_once(blobs: BlobStore) -> None:
    def round_trip(number: int) -> bytes:
        blobs.put(f"{number % 4}/{number}", io.BytesIO(b"%d" % number), None)
        read = content_of(blobs.open(f"{number % 4}/{number}"))
        blobs.delete(f"{number % 4}/{number}")
        return read

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(round_trip, range(200)))

    assert read == [b"%d" % number for number in range(200)]
    assert list(blobs.keys("")) == []


def test_a_working_store_passes_its_check_without_a_trace(blobs: BlobStore) -> None:
    blobs.check()
    blobs.check()

    assert traces(blobs) == []


def test_a_closed_reader_may_be_closed_again(blobs: BlobStore) -> None:
    blobs.put(KEY, Content(3 * MIB), None)

    reader = blobs.open(KEY)
    reader.read(10)
    reader.close()
    reader.close()

    assert blobs.size(KEY) == 3 * MIB


def test_a_blob_can_be_opened_in_a_forked_process(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"hello"), 5)

    child = os.fork()
    if not child:
        # No test machinery in the copy: it answers by its exit status alone.
        try:
            os._exit(0 if content_of(blobs.open(KEY)) == b"hello" else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert content_of(blobs.open(KEY)) == b"hello"


KILLED_WHILE_PUTTING = """
import os, signal, sys
from pathlib import Path
from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore, S3Settings
class Content:
    left = 300
    def read(self, n):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes(64 * 1024)
store = eval(sys.argv[1])
store.put(sys.argv[2], Content(), None)
"""


def described(blobs: BlobStore) -> str:
    if isinstance(blobs, S3BlobStore):
        # Not its repr: that leaves the secrets out.
        return f"S3BlobStore(S3Settings(**{asdict(blobs.settings)!r}))"
    assert isinstance(blobs, DirectoryBlobStore)
    return f"DirectoryBlobStore(DirectoryBlobSettings(Path({str(blobs.root)!r})))"


def test_deleting_removes_what_a_killed_put_left(blobs: BlobStore) -> None:
    blobs.put(KEY, io.BytesIO(b"other"), None)
    for key in (KEY, SIDE):
        script = [sys.executable, "-c", KILLED_WHILE_PUTTING, described(blobs), key]
        environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
        killed = subprocess.run(script, env=environ, capture_output=True, check=False)
        assert killed.returncode == -9, killed.stderr
    assert len(traces(blobs)) == 3

    blobs.delete(KEY)
    assert len(traces(blobs)) == 1
    blobs.delete(SIDE)

    assert traces(blobs) == []


@pytest.mark.parametrize("s3_settings", S3_STORES, indirect=True)
@pytest.mark.parametrize("name", ["demo-1.0.whl", "käse 1.0+x.tar.gz", 'a"b\\c.whl'])
def test_a_presigned_address_works_at_another_host_name(s3_settings: S3Settings, name: str) -> None:
    outside = s3_settings.endpoint.replace("127.0.0.1", "localhost")
    blobs = S3BlobStore(replace(s3_settings, public_endpoint=outside))
    key = f"files/a+b/{name.replace(chr(92), '_')}"
    blobs.put(key, io.BytesIO(b"hello"), 5)

    url = blobs.presigned_url(key, name, 60)
    blobs.close()

    assert url is not None
    assert url.startswith(f"{outside}/")
    with urllib3.PoolManager() as client:
        answer = client.request("GET", url)
        refused = client.request("GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=99"))
    assert (answer.status, answer.data) == (200, b"hello")
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert refused.status == 403


def test_a_directory_has_no_presigned_address(tmp_path: Path) -> None:
    blobs = DirectoryBlobStore(DirectoryBlobSettings(tmp_path))

    assert blobs.presigned_url(KEY, "name", 60) is None


def test_a_directory_lets_blobs_come_and_go_side_by_side(tmp_path: Path) -> None:
    # The last blob of a folder takes the folder with it, while a neighbour is about to need it.
    store = DirectoryBlobStore(DirectoryBlobSettings(tmp_path))

    def come_and_go(number: int) -> None:
        key = f"files/{number:02}/{number:02}/x"
        for _ in range(120):
            store.put(key, io.BytesIO(b"x"), 1)
            store.delete(key)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(come_and_go, range(8)))

    assert list(store.keys("")) == []


def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blobs = DirectoryBlobStore(DirectoryBlobSettings(tmp_path / "file" / "root"))

    for ask in (blobs.check, lambda: blobs.put(KEY, io.BytesIO(b"x"), 1)):
        with pytest.raises(StorageUnavailable, match="blob folder failed"):
            ask()


def test_a_file_that_shrinks_while_read_is_an_outage(tmp_path: Path) -> None:
    blobs = DirectoryBlobStore(DirectoryBlobSettings(tmp_path))
    blobs.put(KEY, Content(MIB), None)

    with blobs.open(KEY) as reader:
        reader.read(10)
        os.truncate(tmp_path / "blobs" / KEY, 1000)
        with pytest.raises(StorageUnavailable, match="ended early"):
            reader.read()
