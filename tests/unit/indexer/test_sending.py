"""Bytes on their way: what was sent is told, however it ends."""

from pathlib import Path

import pytest

from wheelyard_core.adapters.blobs.directory import FileReader
from wheelyard_core.ports import StorageUnavailable
from wheelyard_indexer.sending import PIECE, Body, Told, ToldFile

CONTENT = bytes(range(256)) * (2 * PIECE // 256) + b"end"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "blob"
    file.write_bytes(CONTENT)
    return file


def opened(path: Path, start: int = 0) -> FileReader:
    file = path.open("rb", buffering=0)
    file.seek(start)
    return FileReader(file, len(CONTENT), len(CONTENT) - start)


def test_pieces_are_counted_until_the_client_leaves(path: Path) -> None:
    told: list[int] = []
    body = Told(Body(opened(path), None), told.append)

    next(iter(body))
    body.close()
    body.close()

    assert told == [PIECE]


def test_what_the_kernel_sent_is_told(path: Path) -> None:
    told: list[int] = []
    file = opened(path, start=100)
    sent = ToldFile(Body(file, None), file, told.append)

    # As socket.sendfile does when it ends, well or not.
    sent.seek(100 + 42)
    sent.close()
    sent.close()

    assert told == [42]


def test_a_server_that_does_without_the_kernel_reads_the_same_bytes(path: Path) -> None:
    told: list[int] = []
    file = opened(path, start=100)
    sent = ToldFile(Body(file, None), file, told.append)

    content = b"".join(iter(lambda: sent.read(8192), b""))
    sent.close()

    assert content == CONTENT[100:]
    assert told == [len(CONTENT) - 100]


def test_a_file_that_was_cut_short_breaks_the_connection(path: Path) -> None:
    told: list[int] = []
    file = opened(path)
    sent = ToldFile(Body(file, None), file, told.append)

    path.write_bytes(b"short")

    with pytest.raises(StorageUnavailable, match="cut short"):
        sent.close()
    assert told == [0]
