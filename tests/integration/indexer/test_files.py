"""Files and metadata files over HTTP: headers, ranges, the object store's own troubles."""

import hashlib
import io
import random
import zipfile
from dataclasses import dataclass, field, replace
from typing import Self

import pytest
from tests.integration.indexer.conftest import Reader, headers_of
from tests.support.distributions import ADistribution
from werkzeug.test import Client, TestResponse

from wheelyard_core.ports import BlobNotFound, BlobReader, BlobStore, StorageUnavailable
from wheelyard_indexer.app import create_app
from wheelyard_indexer.sending import PIECE

WHEEL = ADistribution().named("demo", "1!1.0+ubuntu.1").wheel()
BODY = WHEEL.content
SIZE = len(BODY)
WHOLE = f"files/{WHEEL.sha256}/{WHEEL.filename}"


@pytest.fixture
def published(reader: Reader) -> Reader:
    assert reader.yard.publish(reader.project.id, WHEEL, reader.secret).status_code == 201
    return reader


def metadata() -> bytes:
    with zipfile.ZipFile(io.BytesIO(BODY)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        return archive.read(name)


def test_a_file_has_its_exact_headers(published: Reader) -> None:
    answer = published.ask(WHOLE)
    head = published.ask(WHOLE, method="HEAD")

    assert (answer.status_code, answer.data) == (200, BODY)
    assert headers_of(answer) == {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(SIZE),
        "Accept-Ranges": "bytes",
        "ETag": f'"{WHEEL.sha256}"',
        "Cache-Control": "max-age=365000000, immutable, private",
    }
    assert (head.status_code, head.data) == (200, b"")
    assert headers_of(head) == headers_of(answer)


def test_a_metadata_file_is_the_metadata_to_the_byte(published: Reader) -> None:
    answer = published.ask(f"{WHOLE}.metadata", {"Accept-Encoding": "identity"})
    digest = hashlib.sha256(metadata()).hexdigest()

    assert (answer.status_code, answer.data) == (200, metadata())
    assert headers_of(answer) == {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(metadata())),
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
        "Cache-Control": "max-age=365000000, immutable, private",
    }


def test_names_are_the_same_raw_and_encoded(published: Reader) -> None:
    raw = f"files/{WHEEL.sha256}/{WHEEL.filename}"
    encoded = raw.replace("+", "%2B").replace("!", "%21")

    assert "+" in raw
    assert "!" in raw
    assert published.ask(raw).data == published.ask(encoded).data == BODY
    assert published.ask(f"{encoded}.metadata").data == metadata()


def test_digest_and_name_must_both_match(published: Reader) -> None:
    wrong = [
        f"files/{'0' * 64}/{WHEEL.filename}",
        f"files/{WHEEL.sha256}/other-1.0-py3-none-any.whl",
        f"files/{'0' * 64}/{WHEEL.filename}.metadata",
        f"files/{WHEEL.sha256}/{WHEEL.filename}.metadata.metadata",
        f"files/{WHEEL.sha256[:-1]}/{WHEEL.filename}",
    ]

    for path in wrong:
        answer = published.ask(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/json"
    assert published.ask(WHOLE, anonymous=True).status_code == 401


def test_a_file_of_another_project_is_not_found(published: Reader) -> None:
    other = published.yard.seed.project()
    secret = published.yard.seed.developer_token(other)

    answer = replace(published, project=other, secret=secret).ask(WHOLE)

    assert answer.status_code == 404


def test_ranges_give_their_bytes(published: Reader) -> None:
    cases = {
        "bytes=0-9": (0, 10),
        "bytes=10-": (10, SIZE),
        "bytes=-100": (SIZE - 100, SIZE),
        "bytes=-10000000": (0, SIZE),
        f"bytes=5-{SIZE + 7}": (5, SIZE),
    }

    for asked, (start, stop) in cases.items():
        answer = published.ask(WHOLE, {"Range": asked})
        assert (answer.status_code, answer.data) == (206, BODY[start:stop])
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
        assert answer.headers["Content-Length"] == str(stop - start)
        assert answer.headers["ETag"] == f'"{WHEEL.sha256}"'


def test_what_is_no_single_range_gets_the_whole(published: Reader) -> None:
    for asked in ("bytes=0-1,5-6", "bytes=9-1", "lines=0-1", "bytes=x-"):
        answer = published.ask(WHOLE, {"Range": asked})
        assert (answer.status_code, answer.data) == (200, BODY)
    head = published.ask(WHOLE, {"Range": "bytes=0-1"}, "HEAD")
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(SIZE))


def test_a_range_outside_is_refused_with_the_size(published: Reader) -> None:
    for asked in (f"bytes={SIZE}-", "bytes=-0"):
        answer = published.ask(WHOLE, {"Range": asked})
        assert (answer.status_code, answer.data) == (416, b"")
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
        # A cache between us and a client must not give it to who asks for the file.
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def test_if_range_and_if_none_match_compare_the_digest(published: Reader) -> None:
    etag = f'"{WHEEL.sha256}"'
    part = {"Range": "bytes=0-4"}

    assert published.ask(WHOLE, {**part, "If-Range": etag}).status_code == 206
    assert published.ask(WHOLE, {**part, "If-Range": '"other"'}).status_code == 200
    assert published.ask(WHOLE, {"If-None-Match": '"other"'}).status_code == 200
    for matching in (etag, f"W/{etag}", f'"a", {etag}', "*"):
        unchanged = published.ask(WHOLE, {**part, "If-None-Match": matching})
        assert (unchanged.status_code, unchanged.data) == (304, b"")
        assert unchanged.headers["ETag"] == etag
        assert "immutable" in unchanged.headers["Cache-Control"]


