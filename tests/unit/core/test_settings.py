"""Settings: complete ones are read, wrong ones are all named, secrets are never shown."""

from pathlib import Path

import pytest

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings
from wheelyard_core.adapters.blobs.s3_settings import S3Settings
from wheelyard_core.settings import SETTINGS, Settings, SettingsError, parse_size, read_settings

COMPLETE = {
    "WHEELYARD_DATABASE_URL": "postgresql://yard@db:5432/yard",
    "WHEELYARD_DATABASE_PASSWORD": "hidden-1",
    "WHEELYARD_S3_ENDPOINT": "https://minio.example.com:9000/",
    "WHEELYARD_S3_PUBLIC_ENDPOINT": "https://files.example.com",
    "WHEELYARD_S3_ACCESS_KEY": "hidden-2",
    "WHEELYARD_S3_SECRET_KEY": "hidden-3",
    "WHEELYARD_BROKER_URL": "rediss://yard@broker:6379/0?ssl_cert_reqs=required",
    "WHEELYARD_BROKER_PASSWORD": "hidden/4@",
    "WHEELYARD_CACHE_URL": "rediss://:hidden-5@cache:6379/0",
    "WHEELYARD_CACHE_PASSWORD": "hidden-7",
    "WHEELYARD_TOKEN_PEPPER": "hidden-6",
    "WHEELYARD_OIDC_PROXY": "http://yard:hidden-8@proxy:3128",
    "WHEELYARD_PUBLIC_URL": "https://example.com/yard/",
    "WHEELYARD_LISTEN": "[::]:8080",
    "WHEELYARD_MAX_FILE_SIZE": "512MiB",
    "WHEELYARD_VERDICT_SECONDS": "2.5",
    "WHEELYARD_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
    "WHEELYARD_SPOOL_DIRECTORY": "/var/spool/yard",
}
REQUIRED = [name for name, setting in SETTINGS.items() if setting.default is None]
MALFORMED = {
    "DATABASE_URL": ["mysql://db/yard", "postgresql://", "sqlite://", "postgresql://db:port/x"],
    "DATABASE_POOL_SIZE": ["0", "-1", "five", "1" * 5000],
    "DATABASE_POOL_OVERFLOW": ["-1", "٣"],
    "S3_ENDPOINT": ["minio:9000", "https://", "https://h:99999", "http://[::1"],
    "S3_PATH_STYLE": ["maybe"],
    "BROKER_URL": ["amqp://broker", "redis+socket://"],
    "CACHE_URL": ["memcached://cache", "redis+socket:///run/redis.sock"],
    "MAX_FILE_SIZE": ["2GB", "-1", "1.5GiB", "٣MiB", "1" * 5000],
    "MAX_FORM_FIELDS": ["0"],
    "UPLOAD_SECONDS": ["nan", "inf", "-1", "1e3", "an hour"],
    "BURN_FILENAMES": ["si"],
    "PUBLIC_URL": ["ftp://example.com", "//example.com"],
    "LISTEN": ["8080", ":8080", "0.0.0.0:65536", "0.0.0.0:http"],
    "THREADS": ["0", "many"],
    "DOWNLOADS": ["torrent"],
    "TRUSTED_PROXIES": ["10.0.0.1/8", "proxy.example.com"],
    "LOG_LEVEL": ["verbose"],
    "WORKER_QUEUES": ["verify,indx", "*"],
    "DRAIN_SECONDS": ["0", "2.5"],
    "TRACING_ENDPOINT": ["collector:4318", "grpc://collector:4317"],
    "TRACING_SAMPLE_RATIO": ["1.5", "-0.1", "5%", "nan"],
}


def problems(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_settings(environment)
    return refused.value.problems


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in COMPLETE.items() if key != name}


def test_complete_settings_are_read_into_what_the_services_need() -> None:
    settings = read_settings(COMPLETE)

    assert settings.database.url == "postgresql+psycopg://yard@db:5432/yard"
    assert settings.database.password == "hidden-1"
    assert isinstance(settings.blobs, S3Settings)
    assert settings.blobs.endpoint == "https://minio.example.com:9000"
    assert settings.blobs.public_endpoint == "https://files.example.com"
    assert settings.blobs.path_style
    assert [pepper.key for pepper in settings.peppers.ring] == [b"hidden-6"]
    assert settings.http.public_url == "https://example.com/yard"
    assert settings.http.base_path == "/yard"
    assert settings.http.listen == ("::", 8080)
    assert settings.http.trusted_proxies == ("10.0.0.0/8", "fd00::/8")
    assert settings.limits.file_size == 512 << 20
    assert settings.limits.verdict_seconds == 2.5
    assert settings.limits.spool == Path("/var/spool/yard")
    assert not settings.limits.burn_filenames


def test_a_password_of_redis_goes_into_an_address_that_has_none() -> None:
    settings = read_settings(COMPLETE)

    assert settings.broker.url == (
        "rediss://yard:hidden%2F4%40@broker:6379/0?ssl_cert_reqs=required"
    )
    assert settings.cache.url == "rediss://:hidden-5@cache:6379/0"


def test_the_commit_of_an_image_is_known_where_the_image_says_it() -> None:
    assert read_settings(COMPLETE | {"WHEELYARD_REVISION": "0a1b2c"}).revision == "0a1b2c"
    assert read_settings(COMPLETE | {"WHEELYARD_REVISION": ""}).revision == "unknown"
    assert read_settings(COMPLETE).revision == "unknown"


