"""What an operator asks of a Redis: does it answer, and may it evict."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from wheelyard_core.ports import CacheUnavailable

_SECONDS: Final = 2.0
KEEPS_ALL: Final = "noeviction"


def eviction_policy(url: str) -> str:
    """Return the server's `maxmemory-policy`. Raises CacheUnavailable with what went wrong."""
    client = probing_client(url)
    try:
        # INFO and not CONFIG, which managed servers refuse.
        facts = client.info("memory")
    except (RedisError, OSError, ValueError) as error:
        raise CacheUnavailable(str(error)) from error
    finally:
        client.close()
    return str(facts.get("maxmemory_policy", "unknown"))


def probing_client(url: str) -> Redis:
    """Return a client that asks once and does not wait long."""
    return Redis.from_url(
        _address(url),
        socket_timeout=_SECONDS,
        socket_connect_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _address(url: str) -> str:
    """Return kombu's `redis+socket://…?virtual_host=1` as redis-py writes it."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    # Written by hand: urlunsplit drops the slashes before an empty host of such a scheme.
    return f"unix://{parts.netloc}{parts.path}?db={database}"
