"""Who looks: by a token in a header, or by the session that a token began.

A session's cookie holds no secret: a token's number, the name of its family, so that the number of
another token, in a database that was restored, is not taken for it, and a number of its own. Both
numbers are looked up at every request: what ends the token ends its sessions, and whoever signs out
ends the one, wherever its cookie was copied to.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Final

from flask import Response, g, request
from itsdangerous import BadData, URLSafeTimedSerializer

from wheelyard_core.domain.tokens import TokenRecord
from wheelyard_core.ports import UnitOfWork
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.authenticate import Authenticated, find_token, recognise
from wheelyard_web.identity import credentials, identify, note_reader, registry

_SECONDS: Final = 12 * 3600
_NUMBER: Final = 16


@contextmanager
def looking() -> Iterator[Acting]:
    """Yield whoever looks, in a snapshot."""
    here = registry()
    with here.database.snapshot() as uow:
        who = _visitor(uow)
        g.operation = uow.operating.now()
        yield Acting(uow, who.actor, here.now())
    note_reader(who)


def sign_in(secret: str) -> tuple[Authenticated, TokenRecord | None]:
    """Return whom a secret stands for, and its token if it works."""
    here = registry()
    with here.database.snapshot() as uow:
        who = recognise(find_token(uow, secret, here.peppers()), here.now())
    result = "failure" if who.token is None else "success"
    here.metrics.count("wheelyard_auth_attempts_total", "token", result)
    note_reader(who)
    return who, who.token


def begin(response: Response, token: TokenRecord) -> None:
    """Begin a session of the token's."""
    value = _signer().dumps([token.id, token.family, token_hex(_NUMBER)])
    assert isinstance(value, str)  # noqa: S101  what this signer makes
    response.set_cookie(
        _cookie(),
        value,
        max_age=_SECONDS,
        path=_path(),
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
    )


def sign_out() -> None:
    """End the session of the request, in every browser that has its cookie."""
    # Whatever comes of the rest, this browser forgets it.
    g.session_ended = True
    number = _read(request.cookies.get(_cookie(), ""))[2]
    if number:
        here = registry()
        with here.database.begin() as uow:
            uow.tokens.end_session(number, here.now() + timedelta(seconds=_SECONDS))
            uow.commit()


def end(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(
        _cookie(), path=_path(), secure=_is_https(), httponly=True, samesite="Lax"
    )


def has_ended() -> bool:
    """Tell whether the request came with a session that no longer works, or ended it."""
    return bool(g.get("session_ended", False))


def _visitor(uow: UnitOfWork) -> Authenticated:
    value = request.cookies.get(_cookie())
    if credentials() is not None or not value:
        who = identify(uow)
    else:
        who = recognise(_token(uow, value), registry().now())
        g.actor = who.actor
        g.session_ended = who.token is None
    g.visitor = None if who.token is None else who.token.username
    return who


def _token(uow: UnitOfWork, value: str) -> TokenRecord | None:
    token_id, family, number = _read(value)
    record = uow.tokens.get(token_id) if number and not uow.tokens.has_ended(number) else None
    return None if record is None or record.family != family else record


def _read(value: str) -> tuple[int, str, str]:
    """Return what a cookie says: the token's number, its family, its own number."""
    try:
        token_id, family, number = _signer().loads(value, max_age=_SECONDS)
    except (BadData, TypeError, ValueError):
        # No session, or one of a release before this one.
        return 0, "", ""
    return token_id, family, number


def _signer() -> URLSafeTimedSerializer:
    # Keys of its own: what is signed here means nothing elsewhere. The last one signs.
    keys = [
        hmac.new(pepper.key, b"sessions of people", sha256).digest()
        for pepper in registry().peppers().oldest_first()
    ]
    return URLSafeTimedSerializer(keys, signer_kwargs={"digest_method": sha256})


def _is_https() -> bool:
    return registry().settings.http.public_url.startswith("https:")


def _path() -> str:
    return registry().settings.http.base_path or "/"


def _cookie() -> str:
    # A browser takes the prefix only with Secure and for a whole host, and from that host alone.
    return "__Host-wheelyard" if _is_https() and _path() == "/" else "wheelyard"
