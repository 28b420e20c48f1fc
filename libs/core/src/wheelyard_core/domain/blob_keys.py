"""The keys of blobs: `files/<ab>/<cd>/<sha256>/<upload id>`, and `.metadata` behind it.

A blob belongs to one upload (docs/decisions/0003-a-blob-belongs-to-one-upload.md): deleting it can
never take the bytes of another file.
"""

from typing import Final

# What all keys begin with.
BLOBS: Final = "files/"
_METADATA: Final = ".metadata"


def blob_key(sha256: str, upload_id: str) -> str:
    """Return the key of an upload's blob, in the shard of its digest."""
    return f"{BLOBS}{sha256[:2]}/{sha256[2:4]}/{sha256}/{upload_id}"


def metadata_key(key: str) -> str:
    """Return the key of the metadata file of the file whose blob this is."""
    return f"{key}{_METADATA}"


def upload_of(key: str) -> str:
    """Return the id of the upload that a blob, or its metadata file, belongs to."""
    return key.rsplit("/", 1)[-1].removesuffix(_METADATA)


def prefix_of(shard: str) -> str:
    """Return what the keys of a shard's blobs begin with; a shard is one or two digits."""
    return f"{BLOBS}{shard}"
