"""What the broker's Redis holds of each queue: hints that wait, and hints that a worker has.

Kombu keeps what waits in a list of the queue's name, and what was delivered in a hash, with the
time of the delivery in a sorted set beside it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import time
from typing import Any, Final

from redis.exceptions import RedisError

from wheelyard_core.adapters.queue import QUEUE_OF, BrokerSettings
from wheelyard_core.adapters.redis_probe import probing_client
from wheelyard_core.ports import CacheUnavailable

# The oldest ones, which are what matters; each worker has a few at a time.
_MOST_UNACKED: Final = 1_000


@dataclass(slots=True)
class QueueState:
    """The hints of one queue. `oldest_unacked_age` in seconds, 0 where no worker has one."""

    ready: int
    unacked: int = 0
    oldest_unacked_age: float = 0.0


def queue_states(settings: BrokerSettings) -> Mapping[str, QueueState]:
    """Return every queue's state by its name. Raises CacheUnavailable."""
    names = sorted(set(QUEUE_OF.values()))
    client = probing_client(settings.url)
    try:
        lengths = [client.llen(settings.prefix + name) for name in names]
        index, unacked = f"{settings.prefix}unacked_index", f"{settings.prefix}unacked"
        delivered: Any = client.zrange(index, 0, _MOST_UNACKED - 1, withscores=True)
        tags = [tag for tag, _ in delivered]
        messages: Any = client.hmget(unacked, tags) if tags else []
    except (RedisError, OSError, ValueError) as error:
        raise CacheUnavailable(str(error)) from error
    finally:
        client.close()
    states = {
        name: QueueState(int(str(length))) for name, length in zip(names, lengths, strict=True)
    }
    now = time()
    for (_tag, when), message in zip(delivered, messages, strict=True):
        state = states.get(_queue_of(message))
        if state is not None:
            state.unacked += 1
            state.oldest_unacked_age = max(state.oldest_unacked_age, now - when)
    return states


def _queue_of(message: bytes | None) -> str:
    """Return the queue that a delivered message came from; nothing where it is gone by now."""
    with suppress(ValueError, TypeError, IndexError):
        # Kombu's form: the message, its exchange, its routing key; ours are named as the queue.
        return str(json.loads(message or b"")[2])
    return ""
