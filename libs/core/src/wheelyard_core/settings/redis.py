"""The two Redis servers, and what keys in them begin with."""

from typing import Final
from urllib.parse import quote, urlsplit

from wheelyard_core.adapters.cache.redis import CacheSettings
from wheelyard_core.adapters.queue import BrokerSettings
from wheelyard_core.settings.forms import url_of
from wheelyard_core.settings.setting import Setting, Source

_BROKER_URL: Final = Setting(
    "WHEELYARD_BROKER_URL",
    url_of("redis", "rediss", "redis+socket"),
    None,
    "Redis for Celery. It must not evict: `maxmemory-policy noeviction`.",
    secret=True,
)
_CACHE_URL: Final = Setting(
    "WHEELYARD_CACHE_URL",
    url_of("redis", "rediss", "unix"),
    None,
    "Redis for pages and verdicts; it may evict (`allkeys-lru`) and be emptied.",
    secret=True,
)
_BROKER_PASSWORD: Final = Setting(
    "WHEELYARD_BROKER_PASSWORD", str, "", "Its password when it is not in the address.", secret=True
)
_CACHE_PASSWORD: Final = Setting(
    "WHEELYARD_CACHE_PASSWORD", str, "", "Its password when it is not in the address.", secret=True
)
_REDIS_PREFIX: Final = Setting(
    "WHEELYARD_REDIS_PREFIX", str, "wheelyard:", "What all keys in Redis begin with."
)


def read_broker(source: Source) -> BrokerSettings:
    """Build the settings of the Redis that carries work."""
    url = _with_password(source.read(_BROKER_URL), source.read(_BROKER_PASSWORD))
    return BrokerSettings(url, source.read(_REDIS_PREFIX))


def read_cache(source: Source) -> CacheSettings:
    """Build the settings of the Redis that remembers pages."""
    url = _with_password(source.read(_CACHE_URL), source.read(_CACHE_PASSWORD))
    return CacheSettings(url, source.read(_REDIS_PREFIX))


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    if not password or not parts.hostname or parts.password is not None:
        return url
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()
