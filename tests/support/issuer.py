"""An issuer of ID tokens on 127.0.0.1: discovery, keys, tokens as GitHub and GitLab make them.

It can be as unkind as issuers get: away, slow, huge, redirecting, or signing what it should not.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc.jwa import JWS_ALGORITHMS
from joserfc.jwk import ECKey, OKPKey, RSAKey

AUDIENCE = "wheelyard"
REQUEST_TOKEN = "the runner's own secret"
_MODELS = {model.name: model for model in JWS_ALGORITHMS}
_BY_ALGORITHM: Mapping[str, Callable[[], RSAKey | ECKey | OKPKey]] = {
    "R": lambda: RSAKey.generate_key(2048),
    "P": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "ES384": lambda: ECKey.generate_key("P-384"),
    "ES512": lambda: ECKey.generate_key("P-521"),
    "Ed": lambda: OKPKey.generate_key("Ed25519"),
}


def github(repository: str = "acme/tools", **more: object) -> dict[str, object]:
    """Return the claims of a GitHub workflow that was started by a tag."""
    workflow = f"{repository}/.github/workflows/publish.yml@refs/tags/v1.0"
    return {
        "sub": f"repo:{repository}:ref:refs/tags/v1.0",
        "repository": repository,
        "repository_id": "7001",
        "repository_owner": repository.partition("/")[0],
        "repository_owner_id": "42",
        "ref": "refs/tags/v1.0",
        "ref_type": "tag",
        "sha": "5" * 40,
        "workflow": "publish",
        "workflow_ref": workflow,
        "job_workflow_ref": workflow,
        "run_id": "1234567",
        "run_attempt": "1",
        "event_name": "push",
        "actor": "ada",
        **more,
    }


def gitlab(project_path: str = "acme/tools", **more: object) -> dict[str, object]:
    """Return the claims of a GitLab job that was started by a tag."""
    return {
        "sub": f"project_path:{project_path}:ref_type:tag:ref:v1.0",
        "project_path": project_path,
        "project_id": "17",
        "namespace_path": project_path.rpartition("/")[0],
        "namespace_id": "3",
        "user_login": "ada",
        "user_email": "ada@acme.example",
        "pipeline_id": "555",
        "pipeline_source": "push",
        "job_id": "9001",
        "ref": "v1.0",
        "ref_type": "tag",
        "ref_path": "refs/tags/v1.0",
        "ref_protected": "true",
        "sha": "6" * 40,
        "ci_config_ref_uri": f"gitlab.example/{project_path}//.gitlab-ci.yml@refs/tags/v1.0",
        **more,
    }


def encoded(content: bytes | object) -> str:
    """Return base64url of bytes, or of something as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    """A private key, its name, and the algorithm that it signs by."""

    name: str
    algorithm: str
    key: RSAKey | ECKey | OKPKey

    @classmethod
    def make(cls, algorithm: str = "ES256") -> "SigningKey":
        make = next(make for start, make in _BY_ALGORITHM.items() if algorithm.startswith(start))
        return cls(uuid.uuid4().hex[:8], algorithm, make())

    def public(self) -> dict[str, object]:
        """Return the key as a key set lists it."""
        numbers: dict[str, object] = dict(self.key.as_dict(private=False))
        return {**numbers, "kid": self.name, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """Return a token; *header* may say something else than is true."""
        shown = {"typ": "JWT", "alg": self.algorithm, "kid": self.name, **header}
        signed = f"{encoded({k: v for k, v in shown.items() if v is not None})}.{encoded(claims)}"
        name = "Ed25519" if self.algorithm == "EdDSA" else self.algorithm
        return f"{signed}.{encoded(_MODELS[name].sign(signed.encode(), self.key))}"

    def hmac_with_public_key(self, claims: Mapping[str, object]) -> str:
        """Return a token whose shared secret is the public key: the classic confusion."""
        signed = f"{encoded({'alg': 'HS256', 'kid': self.name})}.{encoded(claims)}"
        secret = self.key.as_pem(private=False)
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


@dataclass
class Issuer:
    """The running issuer. What it answers may be changed while it runs."""

    server: ThreadingHTTPServer
    keys: list[SigningKey]
    # Claims of the tokens that its runners ask for, as GitHub's do.
    runner_claims: dict[str, object] = field(default_factory=github)
    asked: list[str] = field(default_factory=list)
    # By path: what is answered instead; a function that gets the handler.
    instead: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    # Set when it stops: whoever is being kept waiting goes.
    stopping: Event = field(default_factory=Event)

    DISCOVERY = "/.well-known/openid-configuration"
    JWKS = "/keys"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def rotate(self, algorithm: str = "ES256") -> SigningKey:
        """Sign by a new key from now on, and publish it alone."""
        self.keys = [SigningKey.make(algorithm)]
        return self.keys[0]

    def claims(self, more: Mapping[str, object], **changed: object) -> dict[str, object]:
        """Return claims with what every token has; None takes one away."""
        now = int(time.time())
        found = {
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            **more,
            **changed,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(self, more: Mapping[str, object] | None = None, **changed: object) -> str:
        """Return a token of this issuer with these claims: a GitHub workflow's unless told."""
        return self.keys[0].sign(self.claims(github() if more is None else more, **changed))

    def documents(self, path: str, query: Mapping[str, list[str]]) -> object:
        """Return what an address answers, None for one that is not there."""
        if path == self.DISCOVERY:
            return {"issuer": self.url, "jwks_uri": self.url + self.JWKS}
        if path == self.JWKS:
            return {"keys": [key.public() for key in self.keys]}
        if path == "/request":
            return {"value": self.token(self.runner_claims, aud=query["audience"][0])}
        return None

    def stall(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing, for as long as this runs."""
        handler.close_connection = True
        self.stopping.wait(60)

    def trickle(self, handler: BaseHTTPRequestHandler) -> None:
        """Begin an answer and send its headers letter by letter."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.stopping.wait(0.2):
            handler.wfile.write(b"x")
            handler.wfile.flush()


def answering(
    status: int, body: bytes = b"", **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return what answers this and nothing else."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.issuer.asked.append(parts.path)
        if parts.path in self.issuer.instead:
            self.issuer.instead[parts.path](self)
            return
        secret = self.headers.get("Authorization", "").lower()
        if parts.path == "/request" and secret != f"bearer {REQUEST_TOKEN}":
            answering(403)(self)
            return
        found: Any = self.issuer.documents(parts.path, parse_qs(parts.query))
        answering(404 if found is None else 200, json.dumps(found).encode())(self)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


@contextmanager
def running_issuer(algorithm: str = "ES256") -> Iterator[Issuer]:
    """Run an issuer."""
    server = _Server(("127.0.0.1", 0), _Handler)
    issuer = Issuer(server, [SigningKey.make(algorithm)])
    server.RequestHandlerClass = type("Handler", (_Handler,), {"issuer": issuer})
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        issuer.stopping.set()
        server.shutdown()
        thread.join(5)
        server.server_close()
