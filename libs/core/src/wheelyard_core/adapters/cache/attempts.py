"""How often somebody tried something within a minute: counted in Redis for all processes.

While Redis is away each process counts for itself, so that nobody gets through by its outage, and
nobody is kept out by it either.
"""

from time import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from wheelyard_core.adapters.cache.redis import CacheSettings, Rest, connect
from wheelyard_core.ports import CacheUnavailable

_MINUTE: Final = 60


class RedisAttempts:
    """Counted attempts. See Attempts for the contract."""

    def __init__(self, settings: CacheSettings) -> None:
        # The address is read for its scheme alone: the pool has what bounds every wait.
        pool = connect(settings).connection_pool
        self._storage = RedisStorage(
            "redis://", connection_pool=pool, key_prefix=f"{settings.prefix}attempts"
        )
        self._shared = FixedWindowRateLimiter(self._storage)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._rest = Rest()

    def wait(self, scope: str, per_minute: int, *who: str) -> int | None:
        """Count an attempt; return the seconds to wait where it is one too many."""
        if not per_minute:
            return None
        item = RateLimitItemPerMinute(per_minute, namespace=scope)
        try:
            return self._rest.call(lambda: _counted(self._shared, item, who))
        except CacheUnavailable:
            return _counted(self._own, item, who)


def _counted(
    limiter: FixedWindowRateLimiter, item: RateLimitItemPerMinute, who: tuple[str, ...]
) -> int | None:
    if limiter.hit(item, *who):
        return None
    left = limiter.get_window_stats(item, *who).reset_time - time()
    return min(max(1, round(left)), _MINUTE)
