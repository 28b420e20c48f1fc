"""What is put into a store in these tests, and what is looked for in it."""

import hashlib
import os

from wheelyard_core.adapters.blobs.directory import DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_client import Client, Patience, Place
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.ports import BlobReader, BlobStore

KEY = "files/ab/cd/demo-1.0-py3-none-any.whl"
SIDE = f"{KEY}.metadata"
MIB = 1024 * 1024


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
