"""Secrets of tokens: how they are made, recognised and compared.

A secret is `<prefix>_<43 characters of base 62: 32 random bytes><6 characters: CRC-32>`. The
checksum lets a scanner tell a leaked token from a random string, and refuses a typing error without
a look-up. Only a keyed digest is stored; a few leading characters are stored beside it as the
indexed way to it.
"""

import hmac
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from wheelyard_core.domain.access import Scope
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.moments import parse_moment
from wheelyard_core.domain.peppers import Stored

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHARACTERS: Final = frozenset(_ALPHABET)
_BODY: Final = 43
_CHECK: Final = 6
LOOKUP_LENGTH: Final = 12


class TokenKind(StrEnum):
    """What a token acts as."""

    PERSONAL = "personal"
    PROJECT = "project"
    DEPLOY = "deploy"
    JOB = "job"
    TRUSTED = "trusted"


PREFIX: Final = {
    TokenKind.PERSONAL: "wyp_",
    TokenKind.PROJECT: "wyp_",
    TokenKind.DEPLOY: "wyd_",
    TokenKind.JOB: "wyj_",
    TokenKind.TRUSTED: "wyt_",
}


def new_secret(kind: TokenKind) -> str:
    """Return a fresh secret of *kind*."""
    body = _base62(int.from_bytes(secrets.token_bytes(32), "big"), _BODY)
    head = PREFIX[kind] + body
    return head + _checksum(head)


def is_well_formed(secret: str) -> bool:
    """Tell whether *secret* can be one of ours: prefix, length, characters and checksum."""
    if secret[:4] not in PREFIX.values() or len(secret) != 4 + _BODY + _CHECK:
        return False
    # Anybody can compute a checksum: PostgreSQL must not be asked for a NUL.
    if not _CHARACTERS.issuperset(secret[4:]):
        return False
    head, check = secret[:-_CHECK], secret[-_CHECK:]
    return hmac.compare_digest(check, _checksum(head))


def lookup_of(secret: str) -> str:
    """Return the leading characters by which a stored token is found: about 48 random bits."""
    return secret[:LOOKUP_LENGTH]


def same_digest(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)


def parse_expiry(text: str | None, now: datetime) -> datetime | None:
    """Read `expires_at`: a date, which ends at 00:00 UTC of that day as in GitLab, or a time.

    Raises InvalidInput when it is malformed or not in the future.
    """
    if text is None or text == "":
        return None
    moment = parse_moment(text, "expires_at")
    if moment <= now:
        raise InvalidInput("expires_at must be in the future")
    return moment


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(head: str) -> str:
    return _base62(zlib.crc32(head.encode()), _CHECK)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A stored token with what of its account decides whether it still works.

    A job token's `expires_at` and `revoked_at` are those of the token that asked for it where that
    one ended first.
    """

    id: int
    kind: TokenKind
    digest: str
    # The name of the pepper; None where a release before this one stored the digest.
    pepper: str | None
    # All that came from one token by rotation share it.
    family: str
    name: str
    username: str
    scopes: frozenset[Scope]
    user_id: int | None
    user_is_admin: bool
    user_is_bot: bool
    user_is_blocked: bool
    project_id: int | None
    group_id: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    pipeline: Mapping[str, object] | None
    # Of a trusted publisher's token: where the rules are that minted it.
    project_ids: frozenset[int] = frozenset()
    # What shall be stored of its secret from now on; known where it was looked up by its secret.
    renewal: Stored | None = None

    def refusal(self, now: datetime) -> str | None:
        """Return why the token does not work at *now*, or None when it does."""
        if self.revoked_at is not None:
            return "The token was revoked: use another one"
        if self.expires_at is not None and self.expires_at <= now:
            return "The token has expired: make a new one"
        if self.user_is_blocked:
            return "The token's account is blocked: ask an administrator"
        return None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token about to be stored: everything but its secret, which nobody keeps."""

    kind: TokenKind
    lookup: str
    stored: Stored
    name: str
    scopes: frozenset[Scope]
    family: str
    parent_id: int | None = None
    username: str | None = None
    user_id: int | None = None
    project_id: int | None = None
    group_id: int | None = None
    expires_at: datetime | None = None
    pipeline: Mapping[str, object] | None = None
