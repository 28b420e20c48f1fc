"""What does not arrive whole leaves nothing behind, in any store."""

import io
import os
import subprocess
import sys
from dataclasses import asdict

import pytest
from tests.contract.blobs.store import (
    KEY,
    MIB,
    SIDE,
    Content,
    content_of,
    traces,
)

from wheelyard_core.adapters.blobs.directory import DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.ports import BlobStore


class Interrupted(BaseException):
    """As a signal would raise it: no `except Exception` sees it."""


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


KILLED_WHILE_PUTTING = """
import os, signal, sys
from pathlib import Path
from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings, DirectoryBlobStore
from wheelyard_core.adapters.blobs.s3 import S3BlobStore
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
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
