"""What is special about each store."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from tests.contract.blobs.store import KEY, MIB, Content
from tests.support.servers.s3 import Buckets

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.ports import StorageUnavailable


@pytest.fixture(params=["minio", "versitygw"])
def s3_settings(request: pytest.FixtureRequest) -> S3Settings:
    buckets: Buckets = request.getfixturevalue(request.param)
    return replace(buckets.fresh_bucket(), prefix="some/where")


@pytest.mark.integration
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


def test_what_is_put_into_a_folder_that_is_just_emptied_is_there(tmp_path: Path) -> None:
    blobs = DirectoryBlobStore(DirectoryBlobSettings(tmp_path / "root"))

    def round_trip(number: int) -> bytes:
        key = f"{number % 4}/{number}"
        blobs.put(key, io.BytesIO(b"%d" % number), None)
        with blobs.open(key) as content:
            read = content.read(100)
        blobs.delete(key)
        return read

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(round_trip, range(200)))

    assert read == [b"%d" % number for number in range(200)]
    assert list(blobs.keys("")) == []
