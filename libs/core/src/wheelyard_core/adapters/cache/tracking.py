"""What Redis tells of changed keys: `CLIENT TRACKING … BCAST` on a connection of its own.

Whoever remembers what Redis holds follows it here, and may trust its memory while `is_current()`:
the connection is up, Redis answered on it a moment ago, and nothing that it sent is still unread.
"""

import select
import selectors
import sys
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, Final, Protocol
from weakref import ReferenceType, ref

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from wheelyard_core.adapters.cache.redis import CacheSettings

# A frozen Redis says nothing and closes nothing. After this long without an answer no memory is
# trusted; a change of access that could not be told waits as long (see epoch.py), so that it holds
# everywhere by then. Pings come several times within it.
LEASE_SECONDS: Final = 1.0
_PING_SECONDS: Final = 0.3
_REST_SECONDS: Final = 0.3
_TIMEOUT: Final = 1.0
_PING: Final = b"wheelyard"
# How long to wait for the thread that reads, which is the next to run or nearly so: an answer of
# the database takes longer, and it would be kept from running by it.
_MOMENT_SECONDS: Final = 0.01
_LOOK_AGAIN_SECONDS: Final = 0.0002


class Arrivals(Protocol):
    """Tells whether bytes wait in a socket; any thread may ask at any time."""

    def register(self, descriptor: int, events: int, /) -> None:
        """Watch a socket."""
        ...

    def poll(self, seconds: float, /) -> Sequence[object]:
        """Return something when bytes wait, at the latest after so long."""
        ...


class Follower(Protocol):
    """Remembers what Redis holds."""

    def forget(self, keys: Sequence[str]) -> None:
        """Forget these keys, given without the prefix: they have changed."""
        ...

    def forget_all(self) -> None:
        """Forget everything: anything may have changed."""
        ...


