"""The indexer on its real servers: granian alone, gunicorn for one machine."""

import http.client
import io
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from tests.support.distributions import ADistribution
from tests.support.in_process import environment
from tests.support.proxy import Proxy
from tests.support.servers.redis import RedisServer
from tests.support.servers.s3 import Buckets
from tests.support.serving import JSON, ONE, Served, Stage, staged
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart


def test_a_token_ends_at_once_in_every_process(stage: Stage) -> None:
    processes = [stage.serve(), stage.serve()]

    for _ in range(10):
        secret = stage.yard.seed.developer_token(stage.project)
        for each in processes:
            each.warm(stage.page, secret)
        stage.revoke(secret)
        assert [each.ask("GET", stage.page, secret).status for each in processes] == [401, 401]
    ending = stage.yard.seed.developer_token(stage.project)
    # As long as it may take a busy machine until both remember it.
    stage.expire(ending, 5)
    ends = time.monotonic() + 5
    for each in processes:
        each.warm(stage.page, ending)
    time.sleep(max(0, ends - time.monotonic()))
    assert [each.ask("GET", stage.page, ending).status for each in processes] == [401, 401]


def test_pages_never_go_back_while_they_change_under_load(
    stage: Stage, redis_server: RedisServer
) -> None:
    processes = [stage.serve(), stage.serve()]
    over = Event()

    def read(served: Served) -> tuple[list[int], set[int]]:
        serials, statuses = [0], set()
        # A moment each, or nothing would be left for what they are to see.
        while not over.wait(0.02):
            got = served.ask("GET", stage.page, stage.secret, Accept=JSON)
            statuses.add(got.status)
            serials.append(int(got.headers["x-pypi-last-serial"]))
        return serials, statuses

    with ThreadPoolExecutor(8) as readers:
        reading = [readers.submit(read, processes[number % 2]) for number in range(8)]
        try:
            for number in range(2, 14):
                built = ADistribution().named("demo", f"{number}.0").wheel()
                stage.yard.publish(stage.project.id, built, stage.secret)
                if number % 4 == 0:
                    redis_server.flush()
                if number == 6:
                    redis_server.freeze()
                    time.sleep(1.5)
                    redis_server.thaw()
        finally:
            over.set()
        seen = [future.result() for future in reading]

    for serials, statuses in seen:
        assert statuses == {200}
        assert serials == sorted(serials)
    assert max(serials[-1] for serials, _ in seen) > 1


def test_heads_ranges_and_encoded_names_pass_the_server(stage: Stage) -> None:
    served = stage.serve()
    file = f"{stage.index}/files/{ONE.sha256}/{ONE.filename}"
    served.warm(stage.page, stage.secret)

    head = served.ask("HEAD", file, stage.secret)
    page_head = served.ask("HEAD", stage.page, stage.secret, Accept=JSON)
    page = served.ask("GET", stage.page, stage.secret, Accept=JSON)
    part = served.ask("GET", file.replace("+", "%2B"), stage.secret, Range="bytes=-10")
    beyond = served.ask("GET", file, stage.secret, Range=f"bytes={len(ONE.content)}-")
    unchanged = served.ask("GET", file, stage.secret, If_None_Match=head.headers["etag"])
    by_path = stage.project.path.replace("/", "%2F")
    encoded = served.ask(
        "GET", f"/api/v4/projects/{by_path}/packages/pypi/simple/demo/", stage.secret
    )

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(ONE.content))
    assert (page_head.status, page_head.body) == (200, b"")
    assert page_head.headers["content-length"] == str(len(page.body))
    assert json.loads(page.body)["files"][0]["filename"] == ONE.filename
    assert (part.status, part.body) == (206, ONE.content[-10:])
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(ONE.content)}")
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert encoded.status == 200
    for method in ("POST", "OPTIONS"):
        refused = served.ask(method, stage.page, stage.secret)
        assert refused.status == 405
        assert refused.headers["content-type"] == "application/json"
    assert served.ask("GET", f"{stage.index}/simple/%00", stage.secret).status in {400, 404}


BIG = ADistribution().named("big", "1.0").with_member("big/noise.bin", os.urandom(8 << 20)).wheel()


def publish_big(stage: Stage) -> None:
    # In memory: the test client's own form goes through a file that it leaves open.
    boundary, body = encode_multipart(
        {
            ":action": "file_upload",
            "name": BIG.name,
            "version": BIG.version,
            "filetype": BIG.filetype,
            "content": FileStorage(io.BytesIO(BIG.content), BIG.filename),
        }
    )
    answer = stage.yard.client.post(
        stage.index,
        input_stream=io.BytesIO(body),
        content_type=f"multipart/form-data; boundary={boundary}",
        content_length=len(body),
        headers={"PRIVATE-TOKEN": stage.secret},
    )
    assert answer.status_code == 201, answer.text


@pytest.fixture
def on_minio(
    server: str, tmp_path: Path, sqlite_url: str, redis_server: RedisServer, minio: Buckets
) -> Iterator[tuple[Stage, Proxy]]:
    """A registry over MinIO, which it reaches through a proxy that can be unkind."""
    bucket = minio.fresh_bucket()
    host, _, port = bucket.endpoint.rpartition(":")
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(int(port)))
        settings = environment(tmp_path, sqlite_url, redis_server.url)
        settings.pop("WHEELYARD_BLOBS_DIRECTORY")
        settings |= {
            "WHEELYARD_S3_ENDPOINT": f"{host}:{proxy.port}",
            "WHEELYARD_S3_BUCKET": bucket.bucket,
            "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
            "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
            "WHEELYARD_S3_REGION": bucket.region,
            "WHEELYARD_S3_PREFIX": bucket.prefix,
        }
        yield staged(stack, tmp_path, settings, server), proxy


def test_a_store_that_breaks_off_never_looks_like_an_end(on_minio: tuple[Stage, Proxy]) -> None:
    stage, proxy = on_minio
    publish_big(stage)
    served = stage.serve()
    path = f"{stage.index}/files/{BIG.sha256}/{BIG.filename}"
    proxy.requests.clear()
    whole = served.ask("GET", path, stage.secret)
    assert (whole.status, whole.body) == (200, BIG.content)
    served.ask("HEAD", path, stage.secret)
    assert len(proxy.requests) == 1

    proxy.answers_end_after = 4 << 20
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        served.ask("GET", path, stage.secret)
    proxy.answers_end_after = 0
    away = served.ask("GET", path, stage.secret)

    assert away.status == 503
    assert away.headers["retry-after"] == "5"
    assert away.headers["content-type"] == "application/json"


def test_clients_that_leave_hold_no_connection_to_the_store(on_minio: tuple[Stage, Proxy]) -> None:
    stage, proxy = on_minio
    publish_big(stage)
    served = stage.serve()
    path = f"{stage.index}/files/{BIG.sha256}/{BIG.filename}"

    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port), 10) as leaving:
            lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {stage.secret}\r\n\r\n"
            leaving.sendall(lines.encode())
            leaving.recv(1000)

    # More than the store's connections and the server's threads: they came back.
    assert served.ask("GET", path, stage.secret).body == BIG.content
    assert proxy.connections <= 25
