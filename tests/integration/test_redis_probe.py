from collections.abc import Callable

import pytest
from tests.support.servers.redis import RedisServer

from wheelyard_core.adapters.redis_probe import eviction_policy
from wheelyard_core.ports import CacheUnavailable

pytestmark = pytest.mark.integration


def test_a_socket_is_asked_as_celery_writes_it(start_redis: Callable[..., RedisServer]) -> None:
    server = start_redis(unix_socket=True, options={"maxmemory-policy": "noeviction"})
    path = server.url.removeprefix("unix://").partition("?")[0]

    assert eviction_policy(f"redis+socket://{path}?virtual_host=0") == "noeviction"
    server.stop()
    with pytest.raises(CacheUnavailable):
        eviction_policy(f"redis+socket://{path}?virtual_host=0")
