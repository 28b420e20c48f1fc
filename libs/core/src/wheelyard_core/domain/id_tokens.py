"""ID tokens of OpenID Connect: their form, and what their claims must say of time and audience.

Whether an issuer's key signed one is the question of `ports.IssuerKeys`. Until that is answered,
nothing of a token is believed but which issuer and which key to ask.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NoReturn

from wheelyard_core.domain.errors import NotMinted
from wheelyard_core.domain.wording import quoted

# GitHub's have two thousand characters, GitLab's with many groups ten thousand.
LONGEST: Final = 32_768
# How far the clocks of an issuer and a replica may be apart.
SKEW: Final = timedelta(seconds=30)
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_LAST_SECOND: Final = 1 << 33


class Reason(StrEnum):
    """Why an ID token got no upload token, for machines. PyPI's own words where it has one."""

    NOT_ENABLED = "not-enabled"
    INVALID_PAYLOAD = "invalid-payload"
    INVALID_TOKEN = "invalid-token"
    INVALID_ISSUER = "invalid-issuer"
    INVALID_ALGORITHM = "invalid-algorithm"
    UNKNOWN_KEY = "unknown-key"
    INVALID_SIGNATURE = "invalid-signature"
    INVALID_AUDIENCE = "invalid-audience"
    INVALID_TIME = "invalid-time"
    REUSED = "invalid-reuse-token"
    INVALID_PUBLISHER = "invalid-publisher"
    ISSUER_UNAVAILABLE = "issuer-unavailable"


@dataclass(frozen=True, slots=True)
class IdToken:
    """A token taken apart. *signed* are the bytes that *signature* is about."""

    issuer: str
    algorithm: str
    key_id: str | None
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> "IdToken":
        """Take apart a JSON Web Token in compact form (RFC 7515 §3.1). Raises NotMinted."""
        parts = text.split(".")
        if len(text) > LONGEST or len(parts) != 3 or not all(map(_PART.fullmatch, parts)):  # noqa: PLR2004  header, claims, signature
            _malformed("it is not a signed JSON Web Token: header.claims.signature")
        header, claims = _object(parts[0], "header"), _object(parts[1], "claims")
        if "crit" in header:
            _malformed("its header demands extensions (crit), and none is supported")
        algorithm, key_id, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
        if not isinstance(algorithm, str):
            _malformed("its header names no algorithm (alg)")
        if key_id is not None and not isinstance(key_id, str):
            _malformed("the name of its key (kid) is not a text")
        if not isinstance(issuer, str):
            _malformed("its claims name no issuer (iss)")
        signed = f"{parts[0]}.{parts[1]}".encode()
        return cls(issuer, algorithm, key_id, claims, signed, _decoded(parts[2], "signature"))

    @property
    def fingerprint(self) -> str:
        """What makes the token this one: its `jti`, else what was signed.

        Never the signature: whoever has one of an elliptic curve can make another one of it.
        """
        jti = self.claims.get("jti")
        if isinstance(jti, str) and jti:
            named = f"jti\0{self.issuer}\0{jti}".encode("utf-8", "surrogatepass")
            return hashlib.sha256(named).hexdigest()
        return hashlib.sha256(b"signed\0" + self.signed).hexdigest()

    def check(self, audience: str, now: datetime) -> datetime:
        """Return until when the token is good. Raises NotMinted unless it is, for *audience*."""
        _check_audience(self.claims.get("aud"), audience)
        expires, issued = _moment(self.claims, "exp"), _moment(self.claims, "iat")
        if expires is None or issued is None:
            raise NotMinted("The token says not when it was issued or expires", Reason.INVALID_TIME)
        begins = _moment(self.claims, "nbf")
        if max(issued, begins or issued) > now + SKEW:
            raise NotMinted("The token is not valid yet: are the clocks right", Reason.INVALID_TIME)
        if expires + SKEW <= now:
            raise NotMinted("The token has expired: ask for a new one", Reason.INVALID_TIME)
        return expires + SKEW


def _check_audience(found: object, audience: str) -> None:
    # A token that was made for others, too, could be sent here by any of them.
    if found in (audience, [audience]):
        return
    shown = quoted(found) if isinstance(found, str) else "none, or others, too"
    raise NotMinted(
        f"The token's audience must be {quoted(audience)} alone, and it is {shown}",
        Reason.INVALID_AUDIENCE,
    )


def _moment(claims: Mapping[str, object], name: str) -> datetime | None:
    """Return a claim's moment, None without one."""
    seconds = claims.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise NotMinted(f"The token's {name} is not a number of seconds", Reason.INVALID_TIME)
    # Written so that what is no number at all (NaN) fails, too.
    if not 0 <= seconds < _LAST_SECOND:
        raise NotMinted(f"The token's {name} is out of all time", Reason.INVALID_TIME)
    return datetime.fromtimestamp(seconds, UTC)


def _object(part: str, what: str) -> dict[str, object]:
    try:
        found = json.loads(_decoded(part, what))
    except (ValueError, RecursionError):
        _malformed(f"its {what} cannot be read as JSON")
    if not isinstance(found, dict):
        _malformed(f"its {what} is not a JSON object")
    return found


def _decoded(part: str, what: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        _malformed(f"its {what} is not in base64url")


def _malformed(why: str) -> NoReturn:
    raise NotMinted(f"The token is malformed: {why}", Reason.INVALID_TOKEN)
