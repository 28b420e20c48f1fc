"""The forms that a setting's text may have. A wrong one is a ValueError that says the right one."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_UNITS: Final = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_LAST_PORT: Final = 65_535
# A thousand years: what is subtracted from today must leave a date.
_MOST_DAYS: Final = 365_000
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
# Addresses of something on this machine: a path instead of a host.
_LOCAL: Final = frozenset({"sqlite", "unix", "redis+socket"})


def parse_size(text: str) -> int:
    """Read `2GiB`, `64MiB`, `512KiB` or a number of bytes."""
    found = re.fullmatch(r"([0-9]{1,15})\s*(KiB|MiB|GiB|)", text)
    if not found:
        raise ValueError("a size like 2GiB, 64MiB or a number of bytes")
    return int(found[1]) * _UNITS[found[2]]


def parse_bool(text: str) -> bool:
    """Read `true` or `false`."""
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError("true or false")


def parse_number(text: str) -> int:
    """Read a whole number, 0 included."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError("a whole number")
    return int(text)


def parse_count(text: str) -> int:
    """Read a whole number from 1."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", text):
        raise ValueError("a whole number from 1")
    return int(text)


def parse_bound(text: str) -> int:
    """Read a bound: a whole number, or 0 for none."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("a whole number, or 0 for no bound")
    return int(text)


def parse_days(text: str) -> int:
    """Read a number of days, from one to a thousand years."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text) or int(text) > _MOST_DAYS:
        raise ValueError(f"a number of days from 1 to {_MOST_DAYS}")
    return int(text)


def parse_seconds(text: str) -> float:
    """Read a number of seconds, in digits."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ValueError("a number of seconds, like 2.5")
    return float(text)


def parse_ratio(text: str) -> float:
    """Read a share of all: a number from 0 to 1."""
    if not re.fullmatch(r"0|1|[01]\.[0-9]{1,9}", text) or float(text) > 1:
        raise ValueError("a number from 0 to 1, like 0.05")
    return float(text)


def url_of(*schemes: str) -> Callable[[str], str]:
    """Return a reader of addresses of these schemes, which takes a slash off the end."""

    def parse(text: str) -> str:
        if text and not _is_address(text, schemes):
            raise ValueError(
                "an address that begins with "
                + " or ".join(f"{scheme}://" for scheme in schemes)
                + " and goes on with a host or a path"
            )
        return text.rstrip("/")

    return parse


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        place = parts.path.strip("/") if parts.scheme in _LOCAL else parts.hostname
        # Reading the port is what checks it.
        return parts.scheme in schemes and bool(place) and parts.port != 0
    except ValueError:
        return False


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


def names_of(*known: str) -> Callable[[str], frozenset[str]]:
    """Return a reader of some of these names, with commas between them."""

    def parse(text: str) -> frozenset[str]:
        names = frozenset(part.strip() for part in text.split(",") if part.strip())
        if not names <= set(known):
            raise ValueError(f"some of {', '.join(known)}, with commas")
        return names

    return parse


def parse_listen(text: str) -> tuple[str, int]:
    """Read `host:port`."""
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _LAST_PORT:
        raise ValueError("host:port, like 0.0.0.0:8080")
    return host.strip("[]"), int(port)


def parse_path(text: str) -> Path | None:
    """Read a path; none where nothing is given."""
    return Path(text) if text else None


def parse_networks(text: str) -> tuple[str, ...]:
    """Read networks with commas between them."""
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError("networks like 10.0.0.0/8 or fd00::/8, with commas") from None
    return networks
