"""Every setting, in one table: its name, its form, its default and what it is for.

The services build the frozen groups below from a mapping; only their entry points read the
environment. A secret may be given as a file (`…_FILE`), which is how orchestrators mount them.
All problems are reported at once. docs/SETTINGS.md is tested against this table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from wheelyard_core.adapters.blobs.directory import DirectoryBlobSettings
from wheelyard_core.adapters.blobs.s3 import S3Settings
from wheelyard_core.adapters.cache.redis import CacheSettings
from wheelyard_core.adapters.db.engine import PoolSettings
from wheelyard_core.adapters.queue import BrokerSettings

T = TypeVar("T")
_UNITS: Final = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_LAST_PORT: Final = 65_535
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
# Addresses of something on this machine: a path instead of a host.
_LOCAL: Final = frozenset({"sqlite", "unix", "redis+socket"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


class SettingsError(Exception):
    """What is wrong with the settings, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting. Without a default it must be given; `secret` ones may come from a file."""

    name: str
    parse: Callable[[str], T]
    default: str | None
    text: str
    secret: bool = False


SETTINGS: Final[dict[str, Setting[object]]] = {}


def _declare(
    name: str, parse: Callable[[str], T], default: str | None, text: str, *, secret: bool = False
) -> Setting[T]:
    setting = Setting(f"WHEELYARD_{name}", parse, default, text, secret)
    SETTINGS[setting.name] = setting  # type: ignore[assignment]  # Setting is covariant in use
    return setting


def parse_size(text: str) -> int:
    """Read `2GiB`, `64MiB`, `512KiB` or a number of bytes."""
    found = re.fullmatch(r"(\d+)\s*(KiB|MiB|GiB|)", text)
    if not found:
        raise ValueError("a size like 2GiB, 64MiB or a number of bytes")
    return int(found[1]) * _UNITS[found[2]]


def parse_bool(text: str) -> bool:
    """Read `true` or `false`."""
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError("true or false")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError("a whole number")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", text):
        raise ValueError("a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ValueError("a number of seconds, like 2.5")
    return float(text)


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and not _is_address(text, schemes):
            raise ValueError(
                "an address that begins with "
                + " or ".join(f"{scheme}://" for scheme in schemes)
                + " and goes on with a host or a path"
            )
        return text.rstrip("/")

    return parse


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        place = parts.path.strip("/") if parts.scheme in _LOCAL else parts.hostname
        # Reading the port is what checks it.
        return parts.scheme in schemes and bool(place) and parts.port != 0
    except ValueError:
        return False


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        raise ValueError("host:port, like 0.0.0.0:8080")
    return host.strip("[]"), int(port)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError("networks like 10.0.0.0/8 or fd00::/8, with commas") from None
    return networks


_DATABASE_URL = _declare(
    "DATABASE_URL",
    _url("postgresql", "postgresql+psycopg", "sqlite"),
    None,
    "The database: `postgresql://user@host:5432/name`, or `sqlite:///path` on one machine.",
    secret=True,
)
_DATABASE_PASSWORD = _declare(
    "DATABASE_PASSWORD",
    str,
    "",
    "Its password when it is not in the address. A file is read again at each new connection.",
    secret=True,
)
_POOL_SIZE = _declare("DATABASE_POOL_SIZE", _count, "5", "Connections that a process keeps.")
_POOL_OVERFLOW = _declare("DATABASE_POOL_OVERFLOW", _number, "10", "Connections that it may add.")
_BLOBS_DIRECTORY = _declare(
    "BLOBS_DIRECTORY", _path, "", "A folder for the files, instead of an object store."
)
_S3_ENDPOINT = _declare(
    "S3_ENDPOINT",
    _url("http", "https"),
    "",
    "The object store, like `https://minio.example.com:9000`.",
)
_S3_PUBLIC_ENDPOINT = _declare(
    "S3_PUBLIC_ENDPOINT",
    _url("http", "https"),
    "",
    "The object store as clients reach it: on another host name than the registry's.",
)
_S3_REGION = _declare("S3_REGION", str, "us-east-1", "The object store's region.")
_S3_BUCKET = _declare("S3_BUCKET", str, "wheelyard", "The bucket.")
_S3_PREFIX = _declare("S3_PREFIX", str, "", "What all keys in the bucket begin with.")
_S3_ACCESS_KEY = _declare("S3_ACCESS_KEY", str, "", "The access key.", secret=True)
_S3_SECRET_KEY = _declare("S3_SECRET_KEY", str, "", "The secret key.", secret=True)
_S3_PATH_STYLE = _declare(
    "S3_PATH_STYLE", parse_bool, "true", "The bucket in the path, not in the host name."
)
_S3_CA_FILE = _declare("S3_CA_FILE", _path, "", "Certificates that the object store is trusted by.")
_BROKER_URL = _declare(
    "BROKER_URL",
    _url("redis", "rediss", "redis+socket"),
    None,
    "Redis for Celery. It must not evict: `maxmemory-policy noeviction`.",
    secret=True,
)
_CACHE_URL = _declare(
    "CACHE_URL",
    _url("redis", "rediss", "unix"),
    None,
    "Redis for pages and verdicts; it may evict (`allkeys-lru`) and be emptied.",
    secret=True,
)
_REDIS_PREFIX = _declare("REDIS_PREFIX", str, "wheelyard:", "What all keys in Redis begin with.")
_MAX_FILE_SIZE = _declare("MAX_FILE_SIZE", parse_size, "2GiB", "The largest file taken.")
_MAX_FORM_SIZE = _declare(
    "MAX_FORM_SIZE",
    parse_size,
    "16MiB",
    "The most that an upload's fields beside the file may take.",
)
_MAX_FORM_FIELDS = _declare("MAX_FORM_FIELDS", _count, "2000", "The most fields of an upload.")
_UPLOAD_SECONDS = _declare(
    "UPLOAD_SECONDS",
    _seconds,
    "3600",
    "How long an upload may take from its first to its last byte.",
)
_VERDICT_SECONDS = _declare(
    "VERDICT_SECONDS",
    _seconds,
    "8",
    "How long an upload waits for its verdict before it is answered 202; hatch gives up after 10.",
)
_BURN_FILENAMES = _declare(
    "BURN_FILENAMES",
    parse_bool,
    "false",
    "Whether the name of a deleted file stays taken, in every project.",
)
_SPOOL_DIRECTORY = _declare(
    "SPOOL_DIRECTORY", _path, "", "Where files are kept while they are received or verified."
)
_PUBLIC_URL = _declare(
    "PUBLIC_URL",
    _url("http", "https"),
    "http://127.0.0.1:8080",
    "The address that people and machines use; its path begins every link on a page.",
)
_LISTEN = _declare("LISTEN", _listen, "0.0.0.0:8080", "Where a service serves.")
_METRICS_LISTEN = _declare(
    "METRICS_LISTEN", _listen, "0.0.0.0:9090", "Where a service shows `/metrics` and `/healthz`."
)
_THREADS = _declare("THREADS", _count, "16", "Requests that a process serves at a time.")
_DOWNLOADS = _declare(
    "DOWNLOADS",
    _choice("stream", "redirect"),
    "stream",
    "`stream` passes bytes through; `redirect` sends clients to S3_PUBLIC_ENDPOINT.",
)
_PRESIGN_SECONDS = _declare(
    "PRESIGN_SECONDS", _count, "300", "How long the address of a redirect is good for."
)
_PAGE_MEMORY = _declare(
    "PAGE_MEMORY",
    parse_size,
    "64MiB",
    "How much of simple pages a serving process keeps in its own memory, in front of Redis.",
)
_TRUSTED_PROXIES = _declare(
    "TRUSTED_PROXIES",
    _networks,
    "",
    "Networks, with commas, whose `X-Request-ID` and `X-Forwarded-For` are believed.",
)
_TOKEN_PEPPER = _declare(
    "TOKEN_PEPPER",
    str,
    None,
    "The key of the tokens' digests: 32 random bytes in hex.",
    secret=True,
)
_LOG_FORMAT = _declare(
    "LOG_FORMAT",
    _choice("json", "console", "auto"),
    "auto",
    "`json`, `console`, or `auto`: readable on a terminal, JSON elsewhere.",
)
_LOG_LEVEL = _declare(
    "LOG_LEVEL",
    _choice("debug", "info", "warning", "error"),
    "info",
    "The least level that is logged.",
)
_CREDENTIALS_FILE = _declare(
    "CREDENTIALS_FILE",
    _path,
    "",
    "Where `wheelyard-admin bootstrap` leaves the first credentials, for `credentials` to print.",
)
_WORKER_CONCURRENCY = _declare(
    "WORKER_CONCURRENCY", _count, "2", "Tasks that a worker does at a time."
)
_SWEEP_SECONDS = _declare(
    "SWEEP_SECONDS", _seconds, "3", "How often the scheduler looks for work that was lost."
)


class Source:
    """Reads settings from a mapping and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def read(self, setting: Setting[T]) -> T:
        """Return the setting's value; a wrong one is noted and its default returned."""
        text = self._text(setting)
        if text is None or (text == "" and setting.default is None):
            self.problems.append(f"{setting.name} is not set: {setting.text}")
            text = ""
        try:
            return setting.parse(text)
        except ValueError as error:
            if text:
                self.problems.append(f"{setting.name} must be {error}")
            return setting.parse(setting.default or "")

    def has(self, setting: Setting[T]) -> bool:
        """Tell whether something is given for the setting, be it right or wrong."""
        return bool(self._environment.get(setting.name))

    def file_of(self, setting: Setting[str]) -> Path | None:
        """Return the file that a secret comes from, for those that are read again."""
        name = self._environment.get(f"{setting.name}_FILE")
        return Path(name) if name else None

    def finish(self) -> None:
        """Raise SettingsError if anything was wrong."""
        if self.problems:
            raise SettingsError(self.problems)

    def _text(self, setting: Setting[T]) -> str | None:
        if setting.secret and (file := self._environment.get(f"{setting.name}_FILE")):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8"
                self.problems.append(f"{setting.name}_FILE cannot be read: {reason}")
                return setting.default
        return self._environment.get(setting.name, setting.default)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is, and how many connections a process may hold."""

    url: str = field(repr=False)
    password: str = field(repr=False)
    password_file: Path | None
    pool: PoolSettings

    @classmethod
    def read(cls, source: Source) -> "DatabaseSettings":
        """Build from a source."""
        url = source.read(_DATABASE_URL) or "sqlite://"
        if url.startswith("postgresql://"):
            url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
        return cls(
            url,
            source.read(_DATABASE_PASSWORD),
            source.file_of(_DATABASE_PASSWORD),
            PoolSettings(source.read(_POOL_SIZE), source.read(_POOL_OVERFLOW)),
        )


def read_blobs(source: Source) -> DirectoryBlobSettings | S3Settings:
    """Build the settings of whichever blob store is configured."""
    directory, endpoint = source.read(_BLOBS_DIRECTORY), source.read(_S3_ENDPOINT)
    if source.has(_BLOBS_DIRECTORY) == source.has(_S3_ENDPOINT):
        source.problems.append(
            "Either WHEELYARD_BLOBS_DIRECTORY or WHEELYARD_S3_ENDPOINT must be set, and not both"
        )
    if directory is not None:
        return DirectoryBlobSettings(directory)
    return S3Settings(
        endpoint=endpoint,
        public_endpoint=source.read(_S3_PUBLIC_ENDPOINT) or None,
        region=source.read(_S3_REGION),
        bucket=source.read(_S3_BUCKET),
        prefix=source.read(_S3_PREFIX),
        access_key=source.read(_S3_ACCESS_KEY),
        secret_key=source.read(_S3_SECRET_KEY),
        path_style=source.read(_S3_PATH_STYLE),
        ca_file=source.read(_S3_CA_FILE),
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How much of anything is taken. Sizes in bytes, times in seconds."""

    file_size: int
    form_size: int
    form_fields: int
    upload_seconds: float
    verdict_seconds: float
    burn_filenames: bool
    spool: Path | None


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How a service is reached."""

    public_url: str
    listen: tuple[str, int]
    metrics_listen: tuple[str, int]
    threads: int
    downloads: str
    presign_seconds: int
    page_memory: int
    trusted_proxies: tuple[str, ...]

    @property
    def base_path(self) -> str:
        """The path of the public address, which begins every link on a page."""
        return urlsplit(self.public_url).path.rstrip("/")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a service may need; each takes what it uses."""

    database: DatabaseSettings
    blobs: DirectoryBlobSettings | S3Settings
    broker: BrokerSettings
    cache: CacheSettings
    limits: LimitSettings
    http: HttpSettings
    pepper: bytes = field(repr=False)
    log_format: str
    log_level: str
    credentials_file: Path | None
    worker_concurrency: int
    sweep_seconds: float


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Build all settings. Raises SettingsError with every problem."""
    source = Source(environment)
    prefix = source.read(_REDIS_PREFIX)
    settings = Settings(
        database=DatabaseSettings.read(source),
        blobs=read_blobs(source),
        broker=BrokerSettings(source.read(_BROKER_URL), prefix),
        cache=CacheSettings(source.read(_CACHE_URL), prefix),
        limits=LimitSettings(
            file_size=source.read(_MAX_FILE_SIZE),
            form_size=source.read(_MAX_FORM_SIZE),
            form_fields=source.read(_MAX_FORM_FIELDS),
            upload_seconds=source.read(_UPLOAD_SECONDS),
            verdict_seconds=source.read(_VERDICT_SECONDS),
            burn_filenames=source.read(_BURN_FILENAMES),
            spool=source.read(_SPOOL_DIRECTORY),
        ),
        http=HttpSettings(
            public_url=source.read(_PUBLIC_URL),
            listen=source.read(_LISTEN),
            metrics_listen=source.read(_METRICS_LISTEN),
            threads=source.read(_THREADS),
            downloads=source.read(_DOWNLOADS),
            presign_seconds=source.read(_PRESIGN_SECONDS),
            page_memory=source.read(_PAGE_MEMORY),
            trusted_proxies=source.read(_TRUSTED_PROXIES),
        ),
        pepper=source.read(_TOKEN_PEPPER).encode(),
        log_format=source.read(_LOG_FORMAT),
        log_level=source.read(_LOG_LEVEL),
        credentials_file=source.read(_CREDENTIALS_FILE),
        worker_concurrency=source.read(_WORKER_CONCURRENCY),
        sweep_seconds=source.read(_SWEEP_SECONDS),
    )
    source.finish()
    return settings
