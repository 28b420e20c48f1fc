"""How a service is reached, and how it serves."""

from dataclasses import dataclass
from typing import Final

from wheelyard_core.settings.forms import (
    one_of,
    parse_count,
    parse_listen,
    parse_networks,
    parse_seconds,
    parse_size,
    url_of,
)
from wheelyard_core.settings.setting import Setting, Source
from wheelyard_core.simple.urls import path_of

_PUBLIC_URL: Final = Setting(
    "WHEELYARD_PUBLIC_URL",
    url_of("http", "https"),
    "http://127.0.0.1:8080",
    "The address that people and machines use; every link begins with it or its path.",
)
_LISTEN: Final = Setting(
    "WHEELYARD_LISTEN", parse_listen, "0.0.0.0:8080", "Where a service serves."
)
_METRICS_LISTEN: Final = Setting(
    "WHEELYARD_METRICS_LISTEN",
    parse_listen,
    "0.0.0.0:9090",
    "Where a service shows `/metrics` and `/healthz`.",
)
_THREADS: Final = Setting(
    "WHEELYARD_THREADS", parse_count, "16", "Requests that a process serves at a time."
)
_DOWNLOADS: Final = Setting(
    "WHEELYARD_DOWNLOADS",
    one_of("stream", "gateway", "redirect"),
    "stream",
    "`stream` passes bytes through; `gateway` has the gateway fetch large files from an object"
    " store by http; `redirect` sends clients to S3_PUBLIC_ENDPOINT.",
)
_PRESIGN_SECONDS: Final = Setting(
    "WHEELYARD_PRESIGN_SECONDS",
    parse_count,
    "300",
    "How long a presigned address of the object store is valid, for clients or the gateway.",
)
_PAGE_MEMORY: Final = Setting(
    "WHEELYARD_PAGE_MEMORY",
    parse_size,
    "64MiB",
    "How much of simple pages a serving process keeps in its own memory, in front of Redis.",
)
_FILE_MEMORY: Final = Setting(
    "WHEELYARD_FILE_MEMORY",
    parse_size,
    "32MiB",
    "How much of metadata files and small files a serving process keeps in its own memory.",
)
_STALE_SECONDS: Final = Setting(
    "WHEELYARD_STALE_SECONDS",
    parse_seconds,
    "900",
    "How long remembered pages and files are served while the database is away, to those who were"
    " allowed to read them.",
)
_TRUSTED_PROXIES: Final = Setting(
    "WHEELYARD_TRUSTED_PROXIES",
    parse_networks,
    "",
    "Networks, separated by commas, whose `X-Request-ID`, `X-Forwarded-For` and `traceparent` are"
    " trusted.",
)


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
    file_memory: int
    stale_seconds: float
    trusted_proxies: tuple[str, ...]

    @classmethod
    def read(cls, source: Source) -> "HttpSettings":
        """Build from a source."""
        return cls(
            public_url=source.read(_PUBLIC_URL),
            listen=source.read(_LISTEN),
            metrics_listen=source.read(_METRICS_LISTEN),
            threads=source.read(_THREADS),
            downloads=source.read(_DOWNLOADS),
            presign_seconds=source.read(_PRESIGN_SECONDS),
            page_memory=source.read(_PAGE_MEMORY),
            file_memory=source.read(_FILE_MEMORY),
            stale_seconds=source.read(_STALE_SECONDS),
            trusted_proxies=source.read(_TRUSTED_PROXIES),
        )

    @property
    def base_path(self) -> str:
        """The path of the public address, which begins every link on a page."""
        return path_of(self.public_url)
