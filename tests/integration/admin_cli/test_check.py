"""`wheelyard-admin check` has a line for each part, and ends."""

import time
from collections.abc import Callable

import pytest
from tests.integration.admin_cli.conftest import Run, rows, succeeded
from tests.support.collector import collecting
from tests.support.servers.postgres import Databases
from tests.support.servers.redis import RedisServer
from tests.support.servers.s3 import Buckets

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("migrated")
def test_check_has_a_line_for_each_part_that_is_well(run: Run, settings: dict[str, str]) -> None:
    with collecting() as collector:
        settings["WHEELYARD_TRACING_ENDPOINT"] = collector.url
        done = run("check")

    assert collector.raw == [b""]
    assert [line[:2] for line in rows(succeeded(done))] == [
        ["settings", "ok"],
        ["database", "ok"],
        ["schema", "ok"],
        ["broker", "ok"],
        ["cache", "ok"],
        ["object store", "ok"],
        ["issuers", "ok"],
        ["trust root", "ok"],
        ["collector", "ok"],
    ]


def test_check_says_what_is_wrong_with_each_part(
    run: Run, settings: dict[str, str], start_redis: Callable[..., RedisServer]
) -> None:
    evicting = start_redis(options={"maxmemory-policy": "allkeys-lru"})
    settings |= {
        "WHEELYARD_DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:9/none",
        "WHEELYARD_BROKER_URL": evicting.url,
        "WHEELYARD_CACHE_URL": "redis://:hunter2@127.0.0.1:9/0",
        "WHEELYARD_BLOBS_DIRECTORY": "/proc/none",
        "WHEELYARD_OIDC_ISSUERS": '[{"url": "http://127.0.0.1:9"}]',
        "WHEELYARD_SIGSTORE_TRUSTED_ROOT": "/proc/none",
        "WHEELYARD_TRACING_ENDPOINT": "http://yard:hunter2@127.0.0.1:9",
    }

    done = run("check")

    assert done.exit_code == 1
    lines = {line[0]: line[1:] for line in rows(done.output)}
    assert lines["settings"][0] == "ok"
    assert {name for name, line in lines.items() if line[0] == "FAILED"} == set(lines) - {
        "settings"
    }
    assert "refused" in lines["database"][1]
    assert "allkeys-lru" in lines["broker"][1]
    assert "set it to noeviction" in lines["broker"][1]
    assert "does not answer" in lines["cache"][1]
    assert "http://127.0.0.1:9/.well-known" in lines["issuers"][1]
    assert "The trust root /proc/none cannot be read" in lines["trust root"][1]
    assert "takes no traces" in lines["collector"][1]
    assert "hunter2" not in done.output


def test_check_tells_a_schema_that_is_behind(run: Run) -> None:
    done = run("check")

    assert done.exit_code == 1
    assert "wheelyard-admin migrate" in dict(line[::2] for line in rows(done.output))["schema"]


def test_check_reports_settings_that_are_wrong(run: Run, settings: dict[str, str]) -> None:
    del settings["WHEELYARD_TOKEN_PEPPER"]
    settings["WHEELYARD_TOKEN_PEPPER"] = ""
    settings["WHEELYARD_THREADS"] = "many"

    done = run("check")

    assert done.exit_code == 1
    assert "WHEELYARD_THREADS must be a whole number" in done.output


@pytest.mark.usefixtures("migrated")
def test_check_ends_although_a_server_is_frozen(run: Run, redis_server: RedisServer) -> None:
    redis_server.freeze()
    began = time.monotonic()
    try:
        done = run("check")
    finally:
        redis_server.thaw()

    assert done.exit_code == 1
    assert time.monotonic() - began < 10
    assert rows(done.output)[3][:2] == ["broker", "FAILED"]


def test_check_on_postgresql_and_an_object_store(
    run: Run, settings: dict[str, str], postgres: Databases, minio: Buckets
) -> None:
    bucket = minio.fresh_bucket()
    settings["WHEELYARD_BLOBS_DIRECTORY"] = ""
    settings |= {
        "WHEELYARD_DATABASE_URL": postgres.fresh_database(),
        "WHEELYARD_S3_ENDPOINT": bucket.endpoint,
        "WHEELYARD_S3_BUCKET": bucket.bucket,
        "WHEELYARD_S3_ACCESS_KEY": bucket.access_key,
        "WHEELYARD_S3_SECRET_KEY": bucket.secret_key,
    }
    succeeded(run("migrate"))
    succeeded(run("make-bucket"))
    succeeded(run("check"))
    succeeded(run("user", "create", "ada"))

    settings["WHEELYARD_S3_SECRET_KEY"] = "another secret key"
    done = run("check")

    assert done.exit_code == 1
    assert ["object store", "FAILED"] in [line[:2] for line in rows(done.output)]
    assert "another secret key" not in done.output
