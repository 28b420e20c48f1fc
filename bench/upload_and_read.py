"""`make bench`: how long uploads take, how many reads a second, and how much memory it all needs.

Everything goes through the front door, and bare nginx serves the same bytes in the same run: the
ratio says more than the figure on a machine that others use, too.
"""

import argparse
import gc
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.machinery import Memory, bare_nginx, memory_of, requests_per_second
from tests.support.distributions import ADistribution
from tests.support.forms import AForm, basic
from tests.support.servers.finding import Machine
from tests.support.servers.postgres import Databases, PostgresServer, find_postgres
from tests.support.servers.redis import RedisServer, find_redis
from tests.support.servers.s3 import MinioServer, find_minio
from tests.support.uploading import Connection
from tests.support.wheelyard import Wheelyard, start_distributed, start_embedded

_TARGET_MS = 150
_SIZES = (("20 kB", 20_000, 30), ("5 MB", 5_000_000, 6), ("200 MB", 200_000_000, 1))
_ACCEPT = "application/vnd.pypi.simple.v1+json"


def main(arguments: list[str]) -> int:
    """Measure; 1 when the target of small uploads was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--distributed", action="store_true", help="on PostgreSQL, two Redis and MinIO, too"
    )
    parser.add_argument("--seconds", type=int, default=5, help="how long each reading takes")
    parser.add_argument("--quick", action="store_true", help="leave out the 200 MB upload")
    options = parser.parse_args(arguments)
    # So that a terminated measurement stops what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kinds = [("embedded", _embedded), *([("distributed", _distributed)] * options.distributed)]
    met = True
    for name, start in kinds:
        # /tmp, because a Unix socket's path is short.
        folder = Path(tempfile.mkdtemp(prefix="wy-bench-"))
        try:
            began = time.monotonic()
            with start(folder) as wheelyard:
                print(f"\n{name}: serving after {time.monotonic() - began:.1f} s")
                met &= _measure(wheelyard, folder, options.seconds, quick=options.quick)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if met else 1


def _measure(wheelyard: Wheelyard, folder: Path, seconds: int, *, quick: bool) -> bool:
    _show_memory("idle", _memory(wheelyard))
    p50 = [_upload(wheelyard, *size) for size in _SIZES[: 2 if quick else 3]]
    met = p50[0] <= _TARGET_MS
    print(f"  target: 20 kB p50 <= {_TARGET_MS} ms: {'met' if met else 'MISSED'}")
    _read(wheelyard, folder, seconds)
    _show_memory("after all that", _memory(wheelyard))
    return met


def _upload(wheelyard: Wheelyard, label: str, size: int, count: int) -> float:
    """Publish files of a size one after the other; return the median in ms, verdict included."""
    path = wheelyard.upload_url.removeprefix(wheelyard.url)
    payload = random.Random(size).randbytes(size)
    taken = []
    with Connection(wheelyard.host, wheelyard.token) as client:
        for number in range(count):
            wheel = ADistribution(name=f"sized-{size}", version=f"{number}.0").with_payload(payload)
            form = AForm.of(wheel.wheel()).body()
            gc.collect()
            began = time.perf_counter()
            status, message = client.upload(path, form)
            taken.append(1000 * (time.perf_counter() - began))
            # A file so large may be answered before its verdict: "later" is an answer, too.
            assert status == 201 or (status == 202 and size > 10**8), (status, message)
    p50, p95 = statistics.median(taken), sorted(taken)[int(0.95 * (len(taken) - 1))]
    print(f"  upload {label:>6}  x{count:<3} p50 {p50:7.0f} ms   p95 {p95:7.0f} ms")
    return p50


def _read(wheelyard: Wheelyard, folder: Path, seconds: int) -> None:
    """Ask for a page of thirty files and for a file of 20 kB, here and of bare nginx."""
    page_path = f"{wheelyard.upload_url.removeprefix(wheelyard.url)}/simple/sized-20000/"
    authorization = basic("__token__", wheelyard.token)
    with Connection(wheelyard.host, wheelyard.token) as client:
        page = client.get(page_path, {"Accept": _ACCEPT})
        file_path = json.loads(page)["files"][0]["url"]
        file = client.get(file_path)
    paths = {"page": (page_path, {"Accept": _ACCEPT}), "file": (file_path, {})}
    with bare_nginx(folder / "nginx", {"page": page, "file": file}) as nginx:
        for name, (path, headers) in paths.items():
            for connections in (1, 16):
                ours = requests_per_second(
                    f"{wheelyard.url}{path}", connections, seconds, {**authorization, **headers}
                )
                bare = requests_per_second(f"{nginx}/{name}", connections, seconds, {})
                print(
                    f"  {name} at {connections:>2} connections {ours:9,.0f}/s"
                    f"   bare nginx {bare:9,.0f}/s   ratio {ours / bare:.3f}"
                )


def _memory(wheelyard: Wheelyard) -> list[Memory]:
    return memory_of(process.pid for process in wheelyard.processes.values())


def _show_memory(when: str, found: list[Memory]) -> None:
    print(f"  memory, {when}: {sum(one.resident for one in found)} MiB in {len(found)} processes")
    for one in found:
        print(f"    {one.resident:5} MiB   peak {one.peak:5} MiB   {one.name}")


@contextmanager
def _embedded(folder: Path) -> Iterator[Wheelyard]:
    wheelyard = start_embedded(folder)
    try:
        yield wheelyard
    finally:
        wheelyard.stop()


@contextmanager
def _distributed(folder: Path) -> Iterator[Wheelyard]:
    # The measurements' one look into the environment.
    machine = Machine(dict(os.environ), Path(__file__).parent.parent)  # noqa: TID251  as above
    with ExitStack() as stack:
        postgres, minio = PostgresServer(find_postgres(machine)), MinioServer(find_minio(machine))
        for server in (postgres, minio):
            stack.callback(server.close)
            server.start()
        redis = find_redis(machine)
        broker = stack.enter_context(RedisServer(redis))
        cache = stack.enter_context(RedisServer(redis, options={"maxmemory-policy": "allkeys-lru"}))
        bucket = minio.fresh_bucket()
        settings = {
            "WHEELYARD_DATABASE_URL": Databases(postgres).fresh_database(),
            "WHEELYARD_BROKER_URL": broker.url,
            "WHEELYARD_CACHE_URL": cache.url,
            "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
            "WHEELYARD_S3_REGION": bucket.region,
            "WHEELYARD_S3_BUCKET": bucket.bucket,
            "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
            "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
        }
        wheelyard = start_distributed(folder / "services", settings)
        stack.callback(wheelyard.stop)
        yield wheelyard


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
