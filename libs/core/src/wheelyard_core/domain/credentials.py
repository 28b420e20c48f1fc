"""What a request says about who makes it, before anybody looks it up."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

JOB_USER = "gitlab-ci-token"


class Channel(Enum):
    """How the secret came: it decides which kinds of token may come that way."""

    BASIC = "basic"
    JOB_USER = "basic as gitlab-ci-token"
    BEARER = "bearer"
    PRIVATE_TOKEN = "PRIVATE-TOKEN"
    DEPLOY_TOKEN = "DEPLOY-TOKEN"
    JOB_TOKEN = "JOB-TOKEN"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret and its channel. A user name counts only where it is a job token's."""

    channel: Channel
    secret: str = field(repr=False)


def read_credentials(header: Callable[[str], str | None]) -> Credentials | None:
    """Return the credentials of a request, or None where it has none.

    *header* returns a header's value by its lower-case name. Malformed ones come out as an empty
    secret, which matches no token: sending nonsense is not the same as sending nothing.
    """
    for channel in (Channel.PRIVATE_TOKEN, Channel.DEPLOY_TOKEN, Channel.JOB_TOKEN):
        secret = header(channel.value.lower())
        if secret:
            return Credentials(channel, secret.strip())
    authorization = header("authorization")
    if not authorization:
        return None
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(Channel.BEARER, value.strip())
    if scheme.lower() == "basic":
        return _read_basic(value.strip())
    return Credentials(Channel.BASIC, "")


def _read_basic(value: str) -> Credentials:
    try:
        pair = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return Credentials(Channel.BASIC, "")
    # twine and pip write "josé" in Latin-1, uv in UTF-8. Whatever counts here is ASCII, in both.
    username, _, secret = pair.decode("latin-1").partition(":")
    return Credentials(Channel.JOB_USER if username == JOB_USER else Channel.BASIC, secret)