class RedisTracking:
    """Follows the keys below the prefixes given; a daemon thread reads what Redis sends."""

    def __init__(self, settings: CacheSettings, below: Sequence[str]) -> None:
        self._prefix = settings.prefix
        self._below = tuple(f"{settings.prefix}{part}" for part in below)
        self._url = settings.url
        # Weakly: whoever remembers may be dropped without a word, and the thread ends.
        self._follower: ReferenceType[Follower] | None = None
        self._stopped = Event()
        self._thread: Thread | None = None
        self._trusted_until = 0.0
        # Set before the thread takes bytes from the socket, cleared when it has acted on them.
        self._is_reading = True
        # Tells of bytes that arrived, to the thread and to whoever wants to trust: unlike `poll`,
        # an epoll may be asked by many threads.
        self._arrived = _arrivals()
        self._told: list[list[Any]] = []

    def follow(self, follower: Follower) -> None:
        """Begin to tell *follower*. Call it in the process that serves: threads do not fork."""
        self._follower = ref(follower)
        self._thread = Thread(target=self._run, name="redis-tracking", daemon=True)
        self._thread.start()

    def is_current(self) -> bool:
        """Tell whether the follower has heard of everything that Redis has sent.

        Something unread is an answer to a ping mostly, so it is waited for, for a moment.
        """
        if self._has_heard_all():
            return True
        ends = monotonic() + _MOMENT_SECONDS
        while monotonic() < min(ends, self._trusted_until):
            sleep(_LOOK_AGAIN_SECONDS)
            if self._has_heard_all():
                return True
        return False

    def _has_heard_all(self) -> bool:
        """Tell whether nothing that Redis has sent is still unread.

        The order matters: bytes that are not in the socket any more were taken while `_is_reading`
        was set, so a look at it afterwards sees them acted on, or being acted on.
        """
        if monotonic() >= self._trusted_until:
            return False
        return not self._arrived.poll(0) and not self._is_reading

    def close(self) -> None:
        """Stop; the follower forgets everything."""
        self._stopped.set()
        self._trusted_until = 0.0
        if self._thread is not None:
            self._thread.join(2 * _TIMEOUT)

    def _run(self) -> None:
        while self._is_followed():
            try:
                self._follow_connection()
            except (RedisError, OSError):
                # Down, or a Redis that knows no tracking: nothing is remembered meanwhile.
                self._stopped.wait(_REST_SECONDS)

    def _follow_connection(self) -> None:
        connection = _make_connection(self._url)
        try:
            connection.connect()
            self._subscribe(connection)
            self._listen(connection)
        finally:
            self._trusted_until = 0.0
            self._is_reading = True
            connection.disconnect()
            self._tell_all()

    def _subscribe(self, connection: Any) -> None:
        prefixes = [word for prefix in self._below for word in ("PREFIX", prefix)]
        asked = monotonic()
        connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", *prefixes)
        connection.read_response()
        # What was read from Redis before now may have changed unheard.
        self._tell_all()
        descriptor = connection._sock.fileno()  # noqa: SLF001  redis-py shows its socket nowhere
        # redis-py swallows such messages unless somebody takes them.
        self._told.clear()
        connection._parser.set_invalidation_push_handler(self._told.append)  # noqa: SLF001  as above
        # A closed socket leaves by itself.
        self._arrived.register(descriptor, select.POLLIN)
        self._trusted_until = asked + LEASE_SECONDS
        self._is_reading = False

    def _listen(self, connection: Any) -> None:
        """Read until the connection breaks, or gives no answer for as long as a lease."""
        asked: float | None = None
        next_ping = monotonic()
        while self._is_followed():
            now = monotonic()
            if asked is not None and now - asked > LEASE_SECONDS:
                raise TimeoutError("Redis does not answer")
            if asked is None and now >= next_ping:
                connection.send_command("PING", _PING, check_health=False)
                asked, next_ping = now, now + _PING_SECONDS
            answered = self._arrived.poll(_PING_SECONDS / 2) and self._read(connection)
            if answered and asked is not None:
                # The answer follows everything that was sent before the question.
                self._trusted_until, asked = asked + LEASE_SECONDS, None

    def _read(self, connection: Any) -> bool:
        """Act on all that arrived; True when the answer to a ping was in it."""
        answered = False
        self._is_reading = True
        while connection.can_read(0):
            message = connection.read_response(push_request=True, disable_decoding=True)
            if message == _PING:
                answered = True
            else:
                self._act()
        self._is_reading = False
        return answered

    def _act(self) -> None:
        told, self._told[:] = list(self._told), []
        follower = self._follower() if self._follower else None
        changed = [keys for _kind, keys in told if keys is not None]
        if follower is None:
            return
        if len(changed) != 1 or len(told) != 1:
            # Redis was emptied; or it said what we do not understand.
            follower.forget_all()
            return
        names = (key.decode("utf-8", "replace") for key in changed[0])
        follower.forget([name.removeprefix(self._prefix) for name in names])

    def _tell_all(self) -> None:
        follower = self._follower() if self._follower else None
        if follower is not None:
            follower.forget_all()

    def _is_followed(self) -> bool:
        alive = self._follower is not None and self._follower() is not None
        return alive and not self._stopped.is_set()


def _make_connection(url: str) -> Any:
    # A pool of its own, since a pool counts what it has made.
    pool = ConnectionPool.from_url(
        url,
        protocol=3,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    return pool.make_connection()


def _arrivals() -> Arrivals:
    # Unlike a `poll` object, these may be asked by many threads at once. Where there is no epoll
    # (macOS), a selector costs a little more.
    return select.epoll() if sys.platform == "linux" else _Selector()


class _Selector:
    """An epoll for other systems."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, descriptor: int, _events: int, /) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
        self._selector.register(descriptor, selectors.EVENT_READ)

    def poll(self, seconds: float, /) -> Sequence[object]:
        return self._selector.select(seconds)
