"""An issuer's keys by HTTP: how little is believed, and how much is read.

Addresses come from the instance's settings, and from the issuer's discovery document. No redirect
is followed, so that what is asked is what is named there, and by TLS; a proxy passes it on unread.
"""

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.parse import unquote, urlsplit

from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError

from wheelyard_core.domain.issuers import Issuer, is_safe
from wheelyard_core.domain.wording import printable, quoted
from wheelyard_core.ports import IssuerUnavailable

_DISCOVERY: Final = "/.well-known/openid-configuration"
# Forty keys with certificates have this size; GitHub's have a tenth of it.
_LARGEST: Final = 256 << 10
_PIECE: Final = 16 << 10
_SILENCE: Final = Timeout(connect=3, read=3)
# Of one document. What takes longer in its headers is what the caller does not wait for.
_SECONDS: Final = 4.0
_OK: Final = 200


class IssuerClient:
    """Asks issuers. Every method may take long: do not wait for it."""

    def __init__(self, ca_file: Path | None, proxy: str = "") -> None:
        self._ca_file = ca_file
        self._proxy = proxy

    def jwks(self, issuer: Issuer) -> object:
        """Return the issuer's key set as it was sent. Raises IssuerUnavailable."""
        context = ssl.create_default_context()
        if self._ca_file is not None:
            _trust(context, self._ca_file)
        # A pool for each time: keys are asked for every few minutes, by a thread that ends.
        with self._pool(issuer, context) as pool:
            return _document(pool, issuer.jwks_url or _discovered(pool, issuer))

    def _pool(self, issuer: Issuer, context: ssl.SSLContext) -> PoolManager:
        # An issuer without TLS is on this machine, where no proxy reaches.
        if not self._proxy or not issuer.url.startswith("https:"):
            return PoolManager(ssl_context=context, retries=False, timeout=_SILENCE)
        secret = urlsplit(self._proxy).netloc.rpartition("@")[0]
        return ProxyManager(
            self._proxy,
            proxy_headers=make_headers(proxy_basic_auth=unquote(secret)) if secret else None,
            # What is trusted beside the machine's is the issuers' authority; a proxy may be of it.
            proxy_ssl_context=context,
            ssl_context=context,
            retries=False,
            timeout=_SILENCE,
        )


def _discovered(pool: PoolManager, issuer: Issuer) -> str:
    """Return where the issuer says that its keys are (OpenID Connect Discovery 1.0, §4)."""
    found = _document(pool, issuer.url.rstrip("/") + _DISCOVERY)
    if not isinstance(found, Mapping) or found.get("issuer") != issuer.url:
        raise IssuerUnavailable(f"The discovery document is not that of the issuer {issuer.url}")
    address = found.get("jwks_uri")
    if not isinstance(address, str) or not _may_name(issuer, address):
        raise IssuerUnavailable(
            f"The issuer {issuer.url} names no address of its keys that can be believed: "
            "it must begin with https://"
        )
    return address


def _may_name(issuer: Issuer, address: str) -> bool:
    """Tell whether the issuer may send us there: one with TLS sends nobody into this machine."""
    return is_safe(address) and (address.startswith("https:") or issuer.url.startswith("http:"))


def _document(pool: PoolManager, address: str) -> object:
    deadline = monotonic() + _SECONDS
    try:
        response = pool.request(
            "GET",
            address,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            redirect=False,
            preload_content=False,
        )
        if response.status != _OK:
            raise IssuerUnavailable(f"{address} answers {response.status}, and not with a document")
        content = bytearray()
        # One read of the socket at a time: a drop now and then must not last for ever.
        while piece := response.read1(_PIECE, decode_content=False):
            content += piece
            if len(content) > _LARGEST:
                raise IssuerUnavailable(f"{address} answers with more than {_LARGEST >> 10} KiB")
            if monotonic() > deadline:
                raise IssuerUnavailable(f"{address} answers too slowly")
    except (HTTPError, OSError) as error:
        raise IssuerUnavailable(f"{address} does not answer: {printable(str(error))}") from error
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IssuerUnavailable(f"{address} answers with something that is no JSON") from error


def _trust(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise IssuerUnavailable(
            f"The certificates {quoted(str(ca_file))} cannot be read"
        ) from error
