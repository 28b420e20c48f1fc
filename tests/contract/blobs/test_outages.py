"""How an S3 BlobStore fails: soon, in the port's words, and never by a short read."""

import io
import resource
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.support.proxy import Proxy
from tests.support.servers.finding import Source
from tests.support.servers.running import free_port
from tests.support.servers.s3 import Buckets, MinioServer

from wheelyard_core.adapters.blobs.s3 import PART, S3BlobStore
from wheelyard_core.adapters.blobs.s3_client import Patience
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.observability.catalogue import Part
from wheelyard_core.observability.measured import MeasuredBlobStore
from wheelyard_core.observability.metrics import Metrics
from wheelyard_core.ports import UNTRACED, BlobNotFound, StorageUnavailable

pytestmark = pytest.mark.integration

KEY = "files/demo.whl"
MIB = 1024 * 1024
# The store is well and the machine may be busy: whoever is not to see an outage waits for it.
PATIENT = Patience(connect=20, read=60, retries=1)
# On a line of 4 MiB a second a part takes longer than both together, and what is on its way when
# it is sent, a quarter of it in the buffers of Linux, much less.
HASTY = Patience(connect=0.3, read=3.2, retries=1)
IMPATIENT = Patience(connect=0.3, read=0.3, retries=1)


@pytest.fixture
def settings(minio: Buckets) -> S3Settings:
    return minio.fresh_bucket()


@pytest.fixture
def proxy(settings: S3Settings) -> Iterator[Proxy]:
    with Proxy(urlsplit(settings.endpoint).port or 0) as proxy:
        yield proxy


@pytest.fixture
def blobs(settings: S3Settings, proxy: Proxy) -> Iterator[S3BlobStore]:
    """Reach the store through the proxy."""
    store = S3BlobStore(behind(proxy, settings), PATIENT)
    yield store
    store.close()


def behind(proxy: Proxy, settings: S3Settings) -> S3Settings:
    return replace(settings, endpoint=f"http://127.0.0.1:{proxy.port}")


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for 127.0.0.1, which is its own authority, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    about = ["-subj", "/CN=toy", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*make, *about, *files], check=True, capture_output=True)
    return certificate, key


def every_way_to_ask(blobs: S3BlobStore) -> list[Callable[[], object]]:
    return [
        lambda: blobs.put(KEY, io.BytesIO(b"x"), 1),
        lambda: blobs.put(KEY, io.BytesIO(bytes(17 * MIB)), None),
        lambda: blobs.open(KEY),
        lambda: blobs.size(KEY),
        lambda: blobs.delete(KEY),
        lambda: list(blobs.keys("")),
        blobs.check,
    ]


def test_a_small_blob_costs_one_request(blobs: S3BlobStore, proxy: Proxy) -> None:
    blobs.put(KEY, io.BytesIO(bytes(20_000)), 20_000)
    blobs.put(KEY, io.BytesIO(bytes(20_000)), None)

    assert [request.split()[0] for request in proxy.requests] == ["PUT", "PUT"]


def test_a_server_that_is_away_is_an_outage_soon() -> None:
    away = S3Settings(
        endpoint=f"http://127.0.0.1:{free_port()}",
        region="us-east-1",
        bucket="some-bucket",
        access_key="a",
        secret_key="b",
    )
    began = time.monotonic()

    for ask in every_way_to_ask(S3BlobStore(away, IMPATIENT)):
        with pytest.raises(StorageUnavailable, match="some-bucket at http://127"):
            ask()
    with pytest.raises(StorageUnavailable):
        S3BlobStore(away).size(KEY)  # with the patience of production

    assert time.monotonic() - began < 8


def test_a_frozen_server_is_an_outage_soon(
    request: pytest.FixtureRequest, minio_source: Source
) -> None:
    server = MinioServer(minio_source).start()
    request.addfinalizer(server.close)
    bucket = server.fresh_bucket()
    blobs, patient = S3BlobStore(bucket, IMPATIENT), S3BlobStore(bucket, PATIENT)
    request.addfinalizer(blobs.close)
    request.addfinalizer(patient.close)

    server.freeze()
    began = time.monotonic()
    for ask in every_way_to_ask(blobs)[:-1]:
        with pytest.raises(StorageUnavailable):
            ask()
    assert time.monotonic() - began < 8

    server.thaw()
    patient.check()


