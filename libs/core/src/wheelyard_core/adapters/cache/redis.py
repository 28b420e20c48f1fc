"""Redis: pages by compare-and-set on their serial, and verdicts as lists to block on.

Redis may vanish, freeze or be emptied at any moment. Every call is bounded, and after one that
failed nobody asks again for a moment: a frozen Redis must not cost each request its time-out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep
from typing import Final, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError  # noqa: A004  Redis' own
from redis.retry import Retry

from wheelyard_core.ports import CacheUnavailable

T = TypeVar("T")

_TIMEOUT: Final = 1.0
_REST: Final = 2.0
_PAGE_LIFE: Final = 7 * 24 * 3600
_VERDICT_LIFE: Final = 60
# Who waits longer looks again in between. A frozen Redis costs the grace more than that, and an
# upload is answered within ten seconds even so.
_LONGEST_WAIT: Final = 1.0
_WAIT_GRACE: Final = 0.5
_SCANNED: Final = 1_000
# Those of projects, and those of groups (usecases/pages.py, usecases/group_pages.py).
_PAGES: Final = ("page:*", "group-page:*")

# The stored form of a page begins with its format and serial, big-endian (simple/render.py), so
# two pages of one format compare as strings; another format is replaced. Format 0, which says that
# a page is older than a serial, compares with each: it stands before the page of its serial.
_PUT_IF_NEWER: Final = """
local current = redis.call('GET', KEYS[1])
if current and #current >= 12 and string.sub(current, 1, 3) == string.sub(ARGV[1], 1, 3) then
  local kept, given = string.byte(current, 4), string.byte(ARGV[1], 4)
  local one, other = string.sub(current, 5, 12), string.sub(ARGV[1], 5, 12)
  if (kept == given or kept == 0 or given == 0)
     and (one > other or (one == other and kept >= given)) then
    return current
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
"""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Where the cache is; `prefix` keeps apart what shares a server."""

    url: str = field(repr=False)
    prefix: str = "wheelyard:"


def connect(settings: CacheSettings, timeout: float = _TIMEOUT) -> Redis:
    """Return a client whose every wait is bounded by *timeout* seconds."""
    return Redis.from_url(
        settings.url,
        socket_timeout=timeout,
        socket_connect_timeout=_TIMEOUT,
        health_check_interval=15,
        # One more try on a fresh connection: a restarted server breaks the pooled ones. None after
        # a time-out, which a frozen server would only repeat.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
    )


def forget_pages(settings: CacheSettings) -> int:
    """Remove all pages: those of a lost history have its serials. Return how many.

    A database that was restored gives the same serials to other changes. Raises CacheUnavailable.
    """
    redis, gone = connect(settings), 0
    try:
        for pages in _PAGES:
            for name in redis.scan_iter(f"{settings.prefix}{pages}", count=_SCANNED):
                gone += redis.unlink(name)
    except (RedisError, OSError) as error:
        raise CacheUnavailable(f"Redis does not answer: {type(error).__name__}") from error
    finally:
        redis.close()
    return gone


class Rest:
    """Remembers that Redis failed a moment ago.

    When it has rested, one caller tries again first: with a frozen Redis all would wait in vain.
    """

    def __init__(self, seconds: float = _REST) -> None:
        self._seconds = seconds
        self._guard = Lock()
        self._failed = False
        self._until = 0.0

    def call(self, ask: Callable[[], T]) -> T:
        """Ask Redis, or raise CacheUnavailable, at once while it rests."""
        with self._guard:
            if self._failed:
                if monotonic() < self._until:
                    raise CacheUnavailable("Redis did not answer a moment ago")
                self._until = monotonic() + self._seconds
        try:
            answer = ask()
        except (RedisError, OSError) as error:
            with self._guard:
                self._failed, self._until = True, monotonic() + self._seconds
            raise CacheUnavailable(f"Redis does not answer: {type(error).__name__}") from error
        self._failed = False
        return answer


class RedisPageCache:
    """Rendered pages. See PageCache for the contract."""

    def __init__(self, settings: CacheSettings) -> None:
        self._prefix = settings.prefix
        self._redis = connect(settings)
        self._put = self._redis.register_script(_PUT_IF_NEWER)
        self._rest = Rest()

    def get(self, key: str) -> bytes | None:
        """Return a page, or None."""
        page = self._rest.call(lambda: self._redis.get(self._prefix + key))
        return page if isinstance(page, bytes) else None

    def put(self, key: str, page: bytes) -> bytes:
        """Store the page unless a newer one is there; return the one that is there afterwards."""
        name = self._prefix + key
        kept = self._rest.call(lambda: self._put(keys=[name], args=[page, _PAGE_LIFE]))
        return kept if isinstance(kept, bytes) else page

    def head(self, key: str, length: int) -> bytes:
        """Return the first bytes of a page; none where there is no page."""
        name = self._prefix + key
        head = self._rest.call(lambda: self._redis.getrange(name, 0, length - 1))
        return head if isinstance(head, bytes) else b""

    def drop(self, key: str) -> None:
        """Forget a page."""
        self._rest.call(lambda: self._redis.delete(self._prefix + key))

    def check(self) -> None:
        """Raise CacheUnavailable unless Redis answers."""
        self._rest.call(self._redis.ping)


class RedisVerdicts:
    """Verdicts as lists: an announcement before the wait is found by the wait."""

    def __init__(self, settings: CacheSettings) -> None:
        self._prefix = settings.prefix
        self._redis = connect(settings)
        self._waiting = connect(settings, timeout=_LONGEST_WAIT + _WAIT_GRACE)
        self._rest = Rest()

    def announce(self, upload_id: str) -> None:
        """Wake whoever waits for this upload; failing is silent."""
        name = self._name(upload_id)

        def push() -> None:
            with self._redis.pipeline() as pipeline:
                pipeline.lpush(name, b"1")
                pipeline.expire(name, _VERDICT_LIFE)
                pipeline.execute()

        try:
            self._rest.call(push)
        except CacheUnavailable:
            return

    def wait(self, upload_id: str, seconds: float) -> None:
        """Return when announced, or after *seconds* at the latest; for the caller to look again."""
        began = monotonic()
        # To some versions a wait of less than a millisecond is one without an end.
        longest = max(min(seconds, _LONGEST_WAIT), 0.01)
        try:
            self._rest.call(lambda: self._waiting.blpop([self._name(upload_id)], longest))
        except CacheUnavailable:
            # The database is asked instead; often enough to answer soon, not so often as to hurt.
            left = seconds - (monotonic() - began)
            sleep(max(0.0, min(left, 0.25)))

    def _name(self, upload_id: str) -> str:
        return f"{self._prefix}verdict:{upload_id}"
