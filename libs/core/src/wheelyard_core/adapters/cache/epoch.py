"""Tells every process that remembers grants to forget them: a key in Redis that changes."""

from threading import Lock, Thread
from time import monotonic, sleep
from typing import Final

from redis.exceptions import RedisError

from wheelyard_core.adapters.cache.redis import CacheSettings, connect
from wheelyard_core.adapters.cache.tracking import LEASE_SECONDS

ACCESS_EPOCH: Final = "access:epoch"
# No grant is remembered for longer, whatever is heard of it.
GRANT_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 0.5


class AccessEpoch:
    """Counts the changes of who may do what. Only that it changes matters."""

    def __init__(self, settings: CacheSettings, stale_seconds: float = 0.0) -> None:
        # The longest that a process may go by a grant which it was not told to forget.
        self._lifetime = max(GRANT_SECONDS, stale_seconds)
        self._name = settings.prefix + ACCESS_EPOCH
        self._redis = connect(settings, timeout=LEASE_SECONDS)
        self._guard = Lock()
        # How many changes could not be told at once, and how many of these were told since.
        self._missed = 0
        self._told_since = 0
        self._try_until = 0.0
        self._is_trying = False

    def advance(self) -> None:
        """Have all grants forgotten by the time this returns. Never raises; bounded.

        Where Redis does not answer, nobody trusts a memory after a lease, so that long is waited.
        Where it answers others but not us, it is told as soon as it can be: until then, and for no
        longer than a grant's life, grants that were remembered go on.
        """
        began = monotonic()
        if self._tell():
            return
        with self._guard:
            self._missed += 1
            self._try_until = monotonic() + self._lifetime
            starts, self._is_trying = not self._is_trying, True
        if starts:
            Thread(target=self._tell_later, name="access-epoch", daemon=True).start()
        sleep(max(0.0, began + LEASE_SECONDS - monotonic()))

    def _tell(self) -> bool:
        try:
            self._redis.incr(self._name)
            # Redis writes what came of one turn of its loop in an order of its own: it may answer
            # us before it tells a follower whose ping it read in the same turn. What is asked
            # after that answer is read in a later turn, when all of this one is written. So these
            # are two round trips, and no pipeline.
            self._redis.ping()
        except (RedisError, OSError):
            return False
        return True

    def _tell_later(self) -> None:
        while True:
            with self._guard:
                missed = self._missed
                if missed == self._told_since or monotonic() >= self._try_until:
                    self._is_trying = False
                    return
            if self._tell():
                with self._guard:
                    self._told_since = missed
            else:
                sleep(_AGAIN_SECONDS)
