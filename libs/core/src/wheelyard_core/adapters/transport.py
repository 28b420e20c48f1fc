"""Kombu's Redis transport, mended where a lost connection ended the worker.

When Redis goes away, kombu 5.7 closes its channel, and what still wants to acknowledge or give back
a message asks a channel that has no connection any more. That fails by an AttributeError, which no
part of Celery takes for a lost connection: the worker ends, or stays without consuming. Here it
fails as what it is. Nothing is lost by it: the rows of the outbox bring the work back.
"""

from typing import Any

from kombu.connection import Connection
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(kombu_redis.Channel):
    """A channel that says when it has lost its connection."""

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002  kombu's own
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("The channel's connection was closed")
        return super()._connparams(asynchronous)  # type: ignore[no-untyped-call]  # kombu ships no types


class Transport(kombu_redis.Transport):
    """The transport of such channels."""

    Channel = Channel


class BrokerConnection(Connection):
    """A connection through that transport, whatever the address says."""

    def get_transport_cls(self) -> type[Transport]:
        """Return the only transport we have."""
        return Transport
