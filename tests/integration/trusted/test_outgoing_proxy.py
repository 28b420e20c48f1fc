"""Issuers with https are asked through the proxy that is set, by a tunnel it cannot read."""

import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from tests.integration.trusted.checking import PATIENT, outage
from tests.support.issuer import Issuer, github, running_issuer
from tests.support.proxy import Proxy
from tests.support.tls import trusted_here

from wheelyard_core.adapters.oidc.keys import HttpIssuerKeys
from wheelyard_core.domain import issuers
from wheelyard_core.domain.id_tokens import IdToken
from wheelyard_core.domain.issuers import Preset


@dataclass
class Tunnel:
    """A proxy that knows CONNECT alone, and to *port* wherever it is sent."""

    listener: socket.socket
    port: int
    answer: bytes = b"HTTP/1.1 200 Connected\r\n\r\n"
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                self._tunnel(client)

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        self.heads.append(head)
        client.sendall(self.answer)
        if b" 200 " not in self.answer:
            return
        with socket.create_connection(("127.0.0.1", self.port), 5) as server:
            back = Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def running_tunnel(port: int) -> Iterator[Tunnel]:
    tunnel = Tunnel(socket.create_server(("127.0.0.1", 0)), port)
    thread = Thread(target=tunnel.serve, daemon=True)
    thread.start()
    try:
        yield tunnel
    finally:
        tunnel.listener.shutdown(socket.SHUT_RDWR)
        tunnel.listener.close()
        thread.join(5)


@dataclass(frozen=True)
class Abroad:
    """An issuer with TLS that is reached by a proxy alone: its own address leads nowhere."""

    issuer: Issuer
    tunnel: Tunnel
    ca_file: Path
    url: str = "https://127.0.0.1:9"

    def verify(self, proxy: str) -> None:
        known = issuers.Issuer(self.url, Preset.GITHUB, "wheelyard", f"{self.url}{Issuer.JWKS}")
        keys = HttpIssuerKeys([known], self.ca_file, PATIENT, proxy)
        keys.verify(known, IdToken.parse(self.issuer.token(github(), iss=self.url)))


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[Abroad]:
    tls, ca_file = trusted_here(tmp_path)
    with (
        running_issuer() as issuer,
        Proxy(issuer.server.server_port, tls) as front,
        running_tunnel(front.port) as tunnel,
    ):
        yield Abroad(issuer, tunnel, ca_file)


def test_keys_come_through_the_proxy_by_a_tunnel(abroad: Abroad) -> None:
    abroad.verify(f"http://{abroad.tunnel.url}")

    assert abroad.tunnel.heads[0].startswith(b"CONNECT 127.0.0.1:9 HTTP/1.")
    assert b"authorization" not in abroad.tunnel.heads[0].lower()
    assert abroad.issuer.asked == [Issuer.JWKS]


def test_the_proxy_is_told_who_asks(abroad: Abroad) -> None:
    abroad.verify(f"http://yard:p%40ss@{abroad.tunnel.url}")

    expected = b"Basic " + b64encode(b"yard:p@ss")
    assert b"proxy-authorization: " + expected.lower() in abroad.tunnel.heads[0].lower()


def test_a_proxy_that_refuses_is_an_outage_without_its_password(abroad: Abroad) -> None:
    abroad.tunnel.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"

    said = outage(abroad.verify, f"http://yard:hidden@{abroad.tunnel.url}")

    assert "127.0.0.1:9" in said
    assert "hidden" not in said


def test_the_environments_proxy_is_not_read(
    abroad: Abroad, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{abroad.tunnel.url}")

    outage(abroad.verify, "")

    assert abroad.tunnel.heads == []


def test_an_issuer_on_this_machine_is_asked_directly(abroad: Abroad) -> None:
    here = issuers.Issuer(abroad.issuer.url, Preset.GITHUB, "wheelyard", None)
    keys = HttpIssuerKeys([here], None, PATIENT, f"http://{abroad.tunnel.url}")

    keys.verify(here, IdToken.parse(abroad.issuer.token()))

    assert abroad.tunnel.heads == []