def test_several_peppers_stand_on_lines_of_their_own() -> None:
    settings = read_settings(COMPLETE | {"WHEELYARD_TOKEN_PEPPER": "new one\n\n  old \n"})

    assert [pepper.key for pepper in settings.peppers.ring] == [b"new one", b"old"]
    assert settings.peppers.current.key == b"new one"
    assert "old" not in repr(settings.peppers)


def test_a_worker_may_be_told_its_queues() -> None:
    told = read_settings(COMPLETE | {"WHEELYARD_WORKER_QUEUES": "verify, maintenance"})

    assert told.worker_queues == {"verify", "maintenance"}
    assert read_settings(COMPLETE).worker_queues == frozenset()


def test_what_is_not_given_has_its_default() -> None:
    settings = read_settings({name: COMPLETE[name] for name in [*REQUIRED]} | folder())

    assert settings.blobs == DirectoryBlobSettings(Path("/srv/blobs"))
    assert settings.limits.file_size == 2 << 30
    assert settings.http.listen == ("0.0.0.0", 8080)  # noqa: S104  the documented default
    assert settings.http.downloads == "stream"
    assert settings.database.password_file is None


def folder() -> dict[str, str]:
    return {"WHEELYARD_BLOBS_DIRECTORY": "/srv/blobs"}


def test_one_machine_needs_no_hosts() -> None:
    settings = read_settings(
        {
            "WHEELYARD_DATABASE_URL": "sqlite:////data/yard.db",
            "WHEELYARD_BROKER_URL": "redis+socket:///run/redis.sock?virtual_host=0",
            "WHEELYARD_CACHE_URL": "unix:///run/redis.sock?db=1",
            "WHEELYARD_TOKEN_PEPPER": "x",
        }
        | folder()
    )

    assert settings.database.url == "sqlite:////data/yard.db"


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("given", [{}, {"": ""}], ids=["missing", "empty"])
def test_a_required_setting_that_is_missing_is_the_one_problem(
    name: str, given: dict[str, str]
) -> None:
    environment = without(name) | dict.fromkeys([name] if given else [], "")

    assert problems(environment) == [f"{name} is not set: {SETTINGS[name].text}"]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values]
)
def test_a_malformed_setting_is_named_with_what_would_be_right(name: str, value: str) -> None:
    [problem] = problems(COMPLETE | {f"WHEELYARD_{name}": value})

    assert problem.startswith(f"WHEELYARD_{name} must be ")


def test_all_problems_are_reported_at_once() -> None:
    environment = without("WHEELYARD_TOKEN_PEPPER") | {
        f"WHEELYARD_{name}": values[0] for name, values in MALFORMED.items()
    }

    found = problems(environment)

    assert len(found) == len(MALFORMED) + 1
    with pytest.raises(SettingsError, match=r"THREADS(.|\n)*TOKEN_PEPPER"):
        read_settings(environment)


@pytest.mark.parametrize("both", [False, True])
def test_files_are_kept_in_one_place(both: bool) -> None:
    environment = COMPLETE | folder() if both else without("WHEELYARD_S3_ENDPOINT")

    [problem] = problems(environment)

    assert "and not both" in problem


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.secret])
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{COMPLETE[name]}\n")

    settings = read_settings(without(name) | {f"{name}_FILE": str(file)})

    given = read_settings(COMPLETE)
    if name == "WHEELYARD_DATABASE_PASSWORD":
        assert settings.database.password == given.database.password
        assert settings.database.password_file == file
    elif name == "WHEELYARD_TOKEN_PEPPER":
        assert settings.peppers == given.peppers
        assert settings.pepper_file == file
    else:
        assert settings == given


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.secret])
def test_a_secret_whose_file_cannot_be_read_is_reported(name: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    missing = problems(without(name) | {f"{name}_FILE": str(tmp_path / "none")})
    binary = problems(without(name) | {f"{name}_FILE": str(tmp_path / "binary")})

    assert missing[0] == f"{name}_FILE cannot be read: No such file or directory"
    assert binary[0] == f"{name}_FILE cannot be read: it is not UTF-8"


def test_an_ordinary_setting_comes_from_no_file(tmp_path: Path) -> None:
    file = tmp_path / "threads"
    file.write_text("3")

    assert read_settings(COMPLETE | {"WHEELYARD_THREADS_FILE": str(file)}).http.threads == 16


def test_secrets_are_in_no_representation_and_no_problem() -> None:
    settings = read_settings(COMPLETE)
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr((settings.database, settings.blobs, settings.broker))

    wrong = {name: f"hidden-{value}" for name, value in COMPLETE.items()}
    assert not [problem for problem in problems(wrong) if "hidden" in problem]


def test_sizes_are_read_in_binary_units() -> None:
    assert [parse_size(text) for text in ("7", "2KiB", "3 MiB", "1GiB")] == [
        7,
        2048,
        3 << 20,
        1 << 30,
    ]


def test_settings_cannot_be_changed() -> None:
    settings: Settings = read_settings(COMPLETE)

    with pytest.raises(AttributeError):
        settings.log_level = "debug"  # type: ignore[misc]  # which mypy says, too