def publish_large(reader: Reader) -> str:
    """Publish a file that is sent in two pieces; return its path."""
    # Smaller than what the test client would leave in an open file.
    noise = random.Random(1).randbytes(PIECE + PIECE // 2)
    built = ADistribution().named("large", "1.0").with_payload(noise).wheel()
    assert reader.yard.publish(reader.project.id, built, reader.secret).status_code == 201
    return f"files/{built.sha256}/{built.filename}"


@dataclass
class Watched:
    """The bytes of a blob, and whether they were closed; breaks off after *good* pieces."""

    content: BlobReader
    good: int | None
    closed: bool = False
    pieces: int = 0

    @property
    def size(self) -> int:
        return self.content.size

    def read(self, n: int = -1, /) -> bytes:
        if self.good is not None and self.pieces >= self.good:
            raise StorageUnavailable("broken off")
        self.pieces += 1
        return self.content.read(n)

    def close(self) -> None:
        self.closed = True
        self.content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Store:
    """A blob store that writes down what is asked of it, and can be away."""

    blobs: BlobStore
    asked: list[str] = field(default_factory=list)
    readers: list[Watched] = field(default_factory=list)
    failure: Exception | None = None
    good: int | None = None

    def open(self, key: str, start: int = 0, length: int | None = None) -> Watched:
        self.asked.append("open")
        if self.failure is not None:
            raise self.failure
        self.readers.append(Watched(self.blobs.open(key, start, length), self.good))
        return self.readers[-1]

    def size(self, key: str) -> int:
        self.asked.append("size")
        return self.blobs.size(key)

    def presigned_url(self, _key: str, filename: str, _seconds: int) -> str:
        return f"http://store.example/{filename}?signature=x"


@dataclass(frozen=True)
class Watching:
    """A reader of a registry whose store is a `Store`."""

    reader: Reader
    store: Store
    client: Client

    def ask(
        self,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        suffix: str = "",
        path: str = WHOLE,
    ) -> TestResponse:
        return self.client.open(
            f"{self.reader.index}/{path}{suffix}",
            method=method,
            headers={"PRIVATE-TOKEN": self.reader.secret, **(headers or {})},
        )


def watching(published: Reader, downloads: str = "stream") -> Watching:
    registry = published.yard.registry
    store = Store(registry.blobs)
    http = replace(registry.settings.http, downloads=downloads)
    settings = replace(registry.settings, http=http)
    app = create_app(replace(registry, blobs=store, settings=settings))  # type: ignore[arg-type]  # reading needs no more of a store
    return Watching(published, store, Client(app))


@pytest.fixture
def watched(published: Reader) -> Watching:
    return watching(published)


def test_a_get_asks_the_store_once_and_nothing_else_asks_at_all(watched: Watching) -> None:
    etag = f'"{WHEEL.sha256}"'

    watched.ask(method="HEAD")
    watched.ask({"If-None-Match": etag})
    watched.ask({"Range": f"bytes={SIZE}-"})
    watched.ask(method="HEAD", suffix=".metadata")
    assert watched.store.asked == []
    assert watched.ask({"Range": "bytes=-5"}).data == BODY[-5:]
    assert watched.ask().data == BODY
    assert watched.ask(suffix=".metadata").data == metadata()

    assert watched.store.asked == ["open"] * 3
    assert all(reader.closed for reader in watched.store.readers)


def test_a_store_that_is_away_is_an_outage(watched: Watching) -> None:
    for failure in (StorageUnavailable("away"), BlobNotFound("lost")):
        watched.store.failure = failure
        answer = watched.ask()
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Content-Type"] == "application/json"
        assert "Content-Range" not in answer.headers
    assert watched.ask(method="HEAD").status_code == 200


def test_a_store_that_is_away_is_an_outage_for_remembered_files_too(watched: Watching) -> None:
    for _ in range(2):
        assert watched.ask(method="HEAD").status_code == 200
    watched.store.failure = StorageUnavailable("away")

    answer = watched.ask()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert watched.store.asked == ["open"]
    watched.store.failure = None
    assert watched.ask().data == BODY


def test_small_contents_are_asked_of_the_store_once(watched: Watching) -> None:
    bodies = [watched.ask(headers).data for headers in ({}, {}, {"Range": "bytes=3-9"})]

    assert bodies == [BODY, BODY, BODY[3:10]]
    assert watched.store.asked == ["open"]


def test_a_store_that_breaks_off_at_once_is_an_outage(watched: Watching) -> None:
    watched.store.good = 0

    assert watched.ask().status_code == 503
    assert watched.store.readers[0].closed


def test_a_store_that_breaks_off_later_breaks_the_answer(watched: Watching) -> None:
    path = publish_large(watched.reader)
    watched.store.good = 1

    # By Flask at first, and then by what it remembered.
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            _ = watched.ask(path=path).data
    for reader in watched.store.readers:
        reader.close()


def test_a_client_that_is_gone_leaves_no_open_reader(watched: Watching) -> None:
    path = publish_large(watched.reader)

    for _ in range(3):
        watched.ask(path=path).close()

    assert [reader.closed for reader in watched.store.readers] == [True] * 3


def test_only_a_get_of_a_file_is_redirected(published: Reader) -> None:
    watched = watching(published, downloads="redirect")

    get = watched.ask()
    head = watched.ask(method="HEAD")

    assert get.status_code == 302
    assert get.headers["Location"].startswith("http://store.example/demo-")
    assert get.headers["Cache-Control"] == "no-store"
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(SIZE))
    for _ in range(3):
        assert watched.ask().status_code == 302
        assert watched.ask(suffix=".metadata").data == metadata()
