"""Too many attempts from one address: who is made to wait (docs/decisions/0023-attempts.md).

Behind one address there may be thousands of machines, so what succeeds is never counted against
them, and never refused.
"""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import structlog
from flask import g, request

from wheelyard_core.domain.access import Anonymous
from wheelyard_core.domain.errors import TooManyAttempts
from wheelyard_web.identity import registry
from wheelyard_web.watching import EXCHANGE

log = structlog.get_logger()

AUTHENTICATION: Final = "authentication"
MINT: Final = "mint"
# What one customer of an Internet provider has at least.
_ONE_SITE: Final = 64


def require_few(scope: str, per_minute: int, *what: str) -> None:
    """Count an attempt of the request's client. Raises TooManyAttempts for one too many."""
    here = registry()
    seconds = here.attempts.wait(scope, per_minute, _site(), *what)
    if seconds is not None:
        here.metrics.count("wheelyard_rate_limited_total", scope)
        log.warning("rate_limited", scope=scope)
        raise TooManyAttempts(seconds)


def require_few_failures() -> None:
    """Count a request that is refused for its credentials; one without any is not counted."""
    actor = g.get("actor")
    if isinstance(actor, Anonymous) and actor.refused is not None:
        require_few(AUTHENTICATION, registry().settings.limits.failures_per_minute)


def _site() -> str:
    exchange = request.environ.get(EXCHANGE)
    address = request.remote_addr if exchange is None else exchange.client_ip
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _ONE_SITE), strict=False).network_address)
    return str(found)
