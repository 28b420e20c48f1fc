"""Takes secrets out of whatever is about to be logged.

It looks at text, not at where the text came from: a driver's error may quote an address with its
password, and a traceback may quote a header. When in doubt it takes out too much.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

Redact: TypeAlias = Callable[[str], str]

HIDDEN: Final = "[redacted]"
# Shorter words would be found inside of harmless ones.
_SHORTEST_SECRET: Final = 6
_DEEPEST: Final = 5
_SECRET_KEYS: Final = frozenset(
    {"authorization", "cookie", "set-cookie", "password", "passwd", "secret", "pepper", "token"}
    | {"private-token", "deploy-token", "job-token", "proxy-authorization", "access_key"}
    | {"secret_key"}
)
# Every alternative is linear: a run that was looked at is not looked at again, for the text may be
# a stranger's path of eight thousand characters.
_WORDS: Final = r"""
      (?P<token>\bwy[a-z]_)[0-9A-Za-z]+
    | (?P<header>\b(?:proxy-)?authorization|\b(?:private|deploy|job)-token|\b(?:set-)?cookie)
      (?P<is>\\?["']?\s{0,3}[:=,]\s{0,3}b?\\?["']?)[^"'\\\r\n]+
    | (?P<kind>\b(?:basic|bearer)\s{1,3})[a-z0-9+/=._~-]{16,}
    | (?P<name>\b(?:password|passwd|pwd|secret|token|pepper|api_?key|x-amz-signature
        |x-amz-credential|x-amz-security-token)=)[^\s&"'\\]+
"""
_ADDRESS: Final = re.compile(r"""(?P<scheme>[a-z0-9]://)(?P<address>[^\s"'<>]*)""", re.IGNORECASE)
_PATTERN: Final = re.compile(_WORDS, re.VERBOSE | re.IGNORECASE)
# What every alternative contains, in lower case: most texts have none of it.
_SIGNS: Final = ("wy", "://", "authorization", "-token", "cookie", "basic", "bearer", "=")


def make_redact(secrets: Collection[str] = ()) -> Redact:
    """Return what takes out everything that looks like a secret, and *secrets* themselves."""
    known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len)
    exact = re.compile("|".join(map(re.escape, reversed(known)))) if known else None

    def redact(text: str) -> str:
        if exact is not None:
            text = exact.sub(HIDDEN, text)
        low = text.lower()
        for sign in _SIGNS:
            if sign in low:
                return _PATTERN.sub(_hide, _ADDRESS.sub(_hide_credentials, text))
        return text

    return redact


def redact_event(redact: Redact, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event with every value, however deep, as plain data without secrets."""
    return {
        key: HIDDEN if key.lower() in _SECRET_KEYS else _clean(redact, value, _DEEPEST)
        for key, value in event.items()
    }


def _clean(redact: Redact, value: object, depth: int) -> object:
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return redact(repr(value))
    if isinstance(value, Mapping):
        return {
            redact(str(key)): HIDDEN
            if str(key).lower() in _SECRET_KEYS
            else _clean(redact, item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(redact, item, depth - 1) for item in value]
    return redact(str(value) if isinstance(value, BaseException) else repr(value))


def _hide_credentials(found: re.Match[str]) -> str:
    # Up to the last @: a password may have one, and a slash, when nobody encoded it.
    _, at, rest = found["address"].rpartition("@")
    return f"{found['scheme']}{HIDDEN}@{rest}" if at else found[0]


def _hide(found: re.Match[str]) -> str:
    if found["header"] is not None:
        return f"{found['header']}{found['is']}{HIDDEN}"
    return f"{found['token'] or found['kind'] or found['name']}{HIDDEN}"