def test_a_server_that_freezes_between_parts_is_waited_for_once(
    request: pytest.FixtureRequest, minio_source: Source
) -> None:
    server = MinioServer(minio_source).start()
    request.addfinalizer(server.close)
    patience = Patience(connect=1, read=8, retries=0)
    blobs = S3BlobStore(server.fresh_bucket(), patience)
    request.addfinalizer(blobs.close)

    class FreezesIt(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            # What is left fits into the buffers of Linux: it is the answer that is waited for.
            if self.tell() > PART:
                server.freeze()
            return super().read(size)

    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        blobs.put(KEY, FreezesIt(bytes(PART + 300_000)), None)
    # The abort of what was sent waits, too, but not as long as the part did.
    assert patience.read <= time.monotonic() - began < 2 * patience.read

    server.thaw()
    blobs.delete(KEY)


def test_a_restarted_server_is_found_again(
    request: pytest.FixtureRequest, minio_source: Source
) -> None:
    server = MinioServer(minio_source).start()
    request.addfinalizer(server.close)
    blobs = S3BlobStore(server.fresh_bucket())
    request.addfinalizer(blobs.close)
    blobs.put(KEY, io.BytesIO(b"x"), 1)

    server.kill()
    server.start()

    assert blobs.size(KEY) == 1
    blobs.put(KEY, io.BytesIO(b"xy"), 2)


@pytest.mark.parametrize("passed", [1000, 100_000, MIB])
def test_a_broken_off_answer_is_never_the_end(
    blobs: S3BlobStore, proxy: Proxy, passed: int
) -> None:
    blobs.put(KEY, io.BytesIO(bytes(2 * MIB)), None)
    blobs.close()
    proxy.answers_end_after = passed

    with blobs.open(KEY) as reader, pytest.raises(StorageUnavailable, match="broke off"):
        list(iter(lambda: reader.read(10_000), b""))


def test_a_broken_off_range_is_never_the_end(blobs: S3BlobStore, proxy: Proxy) -> None:
    blobs.put(KEY, io.BytesIO(bytes(2 * MIB)), None)
    blobs.close()
    proxy.answers_end_after = 100_000

    with blobs.open(KEY, 5, MIB) as reader, pytest.raises(StorageUnavailable, match="broke off"):
        reader.read()


def test_a_broken_off_answer_is_counted_as_an_error(blobs: S3BlobStore, proxy: Proxy) -> None:
    blobs.put(KEY, io.BytesIO(bytes(2 * MIB)), None)
    blobs.close()
    proxy.answers_end_after = 100_000
    metrics = Metrics("worker", [Part.EACH])

    with (
        MeasuredBlobStore(blobs, metrics, UNTRACED).open(KEY) as reader,
        pytest.raises(StorageUnavailable),
    ):
        reader.read()

    counted = metrics.exposition().decode()
    assert 'wheelyard_storage_requests_total{operation="get",result="error"} 1.0' in counted


def test_a_slow_line_is_no_outage(
    request: pytest.FixtureRequest, settings: S3Settings, proxy: Proxy
) -> None:
    """One part takes longer than the time-outs, while bytes keep moving."""
    blobs = S3BlobStore(behind(proxy, settings), HASTY)
    request.addfinalizer(blobs.close)
    proxy.bytes_a_second = 4 * MIB
    began = time.monotonic()

    blobs.put(KEY, io.BytesIO(bytes(17 * MIB)), None)

    assert time.monotonic() - began > HASTY.connect + HASTY.read
    assert blobs.size(KEY) == 17 * MIB


def test_reading_to_the_end_gives_the_connection_back(blobs: S3BlobStore, proxy: Proxy) -> None:
    blobs.put(KEY, io.BytesIO(b"hello"), 5)
    for _ in range(5):
        with blobs.open(KEY) as reader:
            reader.read()

    assert proxy.connections == 1


def test_leaving_a_blob_half_read_costs_no_other_reader(blobs: S3BlobStore, proxy: Proxy) -> None:
    blobs.put(KEY, io.BytesIO(b"0123456789" * MIB), None)
    for _ in range(3):
        with blobs.open(KEY) as reader:
            assert reader.read(10) == b"0123456789"

    assert blobs.size(KEY) == 10 * MIB
    assert proxy.connections <= 4


def test_a_missing_bucket_is_an_outage_and_no_missing_blob(settings: S3Settings) -> None:
    blobs = S3BlobStore(replace(settings, bucket="no-such-bucket"))

    for ask in every_way_to_ask(blobs):
        if ask is not every_way_to_ask(blobs)[4]:
            with pytest.raises(StorageUnavailable, match="bucket"):
                ask()
    blobs.close()


def test_a_wrong_secret_is_an_outage_that_shows_no_secret(settings: S3Settings) -> None:
    blobs = S3BlobStore(replace(settings, secret_key="not-the-secret"))

    with pytest.raises(StorageUnavailable, match="SignatureDoesNotMatch") as caught:
        blobs.check()

    assert "not-the-secret" not in f"{caught.value} {blobs.settings!r}"
    blobs.close()


def test_making_a_bucket_twice_is_making_it_once(settings: S3Settings) -> None:
    blobs = S3BlobStore(replace(settings, bucket=f"{settings.bucket}-2"))

    blobs.create_bucket()
    blobs.create_bucket()

    blobs.check()
    with pytest.raises(BlobNotFound):
        blobs.size(KEY)
    blobs.close()


def test_an_authority_of_our_own_is_trusted_and_another_is_not(
    settings: S3Settings, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    with Proxy(urlsplit(settings.endpoint).port or 0, context) as proxy:
        secure = replace(settings, endpoint=f"https://127.0.0.1:{proxy.port}")
        trusting = S3BlobStore(replace(secure, ca_file=certificate))
        trusting.put(KEY, io.BytesIO(bytes(17 * MIB)), None)
        with trusting.open(KEY) as reader:
            assert reader.read() == bytes(17 * MIB)
        trusting.close()

        with pytest.raises(StorageUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            S3BlobStore(secure, HASTY).size(KEY)


def test_the_memory_of_a_put_is_flat(settings: S3Settings) -> None:
    class Zeros:
        left = 4096

        def read(self, n: int, /) -> bytes:
            self.left -= 1
            return bytes(min(n, 64 * 1024)) if self.left >= 0 else b""

    blobs = S3BlobStore(settings)
    blobs.put(KEY, io.BytesIO(bytes(17 * MIB)), None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    blobs.put(KEY, Zeros(), 256 * MIB)

    # The peak of the process: one part of 16 MiB was in it before.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert blobs.size(KEY) == 256 * MIB
    blobs.close()


@pytest.mark.parametrize(
    "endpoint", ["minio:9000", "ftp://minio", "http://minio/path", "http://a:b@minio", "http://"]
)
def test_an_endpoint_of_another_form_is_refused_at_once(endpoint: str) -> None:
    chosen = S3Settings(
        endpoint=endpoint, region="r", bucket="some-bucket", access_key="a", secret_key="b"
    )

    with pytest.raises(ValueError, match="S3 endpoint"):
        S3BlobStore(chosen)


def test_virtual_style_puts_the_bucket_before_the_host() -> None:
    blobs = S3BlobStore(
        S3Settings(
            endpoint="http://inside:9000",
            public_endpoint="https://files.example.com",
            region="eu-west-1",
            bucket="some-bucket",
            access_key="a",
            secret_key="b",
            path_style=False,
        )
    )

    url = blobs.presigned_url("a+b", "name", 60)

    assert url is not None
    assert url.startswith("https://some-bucket.files.example.com/a%2Bb?")
