"""Figures and moments as people read them, and links that may be followed."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")
_STEP: Final = 1000
_SHORT: Final = 10


def size(number: int) -> str:
    """Return a size like 14.2 kB."""
    amount = float(number)
    for unit in _UNITS:
        if amount < _STEP or unit == _UNITS[-1]:
            break
        amount /= _STEP
    shown = f"{amount:.1f}" if unit != "bytes" and amount < _SHORT else f"{amount:.0f}"
    return f"{shown} {unit}"


def day(moment: datetime) -> str:
    """Return the day of a moment, in UTC."""
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime) -> str:
    """Return a moment, in UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def iso(moment: datetime) -> str:
    """Return a moment as machines read it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def link(address: object) -> str | None:
    """Return an address that a browser may follow: nobody's javascript."""
    text = address.strip() if isinstance(address, str) else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and bool(parts.netloc)
    return text if is_web or parts.scheme == "mailto" else None
