"""Issuers of ID tokens that an instance knows, as its settings name them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST: Final = 255
_FIELDS: Final = ("url", "preset", "audience", "jwks_url")


class Preset(StrEnum):
    """Whose pipelines an issuer's tokens describe, which decides what their claims are called."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose ID tokens the instance takes.

    Without an *audience* it is the instance's own; without *jwks_url* the issuer tells it.
    """

    url: str
    preset: Preset
    audience: str = ""
    jwks_url: str | None = None


def parse_issuers(text: str) -> tuple[Issuer, ...]:
    """Read `[{"url": …, "preset": …, "audience": …, "jwks_url": …}]`. Raises ValueError."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError('a JSON list like [{"url": "https://gitlab.com", "preset": "gitlab"}]')
    issuers = tuple(_issuer(one) for one in found)
    if len({issuer.url for issuer in issuers}) < len(issuers):
        raise ValueError("a list that has each url once")
    return issuers


def _issuer(fields: dict[str, object]) -> Issuer:
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    if texts.keys() != fields.keys() or not set(_FIELDS) >= texts.keys():
        raise ValueError(f"a list of objects whose fields are texts named {', '.join(_FIELDS)}")
    url, jwks_url = texts.get("url", ""), texts.get("jwks_url")
    if len(url) > _LONGEST or not is_safe(url) or (jwks_url is not None and not is_safe(jwks_url)):
        raise ValueError("a list whose addresses begin with https:// (http:// for this machine)")
    try:
        preset = Preset(texts.get("preset", Preset.NONE))
    except ValueError:
        raise ValueError(f"a list whose presets are {', '.join(Preset)}") from None
    return Issuer(url, preset, texts.get("audience", ""), jwks_url)


def is_safe(address: str) -> bool:
    """Tell whether what an address gives can be believed: by TLS, or from this machine."""
    try:
        parts = urlsplit(address)
        # Reading the port is what checks it.
        proper = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return proper and address.isprintable() and (parts.scheme == "https" or local)


def issuer_named(url: str, issuers: Sequence[Issuer]) -> Issuer | None:
    """Return the issuer of this address, character by character as tokens name it."""
    return next((issuer for issuer in issuers if issuer.url == url), None)
