"""Every store there is, each empty."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.servers.s3 import Buckets

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.ports import BlobStore

STORES = [
    "directory",
    pytest.param("minio", marks=pytest.mark.integration),
    pytest.param("versitygw", marks=pytest.mark.integration),
]


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    if request.param == "directory":
        yield DirectoryBlobStore(DirectoryBlobSettings(tmp_path / "root"))
        return
    buckets: Buckets = request.getfixturevalue(request.param)
    store = S3BlobStore(replace(buckets.fresh_bucket(), prefix="some/where"))
    yield store
    store.close()
